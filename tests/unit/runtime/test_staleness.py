"""Whether containers run what was built: told from pods as the API server sends them."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.images.nodes.identity import parse_digests, parse_index
from devenv.runtime.diagnosis.scope import Scope
from devenv.runtime.observe.staleness import (
    ExpectedImage,
    RunningContainer,
    pull_problems,
    running_containers,
    spec_problems,
    stale,
)

REFERENCE = "localhost/devenv/api:0123"
CONFIG, MANIFEST, OTHER = (f"sha256:{letter * 64}" for letter in "abc")
SCOPE = Scope("api", "apps", frozenset({"api"}))


def expected(*, local: bool = True, image: str = CONFIG) -> ExpectedImage:
    return ExpectedImage("api", REFERENCE, image, local)


def running(digest: str, reference: str = REFERENCE) -> RunningContainer:
    return RunningContainer("apps", "api-1", "main", "node-1", reference, digest)


class NodesThatHold:
    """All nodes, which mean the same by every name and have no index but one."""

    def __init__(self, *digests: str, index: str = "") -> None:
        self._digests = frozenset(digests)
        self._index = index

    def meant(self, node: str, name: str) -> frozenset[str]:
        assert self._digests, f"{node} need not be asked about {name}"
        return self._digests

    def parts(self, node: str, digest: str) -> frozenset[str]:
        assert node == "node-1"
        return frozenset({MANIFEST}) if digest == self._index else frozenset()


holding = NodesThatHold
nobody = NodesThatHold()


def pod(name: str = "api-1", image: str = REFERENCE, image_id: str = CONFIG, **more: Any) -> dict[str, Any]:
    policy = more.pop("policy", "IfNotPresent")
    metadata = {
        "name": name,
        "namespace": "apps",
        "uid": name,
        "labels": {"app.kubernetes.io/instance": "api"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "api-6d5", "uid": "set"}],
        **more,
    }
    state = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    return {
        "metadata": metadata,
        "spec": {
            "nodeName": "node-1",
            "containers": [{"name": "main", "image": image, "imagePullPolicy": policy}],
        },
        "status": {"containerStatuses": [{"name": "main", "imageID": image_id, "state": state}]},
    }


@pytest.mark.parametrize(
    ("reported", "digest"),
    [(CONFIG, CONFIG), (f"docker.io/library/api@{MANIFEST}", MANIFEST), ("", "")],
)
def test_digest_is_read_in_every_form_that_kubelets_report(reported: str, digest: str) -> None:
    assert running_containers({"Pod": (pod(image_id=reported),)}, SCOPE) == [running(digest)]


def test_short_names_are_compared_in_full() -> None:
    found = running_containers({"Pod": (pod(image="redis:7"),)}, SCOPE)
    assert found[0].reference == "docker.io/library/redis:7"


def test_pods_that_end_and_pods_of_others_are_left_out() -> None:
    ending = pod("old", deletionTimestamp="2026-01-01T00:00:00Z")
    foreign = pod("other", labels={}, ownerReferences=[])
    assert running_containers({"Pod": (ending, foreign)}, SCOPE) == []


def test_same_image_needs_no_question_to_the_node() -> None:
    assert stale([running(CONFIG)], [expected()], nobody) == ([], 1)


def test_manifest_and_configuration_are_the_same_image() -> None:
    assert stale([running(CONFIG)], [expected(image=MANIFEST)], holding(MANIFEST, CONFIG)) == ([], 1)


def test_container_that_runs_a_former_build_is_stale() -> None:
    wrong, right = stale([running(OTHER)], [expected()], holding(CONFIG, MANIFEST))
    assert right == 0
    assert wrong == [f"apps/pod/api-1/main runs {OTHER}, built was {CONFIG}"]


def test_index_around_the_image_is_the_same_image() -> None:
    inside, outside = holding(MANIFEST, CONFIG, index=OTHER), holding(CONFIG, index=OTHER)
    assert stale([running(OTHER)], [expected()], inside) == ([], 1)
    assert len(stale([running(OTHER)], [expected()], outside)[0]) == 1


def test_container_of_another_tag_is_stale() -> None:
    wrong, _ = stale([running(OTHER, "localhost/devenv/api:latest")], [expected()], nobody)
    assert wrong == [f"apps/pod/api-1/main runs localhost/devenv/api:latest, and {REFERENCE} was built"]


def test_node_with_another_image_of_that_name_counts_for_images_of_the_project() -> None:
    held = holding(OTHER)
    assert "as node node-1 has it" in stale([running(OTHER)], [expected()], held)[0][0]
    assert stale([running(OTHER)], [expected(local=False)], held) == ([], 0)


def test_images_that_were_not_built_here_are_not_judged() -> None:
    assert stale([running(OTHER, "docker.io/library/redis:7")], [expected()], nobody) == ([], 0)


def test_local_images_that_would_be_pulled_are_told() -> None:
    snapshot = {"Pod": (pod(policy="Always"), pod("api-2", image="redis:7", policy="Always"))}
    problems = pull_problems(snapshot, SCOPE)
    assert list(problems) == ["apps/api-6d5/main"]
    assert "imagePullPolicy is Always" in problems["apps/api-6d5/main"]


def test_latest_is_told_and_pulled_by_default() -> None:
    spec = {"initContainers": [{"name": "first", "image": "localhost/devenv/api"}], "containers": []}
    problems = [problem for _, problem in spec_problems(spec)]
    assert len(problems) == 2
    assert "any build" in problems[1]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (f'{{"manifests": [{{"digest": "{MANIFEST}"}}, {{"digest": "{OTHER}"}}]}}', {MANIFEST, OTHER}),
        (f'{{"config": {{"digest": "{CONFIG}"}}}}', set()),
        ("", set()),
        ("[]", set()),
    ],
)
def test_index_is_read_and_nothing_else_taken_for_one(text: str, parts: set[str]) -> None:
    assert parse_index(text) == parts


def test_nodes_answer_is_read_with_and_without_manifest() -> None:
    text = f'{REFERENCE} {MANIFEST}\n{{"config": {{"digest": "{CONFIG}"}}}}\nother {OTHER}\n\n'
    assert parse_digests(text) == {REFERENCE: {MANIFEST, CONFIG}, "other": {OTHER}}
