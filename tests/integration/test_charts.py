"""Every chart under every profile, rendered by Helm with the values that devenv passes."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography import x509
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it ships no types
from support.rendered_charts import EXAMPLE, SHOP, VARIED, Charts, Json, Rendered, pod_spec

from devenv.spec.model import PROFILES, BuiltinProfile

REPOSITORY = Path(__file__).parents[2]
STACKS = sorted(
    file.parent.name
    for root in (REPOSITORY, EXAMPLE)
    for file in root.glob("stacks/*/*/stack.yaml")
    if "chart:" in file.read_text(encoding="utf-8")
)
OPERATED = ("Prometheus", "Alertmanager")
"""Custom resources of which the Prometheus operator makes a StatefulSet, with a program of its own beside each."""
RELOADER = "--prometheus-config-reloader="
RELOADER_MILLICORES = 5
SOLVER = "--acme-http01-solver-image="
"""The image of the pods that cert-manager makes."""
STORE_CREDENTIALS = {"access-key-id": "test", "secret-access-key": "test"}
"""What the secret store itself logs in with: LocalStack takes any, and no ExternalSecret could bring it."""
WEBHOOK_CERTIFICATE = {"ca.crt", "tls.crt", "tls.key"}
"""Of the webhook of External Secrets itself: Helm makes it anew where there is none."""


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> BuiltinProfile:
    chosen: BuiltinProfile = request.param
    return chosen


@pytest.fixture(params=(*STACKS, *VARIED, *SHOP))
def rendered(request: pytest.FixtureRequest, charts: Charts, profile: BuiltinProfile) -> Rendered:
    return charts.render(request.param, profile)


def test_namespaces_are_made_by_one_stack_alone(rendered: Rendered) -> None:
    named = [item["metadata"]["name"] for item in rendered.of_kind("Namespace")]

    assert bool(named) is (rendered.stack.spec.name == "namespaces")


def test_every_container_asks_for_what_it_takes_and_is_bounded(rendered: Rendered) -> None:
    for name, container in rendered.containers:
        resources = container.get("resources", {})
        for part in ("requests", "limits"):
            assert {"cpu", "memory"} <= resources.get(part, {}).keys(), f"{name} has no {part}"


def test_every_image_is_one_that_devenv_gives(rendered: Rendered) -> None:
    """So none has the tag latest, or comes from a registry unnoticed; and each that is brought is used."""
    used = {container["image"] for _, container in rendered.containers}
    # An operator makes pods of its own, of what its custom resources and its arguments name.
    used |= {item["spec"]["image"] for item in rendered.of_kind(*OPERATED) if item["spec"]["replicas"]}
    used |= {
        word.removeprefix(prefix)
        for _, container in rendered.containers
        for word in container.get("args", ())
        for prefix in (RELOADER, SOLVER)
        if word.startswith(prefix)
    }

    assert used == rendered.images


def test_what_an_operator_runs_is_bounded_too(rendered: Rendered) -> None:
    for item in rendered.of_kind(*OPERATED):
        for part in ("requests", "limits"):
            assert {"cpu", "memory"} <= item["spec"]["resources"][part].keys(), item["metadata"]["name"]


def test_custom_resources_are_what_their_definitions_say(rendered: Rendered, charts: Charts) -> None:
    """Of the kinds that the stack brings itself: the API server would drop a field that it does not know."""
    kinds = charts.definitions(rendered.stack.spec.name)
    for item in rendered.objects:
        schema = kinds.get((item["apiVersion"], item["kind"]))
        if schema:
            wrong = [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(item)]
            assert wrong == [], f"{item['kind']} {item['metadata']['name']}"


def test_images_are_not_pulled_when_they_are_there(rendered: Rendered) -> None:
    # With another tag than latest, which is asserted above, the default is IfNotPresent.
    for name, container in rendered.containers:
        assert container.get("imagePullPolicy", "IfNotPresent") != "Always", name


def test_traefik_and_databases_are_the_only_ways_in(rendered: Rendered) -> None:
    types = {item["spec"].get("type", "ClusterIP") for item in rendered.of_kind("Service")}

    published = rendered.stack.spec.name == "traefik" or rendered.stack.spec.database is not None
    assert types <= ({"NodePort", "ClusterIP"} if published else {"ClusterIP"})
    assert not [name for name, container in rendered.containers if any("hostPort" in p for p in ports(container))]


def ports(container: Json) -> list[Json]:
    found: list[Json] = container.get("ports", [])
    return found


def test_secrets_hold_nothing(rendered: Rendered) -> None:
    """Their values come by ExternalSecret, or from devenv itself."""
    for item in rendered.of_kind("Secret"):
        content = {**item.get("data", {}), **item.get("stringData", {})}
        made = item.get("type") == "kubernetes.io/tls" and content.keys() == WEBHOOK_CERTIFICATE
        assert made or content in ({}, STORE_CREDENTIALS), item["metadata"]["name"]


def test_no_probe_waits_before_it_asks_whether_a_container_is_ready(rendered: Rendered) -> None:
    """What is ready early would be kept waiting, and with it all that needs it."""
    for name, container in rendered.containers:
        for probe in ("startupProbe", "readinessProbe"):
            assert not container.get(probe, {}).get("initialDelaySeconds"), f"{name}, {probe}"


def test_a_container_that_is_asked_seldom_is_asked_often_while_it_starts(rendered: Rendered) -> None:
    for name, container in rendered.containers:
        ready = container.get("readinessProbe")
        if ready:
            first = container.get("startupProbe") or ready
            assert first.get("periodSeconds", 10) == 1, name


def test_whether_a_started_container_is_ready_is_asked_by_no_program(rendered: Rendered) -> None:
    """Each start of one takes some 50 ms of a processor, as long as the cluster runs.

    MySQL's does more than to ask, and of a service its developers may want it.
    """
    asked = [name for name, container in rendered.containers if "exec" in container.get("readinessProbe", {})]
    mysql = f"StatefulSet {rendered.stack.spec.name}, container mysql"
    assert asked in ([], [mysql], ["Deployment worker, container worker"])


def test_no_password_is_a_plain_variable(rendered: Rendered) -> None:
    for name, container in rendered.containers:
        plain = {entry["name"]: entry["value"] for entry in container.get("env", ()) if entry.get("value")}
        secret = {
            key for key in plain if any(word in key.upper() for word in ("PASSWORD", "SECRET_ACCESS_KEY", "TOKEN"))
        }
        # A variable that names a file holds no password.
        reported = {key for key in secret if not key.endswith("_FILE") and plain[key] != "test"}
        assert not reported, name


def test_objects_are_in_the_stacks_namespace(rendered: Rendered) -> None:
    places = {item["metadata"]["namespace"] for item in rendered.objects if item["metadata"].get("namespace")}

    assert places <= {rendered.stack.spec.namespace, "kube-system"}


def test_every_namespace_of_a_stack_is_declared(charts: Charts, profile: BuiltinProfile) -> None:
    declared = {item["metadata"]["name"] for item in charts.render("namespaces", profile).of_kind("Namespace")}
    needed = {name: charts.stack(name).spec.namespace for name in STACKS if name != "namespaces"}

    assert {name: namespace for name, namespace in needed.items() if namespace not in declared} == {}


def test_every_profile_has_room_on_two_cores(charts: Charts, profile: BuiltinProfile) -> None:
    """Staging and prod are rehearsed on a laptop, where Kubernetes' own pods ask for 960m of the 2 cores."""
    asked = {
        name: sum(
            workload["spec"].get("replicas", 1) * _millicores(container)
            for workload in charts.render(name, profile).of_kind("Deployment", "StatefulSet", "DaemonSet")
            for container in pod_spec(workload)["containers"]
        )
        + sum(
            _millicores(item["spec"]) + RELOADER_MILLICORES for item in charts.render(name, profile).of_kind(*OPERATED)
        )
        for name in STACKS
    }

    # 1040m are left, the example being among those that ask.
    assert sum(asked.values()) <= 950, asked


def _millicores(container: Json) -> int:
    asked = str(container["resources"]["requests"]["cpu"])
    return int(asked.removesuffix("m")) if asked.endswith("m") else int(float(asked) * 1000)


@pytest.mark.parametrize(
    ("name", "always", "live"),
    [("postgres", "migrate-pristine", "atlas"), ("mysql", "migrate-pristine", "flyway"), ("clickhouse", "migrate", "")],
)
def test_where_the_live_database_is_to_be_replaced_its_job_leaves_it_alone(
    charts: Charts, name: str, always: str, live: str
) -> None:
    for renewed in (False, True):
        (job,) = charts.render(name, "dev", renewed=renewed).of_kind("Job")
        spec = pod_spec(job)
        containers = [*spec.get("initContainers", ()), *spec["containers"]]
        assert spec["containers"]
        assert always in {container["name"] for container in containers}
        assert (live in {container["name"] for container in containers}) == (bool(live) and not renewed)
        words = str([container.get("args", container.get("command")) for container in containers])
        assert ("--only-pristine" in words) == (name == "clickhouse" and renewed)
        assert ("baseline:alt'" in words) == (name == "mysql" and not renewed)


def test_the_webhook_of_external_secrets_is_upstreams_with_a_certificate_that_is_there_at_once(charts: Charts) -> None:
    ours = charts.render("external-secrets", "dev")
    upstream = charts.upstream("external-secrets", {"webhook": {"create": True}, "certController": {"create": True}})

    (configuration,) = ours.of_kind("ValidatingWebhookConfiguration")
    mine = {hook["name"]: hook for hook in configuration["webhooks"]}
    theirs = {
        hook["name"]: hook
        for item in upstream
        if item["kind"] == "ValidatingWebhookConfiguration"
        for hook in item["webhooks"]
    }
    assert {name: (h["rules"], h["clientConfig"]["service"]["path"]) for name, h in mine.items()} == {
        name: (h["rules"], h["clientConfig"]["service"]["path"]) for name, h in theirs.items()
    }
    (secret,) = [item for item in ours.of_kind("Secret") if item.get("data")]
    (service,) = [item for item in ours.of_kind("Service") if "validation" in item["metadata"]["name"]]
    authority = x509.load_pem_x509_certificate(base64.b64decode(secret["data"]["ca.crt"]))
    leaf = x509.load_pem_x509_certificate(base64.b64decode(secret["data"]["tls.crt"]))
    leaf.verify_directly_issued_by(authority)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    asked = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    assert names.get_values_for_type(x509.DNSName) == [asked]
    for hook in mine.values():
        called = hook["clientConfig"]["service"]
        assert f"{called['name']}.{called['namespace']}.svc" == asked
        assert hook["clientConfig"]["caBundle"] == secret["data"]["ca.crt"]


def test_the_values_may_ask_for_upstreams_webhook(charts: Charts) -> None:
    values = {"webhook": {"create": True}, "certController": {"create": True}}

    assert charts.own("external-secrets", 2, values) == []
    kinds = [item["kind"] for item in charts.upstream("external-secrets", values)]
    assert kinds.count("ValidatingWebhookConfiguration") == 2


def test_each_program_of_cert_manager_has_rights_of_its_own_and_none_in_kube_system(
    charts: Charts, profile: BuiltinProfile
) -> None:
    rendered = charts.render("cert-manager", profile)
    accounts = [pod_spec(item)["serviceAccountName"] for item in rendered.of_kind("Deployment")]
    assert sorted(accounts) == ["cert-manager", "cert-manager-cainjector", "cert-manager-webhook"]
    bound = {
        (item["roleRef"]["name"], subject["name"])
        for item in rendered.of_kind("ClusterRoleBinding", "RoleBinding")
        for subject in item["subjects"]
    }
    assert {name for role, name in bound if "controller" in role} == {"cert-manager"}
    assert {role for role, name in bound if name == "cert-manager-webhook"} == {
        "cert-manager-webhook:subjectaccessreviews",
        "cert-manager-webhook:dynamic-serving",
    }
    rules = [rule for item in rendered.of_kind("ClusterRole", "Role") for rule in item["rules"]]
    assert not [rule for rule in rules if "*" in (*rule["verbs"], *rule["resources"], *rule["apiGroups"])]
    assert {item["metadata"].get("namespace", "cert-manager") for item in rendered.objects} == {"cert-manager"}


METERED = {
    "postgres",
    "auth-postgres",
    "kratos-postgres",
    "mysql",
    "redis",
    "nats",
    "clickhouse",
    "traefik",
    "external-secrets",
}


@pytest.mark.parametrize("name", STACKS)
def test_where_there_is_monitoring_a_stack_shows_its_metrics_and_is_else_the_same(charts: Charts, name: str) -> None:
    """Nothing that cannot be changed changes, so it can be chosen, and left again, beside data that stay."""
    alone, monitored = charts.render(name, "dev", alone=True), charts.render(name, "dev")
    shown = [w for w in monitored.of_kind("Deployment", "StatefulSet") if METRICS in template(w)["metadata"]["labels"]]
    assert bool(shown) is (name in METERED)
    for workload in shown:
        ports = [p["name"] for c in pod_spec(workload)["containers"] for p in c.get("ports", ())]
        assert ports.count("metrics") == 1, workload["metadata"]["name"]
        assert "app.kubernetes.io/instance" in template(workload)["metadata"]["labels"]
    without = {key(item): item for item in alone.objects}
    assert {key(item) for item in monitored.objects} == without.keys()
    for item in monitored.of_kind("Deployment", "StatefulSet"):
        fixed, before = dict(item["spec"]), dict(without[key(item)]["spec"])
        assert METRICS not in template(without[key(item)])["metadata"]["labels"]
        del fixed["template"], before["template"]
        assert fixed == before


METRICS = "devenv.io/metrics"


def key(item: Json) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def template(workload: Json) -> Json:
    made: Json = workload["spec"]["template"]
    return made


def test_no_exporter_is_given_a_password_in_its_arguments(charts: Charts) -> None:
    for name in METERED - {"clickhouse", "traefik", "external-secrets"}:
        (exporter,) = [c for _, c in charts.render(name, "dev").containers if c["name"] == "exporter"]
        assert exporter["resources"]["limits"]["memory"] == "64Mi"
        assert "assword" not in str(exporter["args"])
        assert all("value" in e or "secretKeyRef" in e["valueFrom"] for e in exporter["env"])
