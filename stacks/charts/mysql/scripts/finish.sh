#!/bin/sh
# Whether the server answers. A reset that died in the middle, with the server or by itself, is completed first: what is
# left to do stands in a table (devenv/databases/mysql/journal.py). One that cannot be completed keeps nobody out: devenv
# tells why when it opens the database.
set -eu
journal=${MYSQL_DATABASE}_devenv end=//devenv//
# Over TCP: while the image initializes the database it listens on the socket alone.
sql() {
  MYSQL_PWD=$(cat "$CREDENTIALS/password") mysql --protocol=tcp --host=127.0.0.1 --user="$(cat "$CREDENTIALS/username")" \
    --default-character-set=utf8mb4 --binary-mode --comments --batch --raw --skip-column-names "$@"
}

phase=$(sql --execute="SELECT max(substring(table_name, 15)) FROM information_schema.tables
  WHERE table_schema = '$journal' AND table_name LIKE 'devenv\\_script\\_%'
  AND IS_FREE_LOCK('devenv/$MYSQL_DATABASE/script') HAVING max(substring(table_name, 15)) > 0")
[ -n "$phase" ] || exit 0

table="\`$journal\`.devenv_script_$phase"
statements() {
  echo "DELIMITER $end"
  # Refused where another session has been faster.
  echo "SELECT CASE WHEN GET_LOCK('devenv/$MYSQL_DATABASE/script', 0) = 1 THEN 1 ELSE (SELECT 1 UNION SELECT 2) END$end"
  echo "SELECT count(*) FROM $table$end"
  sql --execute="SELECT concat(statement, '\n$end') FROM $table WHERE phase >= $phase ORDER BY phase, step"
}
statements | sql > /dev/null || echo "what was begun is not completed" >&2
