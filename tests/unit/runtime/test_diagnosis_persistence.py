"""When a finding is final, which of several is the root cause, and how it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cluster_objects import container, pod, snapshot, waiting
from support.diagnosis_findings import SCOPE

from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.runtime.diagnosis import progress, wording
from devenv.runtime.diagnosis.findings import _ROOT_FIRST, NEVER, Cause, Finding, Persistence, root
from devenv.runtime.diagnosis.hints import hint_for
from devenv.runtime.diagnosis.scope import members


def finding(identity: str = "a", grace: float = 8.0, code: str = "image-pull") -> Finding:
    return Finding(Cause(code, "s", "m"), grace, identity)


def test_a_finding_is_final_when_its_patience_ends() -> None:
    persistence = Persistence()
    assert persistence.final((finding(),), 0.0) is None
    assert persistence.next_look((finding(),), 0.0) == 8.0
    assert persistence.final((finding(),), 2.5) is None
    assert persistence.final((finding(),), 5.0) is None
    assert persistence.final((finding(),), 8.0) == finding()


def test_short_gap_does_not_reset_the_clock_and_a_long_one_does() -> None:
    persistence = Persistence()
    persistence.final((finding(),), 0.0)
    persistence.final((), 2.0)
    persistence.final((finding(),), 3.0)
    persistence.final((finding(),), 6.0)
    assert persistence.final((finding(),), 8.0) is not None
    fresh = Persistence()
    fresh.final((finding(),), 0.0)
    fresh.final((), 3.5)
    assert fresh.final((finding(),), 9.0) is None


def test_root_explains_the_final_one() -> None:
    persistence = Persistence()
    image, crash = finding("db", 8.0), finding("app", 0.0, "crash-loop")
    assert persistence.final((crash, image), 0.0) == image


@given(
    st.lists(
        st.builds(
            finding,
            st.sampled_from("abcd"),
            st.sampled_from([0.0, 5.0, 10.0, NEVER]),
            st.sampled_from(_ROOT_FIRST),
        )
    ),
    st.lists(st.floats(0.0, 2.0), max_size=20),
)
def test_there_is_a_final_finding_exactly_when_a_finding_lasted(found: list[Finding], steps: list[float]) -> None:
    persistence, now, lasting = Persistence(), 0.0, tuple({f.identity: f for f in found}.values())
    for step in [0.0, *steps]:
        now += step
        final = persistence.final(lasting, now)
        assert (final is not None) == any(now >= f.grace for f in lasting)
        assert final is None or final == root(lasting)


# words


def test_progress_names_the_pod_that_is_waited_for() -> None:
    ready = pod("a", container(state={"running": {}}, ready=True), conditions={"Ready": "True"}, phase="Running")
    slow = pod("b", container(state=waiting("ContainerCreating")))
    stack = members(snapshot(Pod=[ready, slow]), SCOPE)
    assert progress(stack) == "1 of 2 pods ready, b: ContainerCreating"
    assert progress(members(snapshot(), SCOPE)) == ""


@pytest.mark.parametrize(
    ("code", "subject", "command"),
    [
        (
            "image-pull",
            "ns/pod/app-1 container main",
            "--namespace ns get events --field-selector involvedObject.name=app-1",
        ),
        ("config", "ns/pod/app-1 container main", "--namespace ns get secrets,configmaps,externalsecrets"),
        ("node-not-ready", "node/worker", "describe nodes"),
    ],
)
def test_hint_can_be_pasted(code: str, subject: str, command: str) -> None:
    hint = hint_for(Cause(code, subject, ""), Kubectl(Path("/cache/kubectl"), Path("/state/my project/kubeconfig")))
    assert hint == f"/cache/kubectl --kubeconfig '/state/my project/kubeconfig' {command}"


def test_event_of_an_external_secret_concerns_the_secret_that_is_missing() -> None:
    event = {
        "type": "Warning",
        "involvedObject": {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "postgres"},
    }
    missing = 'credentials: secret "postgres" not found'
    assert wording.concerns(event, missing)
    assert not wording.concerns(event, 'credentials: secret "other" not found')
    assert not wording.concerns({"involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": "postgres"}}, missing)
