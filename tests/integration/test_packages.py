"""apt and dpkg as scripts on a temporary PATH: that nothing tears them, and that what was torn is repaired."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.programs import Script
from support.waiting import await_true

from devenv.adapters.host.packages import Packages
from devenv.adapters.host.system import observe_host
from devenv.errors import CommandFailedError, InterruptedRunError

INSTALLS = """
[ "$1" = install ] || exit 0
[ -x "$POLICY" ] && "$POLICY"; echo "policy says $?"
trap 'echo interrupted >> "$WORDS"; asked=yes' INT
trap 'echo killed >> "$WORDS"' TERM HUP
echo begun >> "$WORDS"
while [ ! -e "$GATE" ]; do sleep 0.05; done
echo finished >> "$WORDS"
[ -z "$asked" ]
"""


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the script that stands for apt-get says of itself; it works until the file `gate` is there."""
    for name in ("WORDS", "GATE", "POLICY"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "words").touch()
    return tmp_path / "words"


@pytest.fixture
def packages(tmp_path: Path, script: Script, words: Path) -> Packages:
    script("apt-get", INSTALLS)
    script("dpkg", f'case $1 in --configure) echo "configured $*" >> {words} ;; esac')
    (tmp_path / "lock").touch()
    host = dataclasses.replace(observe_host(), systemd=False)
    return Packages(
        host, log=tmp_path / "apt.log", policy=tmp_path / "policy", lock=tmp_path / "lock", updates=tmp_path
    )


def test_services_are_held_while_it_installs_and_free_afterwards(packages: Packages, tmp_path: Path) -> None:
    (tmp_path / "gate").touch()
    reported: list[str] = []
    packages.install(["one"], on_line=reported.append)
    assert "policy says 101" in reported
    await_true(lambda: not packages.policy.exists())
    assert "begun" in (tmp_path / "words").read_text()


def test_a_policy_of_the_administrator_stays(packages: Packages, tmp_path: Path) -> None:
    (tmp_path / "gate").touch()
    packages.policy.write_text("#!/bin/sh\nexit 0\n")
    packages.install(["one"])
    assert packages.policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_a_failure_is_told_with_its_last_lines_and_frees_the_services(packages: Packages, script: Script) -> None:
    script("apt-get", '[ "$1" = update ] || { echo "E: no room" >&2; exit 100; }')
    with pytest.raises(CommandFailedError, match="install one failed") as caught:
        packages.install(["one"])
    assert caught.value.output == "E: no room"
    await_true(lambda: not packages.policy.exists())


def test_cancel_asks_once_and_waits_until_it_has_come_to_an_end(
    packages: Packages, words: Path, tmp_path: Path
) -> None:
    cancel, raised = threading.Event(), []

    def install() -> None:
        try:
            packages.install(["one"], cancel=cancel)
        except InterruptedRunError as error:
            raised.append(error)

    thread = threading.Thread(target=install)
    thread.start()
    await_true(lambda: "begun" in words.read_text())
    cancel.set()
    await_true(lambda: "interrupted" in words.read_text())
    assert thread.is_alive()
    assert packages.policy.exists()
    (tmp_path / "gate").touch()
    thread.join(10)
    assert words.read_text().split() == ["begun", "interrupted", "finished"]
    assert len(raised) == 1
    await_true(lambda: not packages.policy.exists())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_it_goes_on_when_devenv_dies_and_the_policy_goes_with_it(
    packages: Packages, words: Path, tmp_path: Path, number: signal.Signals
) -> None:
    program = (
        "import dataclasses, sys; from pathlib import Path; from devenv.adapters.host.system import observe_host;"
        "from devenv.adapters.host.packages import Packages; top = Path(sys.argv[1]);"
        "host = dataclasses.replace(observe_host(), systemd=False);"
        "Packages(host, top / 'apt.log', top / 'policy', top / 'lock').install(['one'])"
    )
    devenv = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stderr=subprocess.PIPE)
    await_true(lambda: "begun" in words.read_text())
    devenv.send_signal(number)
    if number == signal.SIGINT:
        await_true(lambda: "interrupted" in words.read_text())
        devenv.send_signal(number)  # whoever does not want to wait need not
    devenv.communicate(timeout=20)
    assert packages.policy.exists()
    (tmp_path / "gate").touch()
    await_true(lambda: "finished" in words.read_text())
    await_true(lambda: not packages.policy.exists())
    assert "killed" not in words.read_text()


def test_the_next_run_mends_what_was_torn(packages: Packages, script: Script, words: Path, tmp_path: Path) -> None:
    (tmp_path / "gate").touch()
    script("dpkg", f'[ "$1" = --audit ] && echo "docker.io is half configured"; echo "dpkg $*" >> {words}')
    packages.policy.write_text(
        "#!/bin/sh\n# Made by devenv while it installs packages: no service starts by itself.\nexit 101\n"
    )
    packages.install(["one"])
    assert words.read_text().splitlines()[:2] == ["dpkg --audit", "dpkg --configure -a"]
    await_true(lambda: not packages.policy.exists())


def test_notes_that_dpkg_has_left_are_mended_where_its_audit_is_silent(
    packages: Packages, words: Path, tmp_path: Path
) -> None:
    """Killed between a package's last change and the writing of the list: apt says that dpkg was interrupted."""
    (tmp_path / "gate").touch()
    (tmp_path / "0003").touch()
    packages.install(["one"])
    assert words.read_text().split("\n")[:2] == ["configured --configure -a", "begun"]


def test_what_a_package_lacks_that_was_unpacked_before_it_is_installed_first(
    packages: Packages, script: Script, words: Path, tmp_path: Path
) -> None:
    (tmp_path / "gate").touch()
    script("dpkg", '[ "$1" = --audit ] && { echo one; exit 0; }; echo "dependency problems" >&2; exit 1')
    script("apt-get", f'echo "$*" >>{words}; {INSTALLS}')
    packages.install(["one"])
    told = [line for line in words.read_text().splitlines() if "install" in line]
    assert ["--fix-broken" in line for line in told] == [True, False]
    assert "--no-remove" in told[0]
    assert told[1].endswith(" one")


def test_mending_waits_for_who_is_at_work(packages: Packages, script: Script, words: Path, tmp_path: Path) -> None:
    (tmp_path / "gate").touch()
    script("dpkg", f'[ "$1" = --audit ] && echo "docker.io is half configured"; echo "dpkg $*" >> {words}')
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()",
            str(packages.lock),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout
    holder.stdout.readline()
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(InterruptedRunError, match="another program installs packages"):
        packages.install(["one"], cancel=cancel)
    holder.communicate(b"\n")
    packages.install(["one"])
    assert "dpkg --configure -a" in words.read_text()


def test_what_a_lost_policy_says_once_its_run_is_over(packages: Packages, words: Path, tmp_path: Path) -> None:
    thread = threading.Thread(target=packages.install, args=(["one"],))
    thread.start()
    await_true(lambda: "begun" in words.read_text())
    copy = tmp_path / "lost"
    copy.write_bytes(packages.policy.read_bytes())
    copy.chmod(0o755)
    assert subprocess.run([copy], check=False).returncode == 101
    (tmp_path / "gate").touch()
    thread.join(10)
    assert subprocess.run([copy], check=False).returncode == 0
    assert os.access(copy, os.X_OK)
