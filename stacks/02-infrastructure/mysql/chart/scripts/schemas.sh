#!/bin/sh
# schemas.sh STEP …, in this order:
#   new:DATABASE       drop it and make it anew
#   baseline:DATABASE  bring it to the baseline if it is empty
# What has tables and no record of Flyway's counts as being at the baseline. The file $WORK/DATABASE tells migrate.sh.
set -eu

query() {
  mysql --host="$MYSQL_HOST" --user="$MYSQL_USER" --default-character-set=utf8mb4 --batch --skip-column-names "$@"
}
tables() { query --execute="SELECT count(*) FROM information_schema.tables WHERE table_schema = '$1' $2"; }
new() { query --execute="DROP DATABASE IF EXISTS \`$1\`; CREATE DATABASE \`$1\`"; }

baseline() {
  if [ "$(tables "$1" '')" = 0 ]; then
    if ! query "$1" < /scripts/baseline.sql; then
      new "$1"
      echo "baseline.sql could not be applied to $1, which is empty again" >&2
      exit 1
    fi
    echo "$1: made by baseline.sql, version $BASELINE_VERSION"
  elif [ "$(tables "$1" "AND table_name = 'flyway_schema_history'")" != 0 ]; then
    return
  fi
  touch "$WORK/$1"
}

for step in "$@"; do
  case $step in
    new:*) new "${step#new:}" ;;
    baseline:*) [ -z "$BASELINE_VERSION" ] || baseline "${step#baseline:}" ;;
  esac
done
