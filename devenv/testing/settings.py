"""What a test run was told about the environment: options of the command line over keys of pytest's configuration.

Imported by every run of pytest, so it imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

MODES = {
    "auto": "use the environment that runs, else bring one up and take it down at the end (default)",
    "require": "use the one that runs, and fail without it",
    "fresh": "bring one up from nothing; one that is there goes first, unless its databases hold more than seeds",
    "off": "skip all tests that need it",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one run; the same in each of its processes."""

    mode: str
    directory: Path
    """Where devenv.yaml is looked for, there and above."""
    profile: str | None
    only: tuple[str, ...]
    keep: bool
    keep_failed: bool


def add_options(parser: pytest.Parser) -> None:
    """Each option, and the key of the same name in pytest's configuration."""
    group = parser.getgroup("devenv", "the environment of devenv")
    modes = "; ".join(f"{mode}: {text}" for mode, text in MODES.items())
    group.addoption("--devenv", choices=list(MODES), help=modes)
    group.addoption("--devenv-directory", metavar="DIR", help="Look for devenv.yaml here or above (pytest's root).")
    group.addoption("--devenv-profile", metavar="NAME", help="Values of this profile, where it is brought up.")
    group.addoption(
        "--devenv-only", action="append", metavar="STACK", help="Only this stack and what it needs; repeatable."
    )
    group.addoption(
        "--devenv-keep", action="store_true", default=None, help="Leave up what was brought up for the tests."
    )
    group.addoption(
        "--devenv-keep-failed",
        action="store_true",
        default=None,
        help="Keep what failed tests had; the report has its addresses.",
    )
    parser.addini("devenv", f"One of {', '.join(MODES)}.", default="auto")
    parser.addini("devenv_directory", "Where devenv.yaml is looked for, below pytest's root.", default="")
    parser.addini("devenv_profile", "As --devenv-profile.", default="")
    parser.addini("devenv_only", "As --devenv-only.", type="args")
    parser.addini("devenv_keep", "As --devenv-keep.", type="bool", default=False)
    parser.addini("devenv_keep_failed", "As --devenv-keep-failed.", type="bool", default=False)


def settings_of(config: pytest.Config) -> Settings:
    """What this run was told; raises pytest.UsageError."""

    def told(name: str) -> object:
        given = config.getoption(name)
        return config.getini(name) if given is None else given

    mode = str(told("devenv"))
    if mode not in MODES:
        raise pytest.UsageError(f"devenv = {mode}: one of {', '.join(MODES)} is meant")
    only = told("devenv_only")
    directory = config.getoption("devenv_directory")
    return Settings(
        mode=mode,
        directory=config.invocation_params.dir / directory
        if directory
        else config.rootpath / config.getini("devenv_directory"),
        profile=str(told("devenv_profile")) or None,
        only=tuple(map(str, only)) if isinstance(only, list) else (),
        keep=bool(told("devenv_keep")),
        keep_failed=bool(told("devenv_keep_failed")),
    )
