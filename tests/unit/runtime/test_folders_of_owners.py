"""Whether the folder of a cluster's project is still there, as far as this user may look."""

from __future__ import annotations

from pathlib import Path

from devenv.runtime.ownership.marks import folder_is_gone, owner_of


def test_a_folder_counts_as_gone_when_nobody_could_be_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "closed" / "product"
    folder.mkdir(parents=True)
    owner = owner_of(folder)
    assert not folder_is_gone(owner)

    folder.parent.chmod(0)  # as another user's home: root alone sees what is below
    try:
        assert not folder_is_gone(owner)
    finally:
        folder.parent.chmod(0o700)

    folder.rmdir()
    assert folder_is_gone(owner)
