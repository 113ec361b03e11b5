"""The catalogue of versions alone, for commands that need no project."""

from __future__ import annotations

from pathlib import Path

from devenv.errors import SpecError
from devenv.spec.load import VERSIONS_FILE
from devenv.spec.read.validation import check
from devenv.spec.versions import Versions
from devenv.spec.yaml.reader import read_yaml


def load_versions(file: Path = VERSIONS_FILE) -> Versions:
    """The catalogue that devenv ships.

    Raises:
        SpecError: with every problem of the file.
    """
    read = read_yaml(file)
    if read.document is None:
        raise SpecError(read.problems)
    checked = check(read.document, Versions)
    if checked.model is None or checked.problems:
        raise SpecError(checked.problems)
    return checked.model
