"""Checks the names of profiles: those that a project declares, and those that it uses."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.errors import Problem
from devenv.spec.model import PROFILES
from devenv.spec.project import ProjectSpec
from devenv.spec.read.wording import name_hint
from devenv.spec.yaml.positions import Document, KeyPath


def profile_problems(project: ProjectSpec, document: Document) -> Iterator[Problem]:
    """Built-in profiles that are declared anew, and profiles that nobody has declared."""
    for name in project.profiles:
        if name in PROFILES:
            yield document.problem(("profiles", name), f"the profile {name} is built in", "give yours another name")
    used: dict[KeyPath, str] = {("profile",): project.profile}
    for service, spec in project.services.items():
        used |= {("services", service, "profiles", name): name for name in spec.profiles}
    for path, name in used.items():
        if name not in project.known_profiles:
            hint = name_hint(name, project.known_profiles, "profiles")
            if not hint.startswith("did you mean"):
                hint += f"; or one of your own: profiles: {{{name}: {PROFILES[0]}}}"
            yield document.problem(path, f"there is no profile {name}", hint)
