#!/bin/sh
# migrate.sh DATABASE: runs Flyway. When a migration fails, its statement comes last.
set -eu
database=$1

run() {
  # A pipe's status is that of its last command.
  {
    flyway -url="jdbc:mariadb://$MYSQL_HOST:3306/$database?allowPublicKeyRetrieval=true" \
      -locations=filesystem:/migrations -connectRetries=30 -connectRetriesInterval=2 "$@" migrate 2>&1 ||
      touch "$WORK/failed"
  } | tee "$WORK/log"
  if [ -e "$WORK/failed" ]; then
    explain
    exit 1
  fi
}

told() { sed -n "s/^$1 *: *\(.*\)/\1/p" "$WORK/log" | head -n 1; }

explain() {
  file=$(told Location | sed 's/ .*//') line=$(told Line)
  if [ -n "$file" ] && [ -n "$line" ]; then
    echo
    echo "error: $(told Message)"
    echo "${file##*/}, line $line:"
    sed -n "$line,\$p" "$file" | sed '/;/q' | head -n 20
  fi
}

if [ -e "$WORK/$database" ]; then
  # Its tables are there: the migrations up to the baseline are written down and not run.
  run -baselineOnMigrate=true -baselineVersion=0 -skipExecutingMigrations=true -target="$BASELINE_VERSION"
fi
run
