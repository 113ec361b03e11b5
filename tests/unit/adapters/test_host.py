"""Facts of the host, read from file systems of other machines written down here, and from this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.adapters.engine import service as engine_service
from devenv.adapters.engine.hints import install_steps
from devenv.adapters.host.system import architecture, available_memory_bytes, free_bytes, observe_host
from devenv.adapters.process import administrators_path
from devenv.errors import EngineUnavailableError

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n# a comment\n'
UBUNTU = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\'24.04\'\nPRETTY_NAME="Ubuntu 24.04 \\"Noble\\""\n'


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_debian_machine_without_the_capability(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "etc/os-release": DEBIAN,
            "proc/self/status": "Name:\tx\nCapEff:\t000001ffffffffff\nCapBnd:\t000001fffeffffff\n",
        },
    )
    host = observe_host(root)
    assert (host.os_like, host.os_name) == (("debian",), "Debian GNU/Linux 12 (bookworm)")
    assert not host.sys_resource
    assert not host.systemd


def test_an_ubuntu_machine_with_systemd(tmp_path: Path) -> None:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    root = write(
        tmp_path,
        {
            "etc/os-release": UBUNTU,
            "proc/self/status": "CapBnd:\t000001ffffffffff\n",
        },
    )
    host = observe_host(root)
    assert host.os_like == ("ubuntu", "debian")
    assert host.os_name == 'Ubuntu 24.04 "Noble"'
    assert host.sys_resource
    assert host.systemd


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    host = observe_host(tmp_path)
    assert host.os_like == ()
    assert host.sys_resource


def test_an_unbalanced_quote_is_kept_as_it_is(tmp_path: Path) -> None:
    assert observe_host(write(tmp_path, {"etc/os-release": 'ID="debian\n'})).os_like == ('"debian',)


def test_this_machine() -> None:
    host = observe_host()
    assert host.system in {"linux", "darwin"}
    assert architecture() in {"amd64", "arm64"}
    assert available_memory_bytes() > 100_000_000


def test_room_is_told_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "a/b/c") > 0


@pytest.mark.parametrize(
    ("like", "words"),
    [
        (("ubuntu", "debian"), "apt-get install"),
        (("fedora",), "dnf install moby-engine"),
        (("rocky", "rhel", "centos", "fedora"), "docs.docker.com/engine/install/rhel"),
        (("arch",), "pacman -S docker"),
        (("opensuse-leap", "suse", "opensuse"), "zypper install docker"),
        (("alpine",), "apk add docker"),
        (("nixos",), "docs.docker.com"),
        ((), "docs.docker.com"),
    ],
)
def test_every_family_gets_its_own_steps(tmp_path: Path, like: tuple[str, ...], words: str) -> None:
    assert words in install_steps(replace(observe_host(tmp_path), os_like=like, system="linux"))


def test_a_mac_gets_steps_of_its_own(tmp_path: Path) -> None:
    assert "colima" in install_steps(replace(observe_host(tmp_path), system="darwin"))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"root": False, "os_like": ("fedora",), "os_name": "Fedora 43"}, "dnf install"),
        ({"root": False, "os_like": ("debian",), "os_name": "Debian 12"}, "sudo apt-get install"),
        ({"root": True, "os_like": ("fedora",), "os_name": "Fedora 43"}, "dnf install"),
        ({"system": "darwin", "root": True, "os_like": (), "os_name": "darwin"}, "brew install"),
    ],
)
def test_where_devenv_cannot_help_the_user_can(tmp_path: Path, facts: dict[str, object], words: str) -> None:
    host = replace(observe_host(tmp_path), **{"system": "linux", **facts})  # type: ignore[arg-type]
    with pytest.raises(EngineUnavailableError) as caught:
        engine_service.refuse_where_impossible(
            host, agreed=True, socket=tmp_path / "docker.sock", path=str(tmp_path / "bin")
        )
    assert words in caught.value.hint


@pytest.mark.parametrize(("systemd", "words"), [(True, "systemctl start docker"), (False, "service docker start")])
def test_an_engine_that_is_installed_and_stands_still_is_to_be_started(
    tmp_path: Path, *, systemd: bool, words: str
) -> None:
    (tmp_path / "dockerd").touch(mode=0o755)
    host = replace(observe_host(tmp_path), system="linux", os_like=("debian",), root=False, systemd=systemd)
    with pytest.raises(EngineUnavailableError) as caught:
        engine_service.refuse_where_impossible(host, agreed=True, socket=tmp_path / "docker.sock", path=str(tmp_path))
    assert words in caught.value.hint
    assert "install" not in caught.value.hint


def test_programs_of_administrators_are_found_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian gives users no /usr/sbin on their PATH, where dockerd and debootstrap are."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert administrators_path().split(":")[:2] == ["/usr/bin", "/bin"]
    assert "/usr/sbin" in administrators_path().split(":")


def test_nothing_is_installed_without_agreement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apt-get").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    host = replace(observe_host(tmp_path), system="linux", root=True, os_like=("debian",))
    with pytest.raises(EngineUnavailableError, match="when you agree") as caught:
        engine_service.refuse_where_impossible(host, agreed=False, socket=tmp_path / "docker.sock", path=str(tmp_path))
    assert caught.value.hint == "devenv up --yes"
    engine_service.refuse_where_impossible(host, agreed=True, socket=tmp_path / "docker.sock")


def test_a_socket_that_refuses_this_user_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "docker.sock").touch()
    host = replace(observe_host(tmp_path), system="linux", root=False)
    with pytest.raises(EngineUnavailableError, match="does not answer this user") as caught:
        engine_service.refuse_where_impossible(host, agreed=True, socket=tmp_path / "docker.sock")
    assert "usermod -aG docker" in caught.value.hint
