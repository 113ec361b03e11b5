"""Templates of a Skaffold configuration: the environment put in, artifacts' variables led to devenv's images.

Responsible for what a template may name. Unset variables are told, once each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devenv.errors import Problem
from devenv.spec.helm import go_templates
from devenv.spec.helm.go_templates import TemplateError
from devenv.spec.helm.image_variables import PARTS, suffix
from devenv.spec.imports.note import Note
from devenv.spec.read.wording import name_hint
from devenv.spec.yaml.positions import Document, KeyPath

_OF_IMAGE = re.compile(rf"(?P<part>{'|'.join(PARTS)}|DIGEST_ALGO|DIGEST_HEX|DIGEST)(?P<which>[0-9]*|_\w+)")
_FORMER = {"DIGEST": "IMAGE_FULLY_QUALIFIED", "DIGEST_ALGO": "IMAGE_REPO", "DIGEST_HEX": "IMAGE_TAG"}
"""Deprecated names: what they hold is a reference, and its halves."""


@dataclass(slots=True)
class Templates:
    """Expands the templates of all configurations of an import."""

    environ: Mapping[str, str]
    artifacts: Mapping[str, str]
    """Artifact to the name of devenv's image, in the order in which they are declared."""
    problems: list[Problem]
    notes: list[Note]
    _unset: set[str] = field(default_factory=set)

    def expand(self, text: str, document: Document, at: KeyPath, *, needed: bool = False) -> str:
        """The text with the environment put in; with `needed`, a variable that is not set is a problem."""
        if not go_templates.is_template(text):
            return text
        try:
            names = go_templates.names(text)
            for name in names:
                if name not in self.environ:
                    self._tell_unset(name, text, document, at, needed=needed)
            return go_templates.render(text, self.environ)
        except TemplateError as error:
            self.problems.append(document.problem(at, f"this is no template: {error}"))
            return text

    def for_set(self, text: str, document: Document, at: KeyPath) -> str:
        """The template for `set`, which names devenv's images and no other variable."""
        if not go_templates.is_template(text):
            return text
        try:
            go_templates.names(text)
        except TemplateError as error:
            self.problems.append(document.problem(at, f"this is no template: {error}"))
            return go_templates.literal(text)
        return go_templates.rewritten(text, lambda name: self._instead(name, text, document, at))

    def _instead(self, name: str, text: str, document: Document, at: KeyPath) -> str:
        if name in self.environ:
            return go_templates.quoted(self.environ[name])
        found = _OF_IMAGE.fullmatch(name)
        if found is None:
            self._tell_unset(name, text, document, at, needed=False)
            return go_templates.quoted("")
        artifact = _artifact(found["which"], list(self.artifacts))
        if artifact is None:
            known = [f"{found['part']}_{suffix(each)}" for each in self.artifacts]
            hint = name_hint(name, known, "variables of artifacts")
            self.problems.append(document.problem(at, f"{name} is of no artifact", hint))
            return go_templates.quoted("")
        if found["part"] == "IMAGE_NAME":
            return go_templates.quoted(artifact)
        part = _FORMER.get(found["part"], found["part"])
        return f".{part}_{suffix(self.artifacts[artifact])}"

    def _tell_unset(self, name: str, text: str, document: Document, at: KeyPath, *, needed: bool) -> None:
        if needed:
            hint = f'export {name}=…, or write {{{{default "…" .{name}}}}}'
            self.problems.append(document.problem(at, f"the variable {name} is not set", hint))
        elif name not in self._unset and not re.search(rf"default\s+\S+\s+\.{name}\b|\.{name}\s*\|\s*default", text):
            self._unset.add(name)
            self.notes.append(Note.at(document, at, f"the variable {name} is not set", "it is empty"))


def _artifact(which: str, artifacts: Sequence[str]) -> str | None:
    """The artifact that the end of a variable's name means: one by its place, or by how it is called."""
    if which.startswith("_"):
        return next((each for each in artifacts if suffix(each) == which[1:]), None)
    number = int(which or 1) - 1
    return artifacts[number] if number < len(artifacts) else None
