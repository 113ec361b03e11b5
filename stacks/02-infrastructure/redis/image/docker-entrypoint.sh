#!/bin/sh
# Becomes the server, as user redis. Options, or a configuration file, stand for redis-server with them.
set -eu

case "${1:-}" in
  -* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ]; then
  if [ "$(id -u)" = 0 ]; then
    find . ! -user redis -exec chown redis:redis {} +
    exec setpriv --reuid redis --regid redis --init-groups "$0" "$@"
  fi
  umask 0077
  # The upstream image is compiled without protected mode: it answers other hosts without a password too.
  case " $* " in
    *" --protected-mode "*) ;;
    *) set -- "$@" --protected-mode no ;;
  esac
fi
exec "$@"
