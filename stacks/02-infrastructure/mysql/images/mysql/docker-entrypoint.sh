#!/bin/bash
# Makes the system tables, accounts and the first database when the data directory is empty, runs the init files, then
# becomes the server. SOCKET and the data directory are those of container.cnf.
set -Eeuo pipefail
shopt -s nullglob

DATA=/var/lib/mysql
SOCKET=/var/run/mysqld/mysqld.sock

# setting NAME: the value of $MYSQL_NAME or $MARIADB_NAME, or the content of the file that their *_FILE form names
setting() {
  local prefix name file_name
  for prefix in MYSQL MARIADB; do
    name="${prefix}_$1" file_name="${prefix}_$1_FILE"
    if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
      echo "error: both $name and $file_name are set" >&2
      exit 1
    fi
    if [ -n "${!file_name:-}" ]; then
      cat "${!file_name}"
      return
    elif [ -n "${!name:-}" ]; then
      printf %s "${!name}"
      return
    fi
  done
}

# literal TEXT, identifier TEXT: as SQL wants it
literal() { local text=${1//\\/\\\\}; printf "'%s'" "${text//\'/\'\'}"; }
identifier() { printf '`%s`' "${1//\`/\`\`}"; }

require_password() {
  if [ -z "$root_password" ] && [ -z "$(setting ALLOW_EMPTY_PASSWORD)" ] && [ -z "$(setting RANDOM_ROOT_PASSWORD)" ]; then
    echo "error: the database is not initialized and there is no password for root: set MYSQL_ROOT_PASSWORD," \
      "MYSQL_ALLOW_EMPTY_PASSWORD or MYSQL_RANDOM_ROOT_PASSWORD" >&2
    exit 1
  fi
  if [ -z "$root_password" ] && [ -n "$(setting RANDOM_ROOT_PASSWORD)" ]; then
    root_password=$(head -c 24 /dev/urandom | base64)
    echo "generated root password: $root_password"
  fi
}

accounts() {
  # mariadb-install-db leaves accounts without a password behind.
  echo "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost'); FLUSH PRIVILEGES;"
  echo "CREATE USER 'root'@'%' IDENTIFIED BY $(literal "$root_password");"
  echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
  if [ -n "$database" ]; then
    echo "CREATE DATABASE IF NOT EXISTS $(identifier "$database");"
  fi
  if [ -n "$user" ]; then
    echo "CREATE USER $(literal "$user")@'%' IDENTIFIED BY $(literal "$(setting PASSWORD)");"
    if [ -n "$database" ]; then
      echo "GRANT ALL ON $(identifier "${database//_/\\_}").* TO $(literal "$user")@'%';"
    fi
  fi
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(literal "$root_password");"
}

as_root() { MYSQL_PWD="$root_password" mariadb --user=root --socket="$SOCKET" "$@"; }

run_init_files() {
  local file
  local -a into=()
  [ -z "$database" ] || into=("$database")
  for file in /docker-entrypoint-initdb.d/*; do
    echo "init: $file"
    case "$file" in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) as_root "${into[@]}" < "$file" ;;
      *.sql.gz) gunzip -c "$file" | as_root "${into[@]}" ;;
      *.sql.xz) xzcat "$file" | as_root "${into[@]}" ;;
      *) echo "init: $file is neither .sh nor .sql, left alone" ;;
    esac
  done
}

# No network yet: a client that can connect may rely on everything being there.
start_server() {
  "$@" --skip-networking --socket="$SOCKET" &
  server=$!
  until mariadb-admin --user=root --socket="$SOCKET" ping >/dev/null 2>&1; do
    kill -0 "$server" || { echo "error: the server ended while the database was initialized" >&2; exit 1; }
    sleep 0.1
  done
}

if [ "${1:0:1}" = - ]; then
  set -- mysqld "$@"
fi
if [ "$1" = mysqld ]; then
  if [ "$(id -u)" = 0 ]; then
    chown -R mysql:mysql "$DATA" /var/run/mysqld
    exec setpriv --reuid mysql --regid mysql --init-groups "$0" "$@"
  fi
  if [ ! -d "$DATA/mysql" ]; then
    root_password="$(setting ROOT_PASSWORD)" database="$(setting DATABASE)" user="$(setting USER)"
    require_password
    # Made aside and moved when it is complete, so that a killed start is begun anew.
    rm -rf "$DATA/.initializing"
    mkdir "$DATA/.initializing"
    mariadb-install-db --datadir="$DATA/.initializing" --auth-root-authentication-method=normal --skip-test-db > /dev/null
    start_server "$@" --datadir="$DATA/.initializing"
    accounts | mariadb --user=root --socket="$SOCKET"
    run_init_files
    MYSQL_PWD="$root_password" mariadb-admin --user=root --socket="$SOCKET" shutdown
    wait "$server"
    # The folder with the system tables last: it is what says that all is there.
    for entry in "$DATA"/.initializing/* "$DATA"/.initializing/.[!.]*; do
      [ "${entry##*/}" = mysql ] || mv "$entry" "$DATA/"
    done
    mv "$DATA/.initializing/mysql" "$DATA/mysql"
    rmdir "$DATA/.initializing"
  fi
fi
exec "$@"
