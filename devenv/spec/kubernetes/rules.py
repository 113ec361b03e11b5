"""The rules that rendered objects are held to: what each means, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

RULES: Mapping[str, str] = {
    "specification": "devenv.yaml or a stack is wrong in a profile.",
    "cannot-render": "Helm or kustomize refuses a chart, a kustomization or its values.",
    "unknown-kind": "Kubernetes has no such kind in this version of its group.",
    "unknown-field": "The schema of the kind has no such field.",
    "missing-field": "The schema of the kind requires a field that is not there.",
    "wrong-value": "The schema of the kind takes another type or another value.",
    "removed-api": "A version of Kubernetes that is asked for does not serve the kind in this version of its group.",
    "deprecated-api": "A version of Kubernetes that is asked for still serves the kind, and says that it will end.",
    "dead-reference": "An object refers to another, a key or a port that no stack brings.",
    "dead-selector": "A selector fits no pod of its namespace.",
    "defined-twice": "Two sources define the same object, and the later one goes over the earlier.",
    "latest-tag": "An image's tag is latest, so that the same manifest may run anything.",
    "no-readiness-probe": "Requests are sent to a container before it is known to answer them.",
    "no-limits": "A container may take all memory of its node.",
    "no-requests": "The scheduler does not know what a container takes.",
    "pod-security-baseline": "A pod asks for what the baseline Pod Security Standard forbids.",
    "pod-security-restricted": "A pod does not do without what the restricted Pod Security Standard forbids.",
}
