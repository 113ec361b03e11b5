"""A healthcheck of Compose as `health` of devenv.yaml."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.spec.imports.compose.draft import ServiceDraft, is_on, text_of
from devenv.spec.imports.compose.parts.amounts import seconds
from devenv.spec.yaml.positions import Node

_URL = re.compile(r"(?:http://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::([0-9]+))?(/[^\s?#]*)?")
_HARMLESS = re.compile(
    r"-[fsSqLk]+|-O-?|--(?:fail|silent|show-error|quiet|spider|tries=1|no-verbose|output)|-|/dev/null|-o|-qO-|-nv"
)
_USUAL_SECONDS = 300
_DEFAULT_INTERVAL, _DEFAULT_RETRIES = 30.0, 3
_HTTP = 80


def health_of(draft: ServiceDraft, ports: Mapping[str, int]) -> tuple[Any, Node] | None:
    """What `health` is, and where it comes from; None where the file says nothing.

    Args:
        draft: of the service.
        ports: its ports by name.
    """
    node = draft.find("healthcheck")
    if node is None:
        return None
    test = draft.find("healthcheck", "test")
    command = _command(test) if test else []
    if is_on(draft.find("healthcheck", "disable")) or command == ["NONE"]:
        return False, node
    if not command:
        if test is None:
            instead = "it is ready when its port is open" if ports else "it is ready as soon as it runs"
            draft.note(("healthcheck",), "the image's own healthcheck is not asked", instead)
        return None
    if any(draft.find("healthcheck", key) for key in ("interval", "timeout", "retries", "start_interval")):
        message = "interval, timeout and retries are not carried over"
        draft.note(("healthcheck",), message, "it is asked each second at first, then each 5 or 15")
    asked = _asked(command, ports)
    return ({**(asked or {"exec": command}), **_patience(draft)}, test or node)


def _command(test: Node) -> list[str]:
    """The words of a test, those of a shell as a command of its own; none where it says nothing."""
    if not isinstance(test.value, list):
        text = text_of(test).strip()
        return ["/bin/sh", "-c", text] if text else []
    words = [text_of(item) for item in test.value]
    if words[:1] == ["CMD-SHELL"]:
        return ["/bin/sh", "-c", " ".join(words[1:])] if words[1:] else []
    if words[:1] == ["CMD"]:
        return words[1:]
    return words


def _asked(command: Sequence[str], ports: Mapping[str, int]) -> dict[str, Any] | None:
    """A path in the place of a program that does nothing but ask one; None for any other."""
    text = command[2] if command[:2] == ["/bin/sh", "-c"] else shlex.join(command)
    text = re.sub(r"\s*\|\|\s*exit\s+1\s*$", "", text)
    if re.search(r"[;&|<>`$(]", text):
        return None
    try:
        program, *rest = shlex.split(text)
    except ValueError:
        return None
    urls = [_URL.fullmatch(word) for word in rest if not _HARMLESS.fullmatch(word)]
    if program not in ("curl", "wget") or len(urls) != 1 or urls[0] is None:
        return None
    number = int(urls[0][1] or _HTTP)
    name = next((name for name, port in ports.items() if port == number), None)
    return {"path": urls[0][2] or "/", "port": name} if name else None


def _patience(draft: ServiceDraft) -> dict[str, str]:
    """How long it may take, where Compose gives it longer than usual."""

    def duration(key: str) -> float:
        return seconds(draft.text("healthcheck", key) or "") or 0

    try:
        retries = int(draft.text("healthcheck", "retries") or _DEFAULT_RETRIES)
    except ValueError:
        retries = _DEFAULT_RETRIES
    whole = duration("start_period") + retries * (duration("interval") or _DEFAULT_INTERVAL)
    return {"starts_within": f"{int(whole)}s"} if whole > _USUAL_SECONDS else {}
