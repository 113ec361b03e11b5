"""What a copy of a service is made of: objects in, objects out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.service_copies import (
    HOSTS,
    IDENTITY,
    LABELS,
    LIVE,
    OWN,
    SELECTOR,
    SPACE,
    TARGET,
    Json,
    around,
    container,
    ingress_route,
    policy,
    service,
    workload,
)

from devenv.errors import UsageError
from devenv.runtime.diagnosis import Scope
from devenv.runtime.service_copies.assembly import Assembled, Wishes, assemble
from devenv.runtime.service_copies.files import file_sources
from devenv.runtime.service_copies.pods import copied_pod
from devenv.runtime.service_copies.variables import Overrides, override, read_variables, sources


def made(item: Json | None = None, wishes: Wishes | None = None, **more: object) -> Assembled:
    return assemble(around(item, **more), {}, wishes or Wishes(), HOSTS)


def of_kind(assembled: Assembled, kind: str) -> list[Json]:
    return [item for item in assembled.objects if item["kind"] == kind]


def test_everything_of_a_copy_says_whose_it_is() -> None:
    policies = (policy("all", podSelector={"matchLabels": SELECTOR}, policyTypes=["Ingress"]),)
    found = made(wishes=Wishes({"GREETING": "hello"}), policies=policies)
    assert found.secret
    for item in (found.secret, *found.objects):
        metadata = item["metadata"]
        assert metadata["name"].endswith("-3f2a9c")
        assert metadata["labels"]["devenv.io/copy"] == "3f2a9c"
        assert metadata["annotations"]["devenv.io/process"] == "boot/1/2.3"
        assert not any(key.startswith("meta.helm.sh/") for key in metadata["annotations"])
    assert [item["kind"] for item in found.objects] == ["Pod", "Service", "IngressRoute", "NetworkPolicy"]
    assert found.pod == "api-3f2a9c"
    assert found.addresses == (("http", "backend-3f2a9c.shop.localhost"),)


def test_no_service_takes_the_copy_for_the_original_and_its_own_does() -> None:
    found = made()
    (pod,), (own,) = of_kind(found, "Pod"), of_kind(found, "Service")
    labels = pod["metadata"]["labels"]
    assert not SELECTOR.items() <= labels.items()
    assert own["spec"]["selector"].items() <= labels.items()
    assert labels["app.kubernetes.io/name"] == "api"


def test_a_stack_has_no_part_in_a_copy_of_its_service() -> None:
    (pod,) = of_kind(made(), "Pod")
    assert pod["metadata"]["labels"]["devenv.io/stack"] == LABELS["devenv.io/stack"]
    assert not Scope("shop-api", SPACE, frozenset({"shop-api"})).owns(pod)
    assert Scope("shop-api", SPACE, copy="3f2a9c").owns(pod)
    assert not Scope("shop-api", SPACE, copy="other").owns(pod)
    original = {"metadata": {"name": "api-1", "namespace": SPACE, "labels": LABELS}}
    assert not Scope("shop-api", SPACE, copy="3f2a9c").owns(original)


# the pod


def pod_of(item: Json) -> Json:
    spec: Json = copied_pod(item, IDENTITY, {}, [service()])["spec"]
    return spec


def test_a_pod_is_asked_each_second_and_given_as_long_as_the_original() -> None:
    slow = {
        "httpGet": {"path": "/", "port": "http"},
        "initialDelaySeconds": 20,
        "periodSeconds": 10,
        "failureThreshold": 6,
    }
    spec = pod_of(workload(container(readinessProbe=slow, startupProbe=slow, livenessProbe=slow)))
    (found,) = spec["containers"]
    quick = {"initialDelaySeconds": 0, "periodSeconds": 1, "failureThreshold": 80}
    assert found["readinessProbe"] == found["startupProbe"] == {**slow, **quick}
    assert found["livenessProbe"] == slow


@pytest.mark.parametrize(("target", "port"), [("http", "http"), (8080, 8080), (9000, 9000)])
def test_a_container_that_does_not_tell_is_ready_when_its_port_is_open(target: object, port: object) -> None:
    ports = [{"port": 80, "targetPort": target}]
    spec = copied_pod(workload(), IDENTITY, {}, [service(ports=ports)])["spec"]
    assert spec["containers"][0]["readinessProbe"] == {"tcpSocket": {"port": port}, "periodSeconds": 1}


def test_a_sidecar_is_not_asked_for_the_port_of_another() -> None:
    spec = pod_of(workload(container(), {"name": "sidecar", "image": "x"}))
    assert "readinessProbe" in spec["containers"][0]
    assert "readinessProbe" not in spec["containers"][1]


def test_a_pod_needs_no_node_and_no_port_of_a_node_for_itself() -> None:
    apart = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}, "nodeAffinity": {"x": 1}}
    item = workload(
        container(ports=[{"containerPort": 8080, "hostPort": 8080}]),
        affinity=apart,
        topologySpreadConstraints=[{"maxSkew": 1}],
    )
    spec = pod_of(item)
    assert spec["affinity"] == {"nodeAffinity": {"x": 1}}
    assert "topologySpreadConstraints" not in spec
    assert spec["containers"][0]["ports"] == [{"containerPort": 8080}]
    assert item["spec"]["template"]["spec"]["affinity"] == apart, "what was read is left as it is"


def test_what_the_original_writes_to_is_not_shared() -> None:
    volumes = [
        {"name": "uploads", "persistentVolumeClaim": {"claimName": "uploads"}},
        {"name": "models", "persistentVolumeClaim": {"claimName": "models"}},
        {"name": "settings", "configMap": {"name": "settings"}},
    ]
    mounts = [{"name": "uploads", "mountPath": "/u"}, {"name": "models", "mountPath": "/m", "readOnly": True}]
    spec = pod_of(workload(container(volumeMounts=mounts), volumes=volumes))
    assert spec["volumes"] == [{"name": "uploads", "emptyDir": {}}, *volumes[1:]]


def test_a_stateful_set_gives_an_empty_volume_and_its_ordinal() -> None:
    item = workload(kind="StatefulSet")
    item["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": {}}]
    spec = pod_of(item)
    assert spec["volumes"] == [{"name": "data", "emptyDir": {}}]
    assert spec["hostname"] == "api-0"


# variables

FROM = [{"prefix": "APP_", "secretRef": {"name": "all"}}, {"configMapRef": {"name": "more"}}]
DATA = {
    ("Secret", "all"): {"URL": "postgres://x", "KEY": "k"},
    ("ConfigMap", "more"): {"LEVEL": "info"},
    ("Secret", "one"): {"password": "p"},
}
ENV = [
    {"name": "LEVEL", "value": "debug"},
    {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "one", "key": "password"}}},
    {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    {"name": "ALL", "value": "$(LEVEL)-x"},
]


def test_variables_are_read_wherever_they_come_from() -> None:
    item = container(env=ENV, envFrom=FROM)
    assert sources({"containers": [item]}) == set(DATA)
    assert read_variables(item, DATA) == {
        "APP_URL": "postgres://x",
        "APP_KEY": "k",
        "LEVEL": "debug",
        "PASSWORD": "p",
        "ALL": "$(LEVEL)-x",
    }


def test_values_are_in_a_secret_and_go_over_those_of_all_sources() -> None:
    spec = {"containers": [container(env=ENV, envFrom=FROM)], "initContainers": [container("wait")]}
    held = override(spec, Overrides({"APP_URL": "postgres://own", "LEVEL": "warn", "NEW": "1"}, {}), "copy", DATA)
    assert held == {
        f"{name}.{key}": value
        for name in ("wait", "api")
        for key, value in (("APP_URL", "postgres://own"), ("LEVEL", "warn"), ("NEW", "1"))
    }
    (found,) = spec["containers"]
    names = [entry["name"] for entry in found["env"]]
    assert names == ["APP_URL", "NEW", "LEVEL", "PASSWORD", "NODE", "ALL"], "before what may refer to them"
    assert found["env"][2] == {
        "name": "LEVEL",
        "valueFrom": {"secretKeyRef": {"name": "copy", "key": "api.LEVEL"}},
    }
    assert found["envFrom"] == FROM


def test_a_variable_is_taken_away_also_from_a_source_of_many() -> None:
    spec = {"containers": [container(env=ENV, envFrom=FROM)]}
    assert override(spec, Overrides({"APP_URL": None, "NODE": None}, {}), "copy", DATA) == {}
    (found,) = spec["containers"]
    assert found["envFrom"] == FROM[1:]
    assert [entry["name"] for entry in found["env"]] == ["APP_KEY", "LEVEL", "PASSWORD", "ALL"]
    assert found["env"][0]["valueFrom"] == {"secretKeyRef": {"name": "all", "key": "KEY"}}


def test_what_kubernetes_puts_together_stays_where_it_does_so() -> None:
    spec = {"containers": [container(env=[{"name": "URL", "value": "postgres://$(USER)@db.shop-database/shop"}])]}
    changed = "postgres://$(USER)@db.shop-database/own"
    assert override(spec, Overrides({}, {"api": {"URL": changed}}), "copy", {}) == {}
    assert spec["containers"][0]["env"] == [{"name": "URL", "value": changed}]


# databases

HOST, NAME = {"name": "DATABASE_HOST", "value": LIVE.host}, {"name": "DATABASE_NAME", "value": LIVE.name}


def test_variables_that_lead_to_a_database_lead_to_the_tests_own() -> None:
    found = made(workload(container(env=[HOST, NAME])), Wishes(targets=[TARGET]))
    assert found.secret
    assert found.secret["stringData"] == {"api.DATABASE_NAME": OWN.name}


def test_a_copy_that_would_use_the_environments_database_is_refused() -> None:
    with pytest.raises(UsageError, match="no variable of api leads to database postgres"):
        made(workload(container(env=[HOST])), Wishes(targets=[TARGET]))
    named = Wishes({"DSN": f"host=x dbname={OWN.name}"}, targets=[TARGET])
    assert made(workload(container(env=[HOST])), named).secret


def test_a_database_that_is_only_offered_may_be_of_no_use() -> None:
    offered = replace(TARGET, required=False)
    assert not made(workload(container(env=[NAME])), Wishes(targets=[offered])).secret
    with pytest.raises(UsageError, match="no variable of api leads to database postgres"):
        made(workload(container(env=[HOST])), Wishes(targets=[offered]))


# files

LOGIN = ("Secret", "login")


def test_a_file_that_leads_to_a_database_is_the_copys_own_and_the_others_stay() -> None:
    files = {"dsn": f"host={LIVE.host} dbname=shop", "key.pem": "", "database-name": "shop"}
    volume = {"name": "login", "secret": {"secretName": "login", "defaultMode": 0o440}}
    item = workload(container(volumeMounts=[{"name": "login", "mountPath": "/l"}]), volumes=[volume])
    assert file_sources(item["spec"]["template"]["spec"]) == {LOGIN}
    found = assemble(around(item), {LOGIN: files}, Wishes(targets=[TARGET]), HOSTS)
    assert found.secret
    assert found.secret["stringData"] == {
        "login.dsn": f"host={LIVE.host} dbname={OWN.name}",
        "login.database-name": OWN.name,
    }
    (kept, own) = of_kind(found, "Pod")[0]["spec"]["volumes"][0]["projected"]["sources"]
    assert kept == {"secret": {"name": "login", "items": [{"key": "key.pem", "path": "key.pem"}]}}
    assert own["secret"]["name"] == "api-3f2a9c"
    assert {"key": "login.dsn", "path": "dsn"} in own["secret"]["items"]
    assert of_kind(found, "Pod")[0]["spec"]["volumes"][0]["projected"]["defaultMode"] == 0o440
    assert "secret" not in of_kind(found, "Pod")[0]["spec"]["volumes"][0]


def test_only_the_files_that_a_pod_has_are_changed() -> None:
    volume = {"name": "login", "configMap": {"name": "login", "items": [{"key": "dsn", "path": "db/url"}]}}
    item = workload(container(env=[HOST, NAME]), volumes=[volume])
    data = {("ConfigMap", "login"): {"dsn": f"postgres://{LIVE.host}/shop", "other": f"postgres://{LIVE.host}/shop"}}
    found = assemble(around(item), data, Wishes(targets=[TARGET]), HOSTS)
    (own,) = of_kind(found, "Pod")[0]["spec"]["volumes"][0]["projected"]["sources"]
    assert own["secret"]["items"] == [{"key": "login.dsn", "path": "db/url"}]
    assert "login.other" not in (found.secret or {})["stringData"]


# network policies

PEER = [
    {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": SPACE}},
        "podSelector": {"matchLabels": SELECTOR},
    }
]


def test_policies_that_the_labels_still_match_are_enough() -> None:
    name = {"matchLabels": {"app.kubernetes.io/name": "api"}}
    assert not of_kind(made(policies=(policy("own", podSelector=name, ingress=[{}]),)), "NetworkPolicy")


def test_a_policy_of_the_original_is_the_copys_too() -> None:
    rules: Json = {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 8080}]}]}
    (found,) = of_kind(made(policies=(policy("own", podSelector={"matchLabels": SELECTOR}, **rules),)), "NetworkPolicy")
    assert found["spec"] == {"podSelector": {"matchLabels": {"devenv.io/copy": "3f2a9c"}}, **rules}


def test_whoever_lets_the_original_in_lets_the_copy_in() -> None:
    ports = [{"port": 5432}]
    rules = [{"ports": ports, "from": [*PEER, {"podSelector": {}}]}, {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]
    database = policy("database", "shop-database", podSelector={"matchLabels": {"app": "pg"}}, ingress=rules)
    (found,) = of_kind(made(policies=(database,)), "NetworkPolicy")
    assert found["metadata"]["namespace"] == "shop-database"
    assert found["spec"]["podSelector"] == {"matchLabels": {"app": "pg"}}
    assert found["spec"]["policyTypes"] == ["Ingress"]
    (rule,) = found["spec"]["ingress"]
    assert rule["ports"] == ports
    (peer,) = rule["from"]
    assert peer["podSelector"] == {"matchLabels": {"devenv.io/copy": "3f2a9c"}}


def test_a_policy_for_others_is_no_concern_of_the_copy() -> None:
    other = policy("other", podSelector={"matchLabels": {"app": "web"}}, ingress=[{"from": [{"podSelector": {}}]}])
    assert not of_kind(made(policies=(other,)), "NetworkPolicy")


def test_routes_of_other_services_are_left_out() -> None:
    mixed = ingress_route("Host(`shop.localhost`)", {"name": "web", "port": 80})
    found = made(routes=(mixed,))
    assert found.addresses == (("http", "api-3f2a9c.shop.localhost"),), "a route is made where none leads to it"
