"""Folders that are carried to pods: every byte and every name arrives, whatever they are."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from devenv.runtime.observe.carried_folders import carry, packed

FILES = {
    "V001__indented.sql": b"    -- made by a generator\nSELECT 1;\n",
    "V002__separators.sql": "SELECT 'a\u2028b\u0085c\u2029d';\n".encode(),
    "V003__ends.sql": b"SELECT 'a\r\nb\rc';\r\n\n\n",
    "V004__bom.sql": b"\xef\xbb\xbfSELECT 1;",
    "V005__two words, and more.sql": b"{{ .Values.x }} ${y} \t \n",
    "V006__gr\u00f6\u00dfe \U0001f511.sql": "SELECT '\U0001f511';".encode(),
    "2027/01/V007__deep.sql": b"\x00\xff\xfe",
    f"{'long' * 40}/V008__{'name' * 45}.sql": b"",
}


def lay_out(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def unpacked(folder: Path, parts: list[bytes]) -> dict[str, bytes]:
    """As the chart's script does it, in the poorest locale."""
    folder.mkdir()
    archive = b"".join(parts)
    argv = ["tar", "--extract", "--gzip", "--directory", str(folder)]
    subprocess.run(argv, input=archive, check=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_arrives_byte_for_byte(tmp_path: Path) -> None:
    carried = carry("shop", lay_out(tmp_path / "migrations", FILES), "0123456789abcdef")

    assert carried.names == ("shop-migrations-0123456789-0",)
    assert unpacked(tmp_path / "arrived", packed(carried)) == FILES


def test_megabytes_are_spread_over_parts_that_a_config_map_holds(tmp_path: Path) -> None:
    files = {f"V{number}__rows.sql": os.urandom(300_000) for number in range(20)}
    carried = carry("shop", lay_out(tmp_path / "Migrations 1", files), "0123456789abcdef")
    parts = packed(carried)

    assert len(parts) == len(carried.names) == len(set(carried.names)) > 6
    assert all(name.startswith("shop-migrations-1-0123456789-") for name in carried.names)
    assert max(map(len, parts)) < 1 << 20
    assert unpacked(tmp_path / "arrived", parts) == files


@pytest.mark.parametrize("files", [{}, {"V1__a.sql": b"SELECT 1;\n" * 1_000_000}])
def test_parts_may_be_fewer_bytes_than_parts(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    carried = carry("shop", lay_out(folder, files), "0123456789abcdef")

    assert unpacked(tmp_path / "arrived", packed(carried)) == files


def test_hidden_files_stay_and_links_are_followed(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "migrations", {"V1__a.sql": b"a", ".V1__a.sql.swp": b"", ".git/x": b""})
    (folder / "V2__b.sql").symlink_to(folder / "V1__a.sql")
    (folder / "round").symlink_to(folder)

    arrived = unpacked(tmp_path / "arrived", packed(carry("shop", folder, "0123456789abcdef")))
    assert arrived == {"V1__a.sql": b"a", "V2__b.sql": b"a"}
