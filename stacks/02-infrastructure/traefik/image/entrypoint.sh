#!/bin/sh
# Flags, or a subcommand of traefik, are given to traefik; anything else is run as it is.
set -e
if [ "${1#-}" != "$1" ] || { [ "$1" != traefik ] && traefik "$1" --help >/dev/null 2>&1; }; then
  set -- traefik "$@"
fi
exec "$@"
