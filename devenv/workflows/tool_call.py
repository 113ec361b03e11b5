"""`devenv kubectl`, `devenv helm`, `devenv aws`: a program of one's own choice of words, on the right cluster.

Responsible for the program and for what it is pointed to. Its arguments are its user's: none is added, none is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from devenv.adapters.files.paths import kube_cache
from devenv.adapters.process import find_program
from devenv.adapters.tools.toolchain import Toolchain
from devenv.errors import ClusterError, ToolMissingError
from devenv.spec.catalogue import load_versions
from devenv.workflows.access.running import running_cluster
from devenv.workflows.access.session import Session
from devenv.workflows.variables import read_variables

_AWS = "aws"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A program as it is to be run in place of this one."""

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    """Over those of this process."""


def cluster_tool_call(directory: Path, tool: Literal["kubectl", "helm"], arguments: Sequence[str]) -> ToolCall:
    """The kubectl or Helm that devenv itself uses, on the cluster of the project in or above a folder.

    The cluster is given by variables and not by options, which plugins and subcommands take in other places.

    Raises:
        ClusterError: there is no cluster, it does not run, or it is another folder's.
        ToolMissingError: the program is not on this machine.
    """
    kubeconfig = running_cluster(directory).kubeconfig
    located = Toolchain(load_versions().tools).locate(tool)
    if located.path is None:
        context = {"found": located.note} if located.note else None
        raise ToolMissingError(
            f"{tool} is not on this machine in a version that fits", context=context, hint="devenv pull"
        )
    cache = str(kube_cache(kubeconfig))
    return ToolCall((str(located.path), *arguments), {"KUBECONFIG": str(kubeconfig), "KUBECACHEDIR": cache})


def aws_call(directory: Path, arguments: Sequence[str], session: Session) -> ToolCall:
    """The user's own AWS command line, on the environment's LocalStack and with nothing of the user's accounts.

    Raises:
        ClusterError: the cluster does not run, is another folder's, or has no LocalStack.
        ToolMissingError: there is no `aws` on PATH.
    """
    variables = read_variables(directory, session).as_dict()
    own = {name: value for name, value in variables.items() if name.startswith("AWS_")}
    if not own:
        raise ClusterError(
            "no LocalStack is installed", hint="name the stack localstack in devenv.yaml, then: devenv up"
        )
    program = find_program(_AWS)
    if program is None:
        raise ToolMissingError(
            "the AWS command line is not on PATH",
            context={"what it would reach": own["AWS_ENDPOINT_URL"]},
            hint="pipx install awscli, or uv tool install awscli",
        )
    # The user's files are of real accounts: a profile there could have another endpoint, or another region.
    none = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    return ToolCall((str(program), *arguments), {**own, **none})
