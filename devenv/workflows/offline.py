"""What stacks are made of, as far as it can be told without an engine or a cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from devenv.adapters.files.paths import data_root
from devenv.errors import DevenvError
from devenv.images.catalogue.catalogue import Catalogue, hashing
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.observed import StackInput
from devenv.runtime.host.ports import PREFERRED_HTTP, PREFERRED_HTTPS
from devenv.runtime.observe.stack_inputs import images_of, is_licensed, stack_inputs
from devenv.runtime.toolbox import Toolbox
from devenv.spec.render import ProjectFacts
from devenv.spec.stack import StackSpec
from devenv.spec.workspace import Workspace

_NO_CLUSTER = Path("/nonexistent/kubeconfig")
"""Rendering asks no cluster, and must not find the user's."""
RENDERING = ("helm", "kubectl")


def offline_toolbox(workspace: Workspace) -> Toolbox:
    """With what renders, as far as it is on this machine."""
    return Toolbox.locate(_NO_CLUSTER, {name: workspace.versions.tools[name] for name in RENDERING})


def offline_inputs(workspace: Workspace, names: Sequence[str]) -> list[tuple[StackSpec, StackInput]]:
    """Each of these stacks with what its steps are made of: its images as they are built, the ports that are usual."""
    project, digests = workspace.project, FileDigests()
    catalogue = Catalogue(workspace.versions, data_root(), hashing(digests), project.images, workspace.root)
    specs = [workspace.stacks[name].spec for name in names]
    used = {image for spec in specs for image in images_of(spec, licensed=is_licensed(spec, os.environ)).values()}
    images = {name: catalogue[name].own or catalogue[name].upstream or "" for name in used}
    facts = ProjectFacts.of(project, PREFERRED_HTTP, PREFERRED_HTTPS)
    return stack_inputs(workspace, names, facts, images, digests, environ=os.environ, hashed=False)


def refusal(error: DevenvError) -> str:
    """Why a source cannot be rendered, on one line: what failed, and what Helm or kubectl calls an error."""
    lines = error.context.get("last lines", "").splitlines()
    cause = [line for line in lines if line.lower().startswith("error")] or lines[-1:]
    return ": ".join([error.message, *cause[:1]])
