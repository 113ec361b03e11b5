#!/bin/sh
# Arguments: names that lead to the registry of the test, then --, then arguments of dockerd.
set -eu
# As on a machine that has just started. The last folder is the test's.
find /run -mindepth 1 -maxdepth 1 -not -name shared -exec rm -rf {} +
while [ "$1" != -- ]; do
  grep -qw "$1" /etc/hosts || echo "127.0.0.1 $1" >> /etc/hosts
  shift
done
shift
cp /run/shared/ca.crt /usr/local/share/ca-certificates/test.crt
update-ca-certificates > /dev/null
socat TCP-LISTEN:443,bind=127.0.0.1,fork,reuseaddr UNIX-CONNECT:/run/shared/registry.sock &
exec dockerd --host=unix:///run/shared/docker.sock "$@"
