#!/bin/sh
# As upstream's: Envoy is not run by root, and opens its log by name, so it has to own it.
set -eu
chown envoy:envoy /dev/stdout /dev/stderr
exec setpriv --reuid=envoy --regid=envoy --clear-groups -- "$@"
