"""`stack_sources` of devenv.yaml: where stacks come from that are not the project's own. What is written, as data."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import StringConstraints, model_validator

from devenv.spec.model import SpecModel, Text

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])"
_USER = r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?"
_WEB = re.compile(rf"https?://{_HOST}(?::[0-9]{{1,5}})?/[^\s?#]+")
_SSH = re.compile(rf"ssh://{_USER}{_HOST}(?::[0-9]{{1,5}})?/[^\s?#]+")
_SCP = re.compile(rf"{_USER}{_HOST}:(?![/:])[^\s?#]+")
_FILE = re.compile(r"file:///[^\s?#]+")
_WITH_LOGIN = re.compile(r"(https?://[^/]*@|ssh://[^/@]*:[^/@]*@)")


GitRef = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,199}$")]
"""A branch, a tag or a whole commit; never what git would take for an option or a refspec."""
Artefact = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+"
        r"@sha256:[0-9a-f]{64}$"
    ),
]


class StackSource(SpecModel):
    """A folder of this machine, or of a Git repository or an OCI artefact, with stacks `<layer>/<name>/stack.yaml`."""

    git: Text | None = None
    ref: GitRef | None = None
    """A branch, a tag or a whole commit; the repository's main branch when unset. What `devenv.lock` names counts."""
    oci: Artefact | None = None
    """`registry/repository@sha256:…`, an artefact whose layers are tar archives."""
    path: Text | None = None
    """The folder with the stacks: below what git or oci names, or else relative to devenv.yaml, out of it as well."""

    @model_validator(mode="after")
    def _known_address(self) -> StackSource:
        """What is refused is not repeated, as that of a key would be: it may hold a password."""
        if self.git and _WITH_LOGIN.match(self.git):
            raise ValueError(
                "an address without a login is expected: git has it from its credential helper or ssh agent"
            )
        if self.git and ("::" in self.git or not any(form.fullmatch(self.git) for form in (_WEB, _SSH, _SCP, _FILE))):
            raise ValueError(
                "the address of a Git repository is expected: https://…, ssh://…, git@host:… or file:///… "
                "(a folder of this machine is: path)"
            )
        return self

    @model_validator(mode="after")
    def _one_kind(self) -> StackSource:
        if self.git and self.oci:
            raise ValueError("one of git and oci is expected")
        if not (self.git or self.oci or self.path):
            raise ValueError("one of path, git and oci is expected")
        if self.ref and not self.git:
            raise ValueError("ref goes with git; an artefact is pinned by its digest")
        return self

    @property
    def name(self) -> str:
        """For people: the address, with what of it is wanted."""
        if self.git:
            return f"{self.git} {self.ref}" if self.ref else self.git
        return self.oci or self.path or ""

    @property
    def is_fetched(self) -> bool:
        """Whether it comes from elsewhere, so that it has to be locked."""
        return bool(self.git or self.oci)
