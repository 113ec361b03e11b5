"""Where saved files go in containers, by the rules of an image. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from devenv.spec.sync_rule import SyncRule


class SyncRules:
    """The rules of one image."""

    def __init__(self, rules: Sequence[SyncRule]) -> None:
        self._rules = [_Rule(rule) for rule in rules]

    def targets(self, path: PurePosixPath, *, is_folder: bool) -> tuple[str, ...]:
        """Where a path of the context goes, absolute; nowhere when no rule is for it."""
        found = (rule.target(path, is_folder=is_folder) for rule in self._rules)
        return tuple(dict.fromkeys(target for target in found if target))

    def restarts(self, paths: Iterable[PurePosixPath]) -> bool:
        """Whether the containers' programs are started anew after some paths were synced."""
        return any(rule.restart and rule.target(path, is_folder=False) for path in paths for rule in self._rules)

    def commands(self, paths: Iterable[PurePosixPath]) -> tuple[tuple[str, ...], ...]:
        """What runs in a container after some paths were synced, each once, in the order of the rules."""
        synced = list(paths)
        wanted = (
            rule.command
            for rule in self._rules
            if rule.command and any(rule.target(path, is_folder=False) for path in synced)
        )
        return tuple(dict.fromkeys(wanted))


class _Rule:
    def __init__(self, rule: SyncRule) -> None:
        self.command = rule.command
        self.restart = rule.restart
        self._from = rule.folder
        self._to = PurePosixPath(rule.to)
        self._into = rule.to.endswith("/")
        self._pattern = re.compile(_expression(rule.normal_source)) if rule.is_pattern else None

    def target(self, path: PurePosixPath, *, is_folder: bool) -> str:
        if self._pattern:
            return str(self._to / path.relative_to(self._from)) if self._pattern.fullmatch(str(path)) else ""
        if path == self._from and self._into and not is_folder:
            return str(self._to / path.name)
        if path != self._from and not path.is_relative_to(self._from):
            return ""
        target = str(self._to / path.relative_to(self._from))
        return target if target != "/" else ""


def _expression(pattern: str) -> str:
    """A pattern as a regular expression over whole paths: `*` within a name, `**` through folders."""
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**", at):
            whole = pattern.startswith("/", at + 2)
            out += "(?:.*/)?" if whole else ".*"
            at += 3 if whole else 2
            continue
        character = pattern[at]
        end = pattern.find("]", at + 2) if character == "[" else -1
        if end > 0:
            inside = pattern[at + 1 : end].replace("\\", r"\\")
            out += f"[{'^' + inside[1:] if inside[0] == '!' else inside}]"
            at = end
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(character) or re.escape(character)
        at += 1
    return out
