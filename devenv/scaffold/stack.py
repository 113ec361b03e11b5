"""A new stack: a chart that works at once, under a name and in a layer of one's own.

Its files are in `templates/stack`, where they are those of a stack that is called like the word that is replaced.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

_WORD, _LAYER, _STACKS = "hello", "06-application", "stacks"
_WORDS = re.compile(f"{_WORD}|{_LAYER}")


def stack_files(templates: Path, name: str, layer: str, stacks: str) -> dict[str, bytes]:
    """The files of a stack and of its test, by their paths below the project's folder.

    Args:
        templates: the folder `templates/stack`.
        name: of the stack.
        layer: that it is in.
        stacks: the folder of the project's stacks.
    """
    found: dict[str, bytes] = {}
    names = {_WORD: name, _LAYER: layer}
    for file in sorted(templates.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            text = _WORDS.sub(lambda word: names[word[0]], file.read_text(encoding="utf-8"))
            found[_place(PurePosixPath(file.relative_to(templates)), name, layer, stacks)] = text.encode()
    return found


def _place(path: PurePosixPath, name: str, layer: str, stacks: str) -> str:
    if path.parts[0] != _STACKS:
        return str(path.with_name(path.name.replace(_WORD, name.replace("-", "_"))))
    return str(PurePosixPath(stacks, layer, name, *path.parts[3:]))
