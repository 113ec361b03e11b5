#!/bin/bash
# Makes the database cluster when the data directory is empty, runs the init files, then becomes the server.
set -Eeuo pipefail
shopt -s nullglob

# setting NAME [DEFAULT]: the value of $NAME, or the content of the file that $NAME_FILE names, or the default
setting() {
  local file_name="${1}_FILE"
  if [ -n "${!file_name:-}" ]; then
    if [ -n "${!1:-}" ]; then
      echo "error: both $1 and $file_name are set" >&2
      exit 1
    fi
    cat "${!file_name}"
  else
    printf %s "${!1:-${2:-}}"
  fi
}

require_password() {
  if [ -z "$password" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo "error: the database is not initialized and there is no superuser password: set POSTGRES_PASSWORD, or" \
      "POSTGRES_HOST_AUTH_METHOD=trust to need none" >&2
    exit 1
  fi
}

initialize_cluster() {
  local -a arguments
  eval "arguments=($(setting POSTGRES_INITDB_ARGS))"
  if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then
    arguments+=(--waldir "$POSTGRES_INITDB_WALDIR")
  fi
  initdb --username "$user" --pwfile <(printf '%s\n' "$password") "${arguments[@]}" -D "$PGDATA"
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >> "$PGDATA/pg_hba.conf"
  # Containers reach it over the network, and Debian's own socket directory differs from the upstream image's.
  printf "\nlisten_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n" >> "$PGDATA/postgresql.conf"
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    echo "init: $file"
    case "$file" in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) psql -v ON_ERROR_STOP=1 --no-psqlrc -d "$database" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | psql -v ON_ERROR_STOP=1 --no-psqlrc -d "$database" ;;
      *.sql.xz) xzcat "$file" | psql -v ON_ERROR_STOP=1 --no-psqlrc -d "$database" ;;
      *) echo "init: $file is neither .sh nor .sql, left alone" ;;
    esac
  done
}

if [ "${1:0:1}" = - ]; then
  set -- postgres "$@"
fi
if [ "$1" = postgres ]; then
  mkdir -p "$PGDATA"
  if [ "$(id -u)" = 0 ]; then
    chown -R postgres:postgres "$PGDATA" /var/run/postgresql
    exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
  fi
  chmod 700 "$PGDATA"
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    user="$(setting POSTGRES_USER postgres)"
    password="$(setting POSTGRES_PASSWORD)"
    database="$(setting POSTGRES_DB "$user")"
    require_password
    initialize_cluster
    # No network yet: a client that can connect may rely on everything being there.
    pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=''" start
    export PGHOST=/var/run/postgresql PGUSER="$user" PGPASSWORD="$password"
    export POSTGRES_USER="$user" POSTGRES_DB="$database"
    if [ "$database" != postgres ]; then
      psql -v ON_ERROR_STOP=1 --no-psqlrc -d postgres --set database="$database" <<< 'CREATE DATABASE :"database";'
    fi
    run_init_files
    pg_ctl -D "$PGDATA" -m fast -w stop
    unset PGHOST PGUSER PGPASSWORD
  fi
fi
exec "$@"
