"""The places where devenv keeps things."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from devenv.adapters.files import paths
from devenv.errors import FolderError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return tmp_path


def test_defaults_are_below_home_and_private(home: Path) -> None:
    assert paths.cache_dir() == home / ".cache/devenv"
    assert paths.state_dir("alt") == home / ".local/state/devenv/alt"
    assert paths.host_state_dir("ca") == home / ".local/state/devenv/_host/ca"
    for path in (paths.state_root(), paths.state_dir("alt"), paths.host_state_dir("ca")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_the_xdg_variables_count_when_absolute(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert paths.cache_dir() == home / "c/devenv"
    assert paths.state_dir("alt") == home / ".local/state/devenv/alt"


def test_looking_makes_nothing(home: Path) -> None:
    paths.cache_dir(create=False)
    paths.state_dir("alt", create=False)
    assert list(home.iterdir()) == []


def test_a_place_that_cannot_be_made_is_told(home: Path) -> None:
    (home / ".cache").write_text("a file")
    with pytest.raises(FolderError, match=r"\.cache/devenv cannot be made"):
        paths.cache_dir()


def test_the_data_is_where_the_stacks_are() -> None:
    assert (paths.data_root() / "stacks").is_dir()
    assert (paths.data_root() / "cluster").is_dir()


def test_a_link_that_leads_nowhere_is_told(home: Path) -> None:
    (home / ".cache").mkdir()
    (home / ".cache/devenv").symlink_to(home / "gone")
    with pytest.raises(FolderError) as caught:
        paths.cache_dir()
    assert caught.value.context["cause"] == f"{home}/.cache/devenv is a link to {home}/gone, which is no folder"


def test_a_folder_is_removed_and_of_a_linked_one_its_content(tmp_path: Path) -> None:
    elsewhere, link, plain = tmp_path / "disk", tmp_path / "link", tmp_path / "plain"
    for folder in (elsewhere, plain):
        (folder / "tools").mkdir(parents=True)
        (folder / "tools/kind").write_text("x")
        (folder / "to-home").symlink_to(tmp_path)
    link.symlink_to(elsewhere)
    paths.remove_folder(link)
    paths.remove_folder(plain)
    paths.remove_folder(tmp_path / "never there")
    assert link.is_symlink()
    assert list(elsewhere.iterdir()) == []
    assert not plain.exists()
    link.unlink()
    link.symlink_to("nowhere")
    paths.remove_folder(link)
