#!/bin/bash
# Runs the boot hooks, then LocalStack, whose supervisor runs the other hooks (start, ready, shutdown) itself.
set -e
shopt -s nullglob
for hook in /etc/localstack/init/boot.d/*; do
  case "$hook" in
    *.sh) if [ -x "$hook" ]; then "$hook"; else bash "$hook"; fi ;;
    *.py) python "$hook" ;;
  esac
done
exec localstack-supervisor
