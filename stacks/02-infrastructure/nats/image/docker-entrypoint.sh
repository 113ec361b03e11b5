#!/bin/sh
# Options alone stand for nats-server with them.
set -eu

case "${1:-}" in
  -*) set -- nats-server "$@" ;;
esac
exec "$@"
