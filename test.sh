#!/usr/bin/env bash
# Everything that decides whether devenv is good: lint, types, unit, integration and end-to-end tests.
# Installs what the tests need into .venv, and (as root, where no engine answers) the distribution's container engine.
# As root it makes a user devenv-member for the unit and integration tests, and removes it again.
# Usage: ./test.sh [--quick]    --quick: only what needs no engine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

quick=false
[ "${1:-}" = --quick ] && quick=true

declare -a parts=()
part() {
  local name=$1 began=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  "$@"
  parts+=("$(printf '%6d s  %s' $((SECONDS - began)) "$name")")
}

install() {
  ./onboard.sh --no-up --with-tests
}

lint() {
  .venv/bin/ruff check .
  .venv/bin/ruff format --check .
  .venv/bin/lint-imports
}

# As most people run devenv: by a user who is not root; root runs the few that need it. The unit tests are among them a
# second time: they take a minute, and whom a file's mode keeps out is another one.
tests_of_parts() {
  if [ "$(id -u)" -ne 0 ]; then
    .venv/bin/python -m pytest tests/unit tests/integration -q --durations=10
    return
  fi
  tests/as_member.sh tests/unit tests/integration -q --durations=10
  .venv/bin/python -m pytest tests/unit tests/integration -q -m root
}

types() {
  .venv/bin/mypy
  # Apart, from their own folder: tests import what they share as `support`.
  (cd tests && ../.venv/bin/mypy --config-file ../pyproject.toml .)
}

part 'install' install
part 'lint' lint
part 'types' types
part 'unit tests' .venv/bin/python -m pytest tests/unit -q
if ! $quick; then
  part 'engine' .venv/bin/devenv engine --yes
  # First: it provides the tools and images that the integration tests use too.
  part 'end-to-end tests' .venv/bin/python -m pytest tests/e2e -q -x --durations=15
  part 'unit and integration tests, as a member of the group docker' tests_of_parts
fi

printf '\nhow long each part took:\n'
printf '%s\n' "${parts[@]}"
