"""What tells machines and folders apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.adapters.host.machine import machine_id, place_of

ID = "3d1219c7c4c5404aaa1f6d2a48adfda4"


def proc(tmp_path: Path, folder: Path, line: str) -> Path:
    """A /proc/self in which the folder, once it is opened, is on the mount of this line."""
    made = tmp_path / "proc"
    (made / "fdinfo").mkdir(parents=True)
    descriptor = os.open(folder, os.O_RDONLY)
    os.close(descriptor)  # the number that the next one gets
    (made / "fdinfo" / str(descriptor)).write_text("pos:\t0\nflags:\t0100000\nmnt_id:\t27\n")
    (made / "mountinfo").write_text(f"2{line}\n27{line}\n")
    return made


@pytest.mark.parametrize(
    ("root", "rest", "place"),
    [
        ("/home/ada", "ext4 /dev/sda1 rw", "/home/ada/alt on /dev/sda1"),
        ("/", "xfs /dev/sda1 rw", "/alt on /dev/sda1"),
        ("/@home/my\\040work", "btrfs /dev/mapper/luks rw,subvol=/@home", "/@home/my work/alt on /dev/mapper/luks"),
        ("/", "nfs4 server:/export rw", "/alt on server:/export"),
        ("/", "tmpfs tmpfs rw", "/alt on 0:42"),
        ("/", "overlay overlay rw,lowerdir=/a:/b,upperdir=/docker/x/diff,workdir=/c", "/alt on /docker/x/diff"),
    ],
)
def test_a_folder_is_known_by_its_path_on_its_file_system(tmp_path: Path, root: str, rest: str, place: str) -> None:
    folder = tmp_path / "alt"
    folder.mkdir()
    line = f" 1 0:42 {root} {tmp_path} rw,relatime shared:1 - {rest}"
    assert place_of(folder, proc(tmp_path, folder, line)) == place


def test_a_folder_is_where_it_is_by_whatever_link_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert place_of(tmp_path / "link") == place_of(tmp_path)
    assert place_of(tmp_path) != place_of(tmp_path.parent)
    assert place_of(tmp_path, tmp_path / "no proc") == ""


@pytest.mark.parametrize(
    ("text", "known"), [(f"{ID}\n", ID), ("uninitialized\n", ""), ("", ""), ("\0" * 32, ""), (None, "")]
)
def test_a_machine_has_an_id_or_none(tmp_path: Path, text: str | None, known: str) -> None:
    file = tmp_path / "machine-id"
    if text is not None:
        file.write_text(text)
    assert machine_id(file) == known
