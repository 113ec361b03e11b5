"""Why a cluster could not be created: kubeadm's last word, and what kept a node's kubelet from running.

kind has kubeadm print its trace too, which says nothing to who has not written it; the reason lies above it, or in the
node's journal alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from devenv.adapters.files.paths import data_root
from devenv.errors import ClusterError, CommandFailedError

_ERROR = re.compile(r"^(?:error|ERROR): (?P<text>.+)$")
"""kubeadm's last word, and kind's."""
_ENGINE = re.compile(r"^(?:Command Output: )?docker: (?:Error response from daemon: )?(?P<text>.+?)\.?$")
"""Why the engine did not start a node: the docker command line that kind runs prints it before its own usage."""
_NOT_GRANTED = re.compile(r"unable to apply caps|operation not permitted")
"""runc's words where a privileged container was to get what its machine does not grant."""
_WITHOUT_CAPABILITY = (
    "this engine's machine does not grant all that a privileged container is given (CAP_SYS_RESOURCE, as a rule). The "
    "engine that devenv starts itself gets a runtime that does without: stop this one, then: devenv up; or make "
    "{wrapper} this one's default-runtime"
)
_KUBELET_ENDED = re.compile(r'"command failed" err="(?P<text>(?:[^"\\]|\\.)*)"')
"""The line in which every program of Kubernetes tells why it ends: k8s.io/component-base/cli."""
_TRACE = re.compile(r"^\t|^[\w./-]+\.[\w.()*\[\]-]+$|^I\d{4} ")
"""A line of a Go program's trace, a function or where it is, or of what klog tells as no more than information."""
_LINES = 15


def creation_failure(
    cluster: str, error: CommandFailedError, output: Iterable[str], journals: Mapping[str, str]
) -> ClusterError:
    """The error for people.

    Args:
        cluster: its name.
        error: of kind.
        output: all that kind printed, line by line.
        journals: what the kubelets printed, by node; without the nodes that could not be asked.
    """
    readable = [line for line in output if line.strip() and not _TRACE.match(line)]
    message = f"cluster {cluster} could not be created"
    context = {"command": " ".join(error.argv), "exit status": str(error.status)}
    reasons = {node: reason for node, journal in journals.items() if (reason := _kubelet_error(journal))}
    if reasons:
        message += f": the kubelet of {' and '.join(reasons)} ends again and again"
        context["kubelet"] = next(iter(reasons.values()))
    # Of a node that was never started the engine knows why, and kind only that its command failed.
    causes = _found(_ENGINE, readable) or _found(_ERROR, readable)
    if causes:
        context["cause"] = causes[-1]
    context["last lines"] = "\n".join(readable[-_LINES:])
    return ClusterError(message, context=context, hint=error.hint or _hint(causes))


def _found(pattern: re.Pattern[str], lines: Iterable[str]) -> list[str]:
    return [found["text"] for line in lines if (found := pattern.match(line))]


def _hint(causes: Iterable[str]) -> str:
    if any(_NOT_GRANTED.search(cause) for cause in causes):
        return _WITHOUT_CAPABILITY.format(wrapper=data_root() / "cluster/engine/runc-wrapper")
    return "devenv up --verbose"


def _kubelet_error(journal: str) -> str:
    """Why a kubelet ends, where it does so again and again: one that has ended once may have been early."""
    found = list(_KUBELET_ENDED.finditer(journal))
    return str(json.loads(f'"{found[-1]["text"]}"')) if len(found) > 1 else ""
