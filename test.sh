#!/usr/bin/env bash
# Everything that decides whether devenv is good: lint, types, unit, integration and end-to-end tests.
# Installs what the tests need into .venv, and (as root, where no engine answers) the distribution's container engine.
# As root it makes a user devenv-member for the unit and integration tests, and removes it again.
# Usage: ./test.sh [--quick | --only PART]
#   --quick        only what needs no engine
#   --only PART    one of install, engine, lint, types, unit, images, clusters, e2e, parts
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly known='install engine lint types unit images clusters e2e parts'
wanted=$known
case ${1:-} in
  # The last part runs the unit tests too.
  '') wanted=${wanted/ unit/} ;;
  --quick) wanted='install lint types unit' ;;
  --only)
    if [[ $# -ne 2 || " $known " != *" $2 "* ]]; then
      echo "usage: ./test.sh --only PART, where PART is one of: $known" >&2
      exit 2
    fi
    wanted=$2
    ;;
  *)
    echo 'usage: ./test.sh [--quick | --only PART]' >&2
    exit 2
    ;;
esac

# Files are what processes share out among them: the tests of one file share a server.
readonly spread=(-n auto --dist loadfile)

declare -a parts=()
part() {
  local key=$1 name=$2 began=$SECONDS
  shift 2
  [[ " $wanted " == *" $key "* ]] || return 0
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

# As most people run devenv: by a user who is not root. What has an engine of its own, and the few tests that need root,
# share nothing with the others, and run beside.
tests_of_parts() {
  local failed=0
  begin apart tests_apart
  if [ "$(id -u)" -ne 0 ]; then
    .venv/bin/python -m pytest tests/unit tests/integration -q --durations=10 "${spread[@]}" || failed=1
  else
    tests/as_member.sh tests/unit tests/integration -q --durations=10 "${spread[@]}" || failed=1
  fi
  await apart || failed=1
  return "$failed"
}

tests_apart() {
  local failed=0
  .venv/bin/python -m pytest tests/e2e/own_engine -q --durations=5 || failed=1
  [ "$(id -u)" -ne 0 ] || .venv/bin/python -m pytest tests/unit tests/integration -q -m root || failed=1
  return "$failed"
}

# A command beside the others: `begin NAME COMMAND…`, and `await NAME`, which prints all that it has printed.
declare -A beside=()
scratch=$(mktemp -d)
trap 'kill "${beside[@]}" 2>/dev/null || true; rm -rf "$scratch"' EXIT

begin() {
  local name=$1
  shift
  "$@" >"$scratch/$name" 2>&1 &
  beside[$name]=$!
}

await() {
  local status=0
  wait "${beside[$1]}" || status=$?
  unset "beside[$1]"
  cat "$scratch/$1"
  return "$status"
}

types() {
  # Apart, from their own folder: tests import what they share as `support`.
  begin types-of-tests bash -c 'cd tests && ../.venv/bin/mypy --config-file ../pyproject.toml .'
  .venv/bin/mypy
  await types-of-tests
}

part install 'install' install
part engine 'engine' .venv/bin/devenv engine --yes
# Images are made beside what comes next: much of it is waiting for packages, where there are none yet.
[[ " $wanted " == *' images '* ]] && begin images .venv/bin/devenv pull --directory examples/alt --yes
part lint 'lint' lint
part types 'types' types
part unit 'unit tests' .venv/bin/python -m pytest tests/unit -q "${spread[@]}"
part images 'images, begun after the engine' await images
# Before the integration tests: it provides the tools and images that the integration tests use too.
part clusters 'end-to-end tests with clusters of their own' .venv/bin/python -m pytest tests/e2e/own_cluster -q -x --durations=15
part e2e 'end-to-end tests of one environment' \
  .venv/bin/python -m pytest tests/e2e --ignore-glob='*/own_*' -q -x --durations=25
part parts 'unit and integration tests, as a member of the group docker, and engines of their own beside' tests_of_parts

printf '\nhow long each part took:\n'
printf '%s\n' "${parts[@]}"
