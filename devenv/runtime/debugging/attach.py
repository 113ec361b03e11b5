"""How an editor attaches to what is debugged: configurations of Visual Studio Code. Pure."""

from __future__ import annotations

from typing import Any

from devenv.runtime.debugging.languages import Language
from devenv.spec.project import LOOPBACK


def attach_configuration(language: Language, service: str, port: int, sources: str, inside: str) -> dict[str, Any]:
    """An entry of `configurations` in `.vscode/launch.json`.

    Args:
        language: of the program.
        service: what it is called.
        port: of this machine, that leads to the debugger.
        sources: folder of its sources, relative to the project.
        inside: where these are in the container.
    """
    folder = f"${{workspaceFolder}}/{sources}".rstrip("/.")
    named = {"name": f"devenv: {service}", "request": "attach"}
    match language:
        case "python":
            mappings = [{"localRoot": folder, "remoteRoot": inside}]
            place = {"host": LOOPBACK, "port": port}
            return {**named, "type": "debugpy", "connect": place, "pathMappings": mappings, "justMyCode": True}
        case "node":
            place = {"address": LOOPBACK, "port": port}
            # A program that waits for its debugger goes on once the breakpoints are set, as in the other languages.
            kept = {"restart": True, "continueOnAttach": True}
            return {**named, "type": "node", **place, "localRoot": folder, "remoteRoot": inside, **kept}
        case "go":
            paths = [{"from": folder, "to": inside}]
            return {**named, "type": "go", "mode": "remote", "host": LOOPBACK, "port": port, "substitutePath": paths}
