#!/usr/bin/env bash
# Runs the unit and integration tests as a user who is not root and belongs to the engine's group: as most people run
# devenv. Takes root; makes the user, with a home and a checkout of its own, and removes both again, also when it fails.
# Usage: tests/as_member.sh [ARGUMENTS OF PYTEST]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly user=devenv-member
readonly socket=/var/run/docker.sock
group=$(stat -c %G "$socket")
readonly group

# What the tests made for people to look at: the user's checkout goes with the user.
keep_pictures() {
  local home
  home=$(getent passwd "$user" | cut -d: -f6)
  [ -d "$home/checkout/test-artifacts" ] || return 0
  tar --create --directory "$home/checkout" test-artifacts | tar --extract --no-same-owner
}

remove() {
  keep_pictures || echo 'the pictures of the tests were not kept' >&2
  userdel --force --remove "$user" 2>/dev/null # even where a test left something running
}

id "$user" &>/dev/null && remove # of a run that was killed
trap remove EXIT
useradd --create-home --shell /bin/bash --groups "$group" "$user"
home=$(getent passwd "$user" | cut -d: -f6)

# The checkout as it is, uncommitted changes included, and the tools and modules that root has already.
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- --ignore-failed-read |
  runuser -u "$user" -- sh -c 'mkdir -p ~/checkout && tar --extract --directory ~/checkout'
cache=${XDG_CACHE_HOME:-$HOME/.cache}/devenv
for part in tools modules; do
  [ -d "$cache/$part" ] || continue
  tar --create --directory "$cache" "$part" |
    runuser -u "$user" -- sh -c 'mkdir -p ~/.cache/devenv && tar --extract --directory ~/.cache/devenv'
done

# Its own environment, as from a login; what the tests and pip are told goes along.
runuser -u "$user" -- env -i HOME="$home" USER="$user" LOGNAME="$user" LANG=C.UTF-8 \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CI="${CI:-}" \
  $(env | grep -E '^(PIP_[A-Z_]+|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|SSL_CERT_FILE)=' || true) \
  bash -c 'cd ~/checkout && ./onboard.sh --no-up --with-tests && exec .venv/bin/python -m pytest -m "not root" "$@"' \
  as-member "${@:-tests/unit tests/integration}"
