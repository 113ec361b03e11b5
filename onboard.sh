#!/usr/bin/env bash
# From a fresh checkout to a running environment: a virtual environment with devenv in it, then `devenv up` for the
# project in the current directory (examples/alt when there is none), then its links and credentials.
#
# What it changes: .venv in this checkout; on Debian and Ubuntu, as root, the packages python3 and python3-venv where
# they are missing. What `devenv up --yes` changes is told by the README. A second run finds all of it and takes seconds.
set -euo pipefail
shopt -s inherit_errexit

readonly USAGE='usage: onboard.sh [--no-up] [--with-tests] [-- OPTIONS OF devenv up]

  --no-up        install devenv into .venv and stop
  --with-tests   install what the tests need too
  --help         show this text'

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly checkout
readonly environment="$checkout/.venv"
readonly stamp="$environment/.devenv-stamp"
readonly unfinished="$environment/.devenv-unfinished"
requirements="$checkout/requirements.lock"

say() { printf '%s\n' "onboard: $*" >&2; }

die() {
  say "$1"
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 3
}

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Prints a Python that is new enough; fails when there is none.
find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && fits "$name"; then
      command -v "$name"
      return
    fi
  done
  return 1
}

can_make_environments() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

install_packages() {
  local missing="$*"
  if ! command -v apt-get >/dev/null; then
    die "Python 3.11 or newer with its venv module is needed" "install it with your system's package manager"
  fi
  if [[ $(id -u) -ne 0 ]]; then
    die "$missing is missing" "sudo apt-get install $missing" "then run this again"
  fi
  say "installing $missing with apt-get, which make a virtual environment"
  DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >&2
}

# A Python that can make virtual environments, installed where that is possible.
provide_python() {
  local python
  if ! python=$(find_python); then
    install_packages python3 python3-venv
    python=$(find_python) || die "this system's newest Python is older than 3.11" "install Python 3.11 or newer"
  fi
  if ! can_make_environments "$python"; then
    install_packages "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  fi
  printf '%s\n' "$python"
}

# What the installation is made from: when it is the same as last time, there is nothing to install.
fingerprint() {
  "$1" - "$checkout" "$requirements" "$checkout/pyproject.toml" <<'PYTHON'
import hashlib
import pathlib
import sys

digest = hashlib.sha256(f"{sys.version} {sys.argv[1]}".encode())
for name in sys.argv[2:]:
    digest.update(pathlib.Path(name).read_bytes())
print(digest.hexdigest())
PYTHON
}

# pip trusts a list of its own unless told otherwise; the host's list also has a company's CA.
trust_what_the_host_trusts() {
  local bundle
  for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
    if [[ -z ${PIP_CERT:-} && -r $bundle ]]; then
      export PIP_CERT=$bundle
    fi
  done
}

# pip needs a minute for the first installation, and says what it does in a hundred lines: these are enough.
report_packages() {
  local line count=0 total
  total=$(grep -c '^[A-Za-z0-9]' "$requirements")
  while IFS= read -r line; do
    case $line in
      Collecting* | 'Requirement already satisfied'*)
        count=$((count + 1))
        if ((count % 10 == 0)); then say "  $count of at most $total packages"; fi
        ;;
      'Installing collected packages'*) say "  $count packages are fetched; installing them" ;;
    esac
  done
}

# The user's pip settings count (an index, a proxy), except where they would put packages into another place.
pip_install() {
  unset PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT
  "$environment/bin/python" -m pip install --disable-pip-version-check --no-user "$@"
}

is_installed() {
  [[ -r $stamp && -x $environment/bin/devenv ]] || return 1
  [[ $(<"$stamp") == "$(fingerprint "$environment/bin/python" 2>/dev/null)" ]]
}

install_devenv() {
  local python
  if is_installed; then
    say "devenv is installed already: $environment/bin/devenv"
    return
  fi
  # pip takes a package that it was stopped in the middle of for one that is there.
  if [[ -e $unfinished ]] || ! fits "$environment/bin/python"; then
    python=$(provide_python)
    say "making a virtual environment with $("$python" --version): $environment"
    "$python" -m venv --clear "$environment"
  fi
  touch "$unfinished"
  trust_what_the_host_trusts
  python=$environment/bin/python
  if ! "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m ensurepip >/dev/null # an environment that another tool made may lack pip
  fi
  say "installing what devenv needs, as locked in $(basename "$requirements")"
  PYTHONUNBUFFERED=1 pip_install --require-hashes -r "$requirements" | report_packages
  say "installing devenv"
  # Without isolation: else pip would fetch a build backend of its own, unhashed and of the day.
  pip_install --no-deps --no-build-isolation --editable "$checkout" >/dev/null
  # Also where the environment forbids Python to write bytecode by itself: it makes every command quicker.
  "$python" -m compileall -q "$checkout/devenv"
  fingerprint "$python" >"$stamp"
  rm "$unfinished"
  say "devenv is installed; on your PATH it is after: source $environment/bin/activate"
}

# The project of the current directory, or the example.
project_folder() {
  local folder=$PWD
  while [[ $folder != / && ! -f $folder/devenv.yaml ]]; do folder=$(dirname "$folder"); done
  if [[ -f $folder/devenv.yaml ]]; then printf '%s\n' "$folder"; else printf '%s\n' "$checkout/examples/alt"; fi
}

main() {
  local up=yes project
  while (($#)); do
    case $1 in
      --no-up) up=no ;;
      --with-tests) requirements="$checkout/requirements-test.lock" ;;
      -h | --help)
        printf '%s\n' "$USAGE"
        return
        ;;
      --)
        shift
        break
        ;;
      *)
        say "unknown option: $1"
        printf '%s\n' "$USAGE" >&2
        exit 2
        ;;
    esac
    shift
  done
  install_devenv
  if [[ $up == no ]]; then
    return
  fi
  project=$(project_folder)
  say "bringing up the project in $project"
  cd "$project"
  "$environment/bin/devenv" up --yes "$@"
  "$environment/bin/devenv" status --credentials
}

main "$@"
