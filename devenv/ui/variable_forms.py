"""For whom variables are written: the words that `devenv env --format` takes. It imports nothing heavy."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    """For whom variables are written."""

    SHELL = "shell"
    """sh, bash, zsh: for `eval`."""
    FISH = "fish"
    DOTENV = "dotenv"
    DIRENV = "direnv"
    JSON = "json"
