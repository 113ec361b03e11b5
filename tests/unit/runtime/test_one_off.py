"""A pod for one command, from what is installed."""

from __future__ import annotations

import pytest
from support.service_copies import IDENTITY, LABELS, SELECTOR, around, container, policy, workload

from devenv.adapters.kubernetes.selectors import matches
from devenv.errors import UsageError
from devenv.runtime.service_copies.one_off import one_off

PROBE = {"httpGet": {"path": "/", "port": "http"}}
MOUNT = {"name": "settings", "mountPath": "/etc/api"}
API = container(
    args=["serve"], env=[{"name": "A", "value": "1"}], readinessProbe=PROBE, livenessProbe=PROBE, volumeMounts=[MOUNT]
)
VOLUMES = [{"name": "settings", "configMap": {"name": "api"}}]


def test_it_has_the_image_the_variables_and_the_mounts_and_nothing_of_a_service() -> None:
    prepares = container("prepare")
    original = workload(API, container("proxy"), volumes=VOLUMES, initContainers=[prepares])
    made = one_off(around(original), IDENTITY, ["python", "-c", "pass"])
    (pod,) = made.objects
    (only,) = pod["spec"]["containers"]
    assert only == {
        "name": "api",
        "image": API["image"],
        "env": API["env"],
        "volumeMounts": [MOUNT],
        "command": ["python", "-c", "pass"],
    }
    assert (pod["spec"]["restartPolicy"], pod["spec"]["volumes"]) == ("Never", VOLUMES)
    assert [each["name"] for each in pod["spec"]["initContainers"]] == ["prepare"]
    assert (made.pod, made.container) == ("api-3f2a9c", "api")
    assert original["spec"]["template"]["spec"]["containers"][0] == API, "what was read is not changed"


def test_no_service_and_no_controller_takes_it_for_one_of_theirs_and_policies_are_extended() -> None:
    allowed = policy("api", podSelector={"matchLabels": SELECTOR}, policyTypes=["Egress"])
    pod, own = one_off(around(workload(API, volumes=VOLUMES), policies=(allowed,)), IDENTITY, ["env"]).objects
    assert not matches({"matchLabels": SELECTOR}, pod["metadata"]["labels"])
    assert matches(own["spec"]["podSelector"], pod["metadata"]["labels"])
    assert pod["metadata"]["labels"]["devenv.io/copy"] == "3f2a9c"
    assert LABELS.items() - pod["metadata"]["labels"].items(), "at least one label is another"


def test_another_container_is_asked_for_by_name_and_a_terminal_is_led_to_it() -> None:
    beside = around(workload(API, container("proxy"), volumes=VOLUMES))
    made = one_off(beside, IDENTITY, ["sh"], container="proxy", on_terminal=True)
    (only,) = made.objects[0]["spec"]["containers"]
    assert (only["name"], only["stdin"], only["tty"]) == ("proxy", True, True)
    with pytest.raises(UsageError, match="there is no container porxy") as caught:
        one_off(beside, IDENTITY, ["sh"], container="porxy")
    assert "proxy" in caught.value.hint
