"""The chart of services, rendered by Helm: what each thing in devenv.yaml comes to in the cluster."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from support.rendered_charts import WORKLOADS, Charts, Json, Rendered, flat, pod_spec
from support.services import projects, write_project

from devenv.adapters.charts.helm import ChartRelease
from devenv.adapters.files.paths import data_root
from devenv.images.content.fingerprint import FileDigests
from devenv.runtime.observe.stack_inputs import stack_inputs
from devenv.spec.load import load_workspace
from devenv.spec.model import PROFILES
from devenv.spec.render import ProjectFacts

TEXT_OF_A_SECRET = "abc"  # noqa: S105 -- what the seeds of the tests' project have

_SECRET, _DATABASE = {"secret": "shop/api", "key": "token"}, {"database": "order-book"}
OTHERWISE: Json = {
    "project": "shop",
    "seeds": ["seeds.yaml"],
    "services": {
        "api": {
            "build": "api",
            "env": {"ONE": _SECRET, "OTHER": _SECRET},
            "profiles": {"dev": {"env": {"ONE": _DATABASE, "OTHER": "no secret"}}},
        }
    },
    "databases": {"order-book": {"engine": "postgres"}},
}
"""A profile by which variables come from elsewhere than out of the secrets that they come from under the others."""


@pytest.fixture
def api(charts: Charts) -> Rendered:
    return charts.render("api of shop", "dev")


def one(rendered: Rendered, kind: str) -> Json:
    (found,) = rendered.of_kind(kind)
    return found


def containers(workload: Json) -> dict[str, Json]:
    spec = pod_spec(workload)
    return {each["name"]: each for each in (*spec.get("initContainers", ()), *spec["containers"])}


def violations(workload: Json) -> list[str]:
    """What the restricted Pod Security Standard refuses: https://kubernetes.io/docs/concepts/security/pod-security-standards/"""
    spec = pod_spec(workload)
    pod = spec.get("securityContext", {})
    found = [] if pod.get("seccompProfile", {}).get("type") == "RuntimeDefault" else ["seccomp"]
    found += [key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    kinds = {key for volume in spec.get("volumes", ()) for key in volume if key != "name"}
    found += sorted(kinds - {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"})
    for name, container in containers(workload).items():
        own = container.get("securityContext", {})
        both = {**pod, **own}
        found += [f"{name}: root"] if not both.get("runAsNonRoot") or both.get("runAsUser") == 0 else []
        found += [f"{name}: escalation"] if own.get("allowPrivilegeEscalation") is not False else []
        found += [f"{name}: capabilities"] if own.get("capabilities") != {"drop": ["ALL"]} else []
    return found


def test_a_service_runs_as_pod_security_wants_it(charts: Charts) -> None:
    for name in ("api", "feed", "worker", "nightly", "migrate", "web"):
        (workload,) = charts.render(f"{name} of shop", "dev").of_kind(*WORKLOADS)
        assert violations(workload) == []
        for container in (found := containers(workload)).values():
            assert container["securityContext"]["readOnlyRootFilesystem"] is (name != "feed")
            temporary = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 -- in the pod
            assert temporary in container["volumeMounts"] or container is found.get("supervisor")


def test_it_is_reached_by_its_name_and_its_ports(api: Rendered) -> None:
    service, route = one(api, "Service"), one(api, "IngressRoute")

    assert [(p["name"], p["port"], p["targetPort"]) for p in service["spec"]["ports"]] == [
        ("http", 8080, "http"),
        ("admin", 9000, "admin"),
        ("feed", 9090, "feed"),
        ("line", 9999, "line"),
    ]
    assert [(r["match"], r["services"][0]) for r in route["spec"]["routes"]] == [
        ("Host(`api.shop.localhost`)", {"name": "api", "port": "http"}),
        ("Host(`desk.shop.localhost`)", {"name": "api", "port": "admin"}),
        ("Host(`feed.shop.localhost`)", {"name": "api", "port": "feed", "scheme": "h2c"}),
    ]
    labels = one(api, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()


def test_its_health_is_asked_each_second_until_it_answers(api: Rendered, charts: Charts) -> None:
    container = containers(one(api, "Deployment"))["api"]
    question = {
        "path": "/healthz",
        "port": "admin",
        "httpHeaders": [{"name": "Host", "value": "localhost"}],
    }

    assert container["startupProbe"] == {"httpGet": question, "periodSeconds": 1, "failureThreshold": 90}
    assert container["readinessProbe"]["httpGet"] == question
    feed = containers(one(charts.render("feed of shop", "dev"), "Deployment"))["feed"]
    assert feed["readinessProbe"]["tcpSocket"] == {"port": "line"}
    worker = containers(one(charts.render("worker of shop", "dev"), "Deployment"))["worker"]
    assert worker["readinessProbe"]["exec"]["command"] == ["test", "-f", "/tmp/ready"]  # noqa: S108 -- in the pod
    assert "readinessProbe" not in containers(one(charts.render("web of shop", "dev"), "Deployment"))["web"]


def test_secrets_come_from_external_secrets_alone(api: Rendered) -> None:
    secret, deployment = one(api, "ExternalSecret"), one(api, "Deployment")
    target = secret["spec"]["target"]
    sources = {each["secretKey"]: each["remoteRef"] for each in secret["spec"]["data"]}
    env = {entry["name"]: entry for entry in containers(deployment)["api"]["env"]}

    assert sources["DATABASE_URL.password"] == {"key": "shop-database/shop", "property": "password"}
    assert sources["KEY"] == {"key": "shop/key"}
    assert target["template"]["data"]["DATABASE_URL"] == (
        'postgresql://{{ index . "DATABASE_URL.username" | urlquery | replace "+" "%20" }}'
        ':{{ index . "DATABASE_URL.password" | urlquery | replace "+" "%20" }}@shop.shop-database:5432/shop'
    )
    reference = {"name": target["name"], "key": "DATABASE_URL"}
    assert env["DATABASE_URL"] == {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": reference}}
    volume = {"name": "secrets", "secret": {"secretName": target["name"]}}
    assert volume in pod_spec(deployment)["volumes"]
    assert target["name"].startswith("api-")


def test_files_have_their_texts_byte_for_byte(api: Rendered) -> None:
    config = one(api, "ConfigMap")
    mounts = {mount["mountPath"]: mount for mount in containers(one(api, "Deployment"))["proxy"]["volumeMounts"]}

    assert config["data"][mounts["/etc/rules/a.txt"]["subPath"]] == "{project} stays as it is\n"
    assert config["data"][mounts["/etc/note"]["subPath"]] == "for shop"
    assert mounts["/run/token"]["name"] == "secrets"
    assert all(mounts[path]["readOnly"] for path in ("/etc/api.yaml", "/etc/rules/more/b.txt", "/run/token"))


def test_volumes_that_are_kept_are_claims(api: Rendered) -> None:
    claim, deployment = one(api, "PersistentVolumeClaim"), one(api, "Deployment")
    volumes = {volume["name"]: volume for volume in pod_spec(deployment)["volumes"]}

    assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"
    assert volumes["volume-data"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert volumes["volume-cache"]["emptyDir"] == {}
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0


def test_containers_before_and_beside_it(api: Rendered, charts: Charts) -> None:
    spec = pod_spec(one(api, "Deployment"))
    _, wait, proxy = spec["initContainers"]

    assert (wait["name"], "restartPolicy" in wait) == ("wait", False)
    assert (proxy["name"], proxy["restartPolicy"], proxy["securityContext"]["runAsUser"]) == ("proxy", "Always", 101)
    # So that it ends with the job.
    nightly = pod_spec(one(charts.render("nightly of shop", "dev"), "CronJob"))
    assert [(each["name"], each["restartPolicy"]) for each in nightly["initContainers"]] == [("proxy", "Always")]


def test_what_a_sync_starts_anew_is_started_by_a_supervisor_out_of_its_own_image(api: Rendered, charts: Charts) -> None:
    spec = pod_spec(one(api, "Deployment"))
    first, container = spec["initContainers"][0], containers(one(api, "Deployment"))["api"]

    assert (first["name"], first["args"]) == ("supervisor", ["--copy", "/run/devenv-supervisor"])
    assert container["command"] == ["/run/devenv-supervisor/supervise", "serve", "--port", "8080"]
    assert container["args"] == ["--verbose"]
    mount = {"name": "supervisor", "mountPath": "/run/devenv-supervisor", "readOnly": True}
    assert mount in container["volumeMounts"]
    assert "supervisor" not in str(one(charts.render("worker of shop", "dev"), "Deployment"))


def test_a_job_is_a_hook_that_fails_its_release(charts: Charts) -> None:
    job = one(charts.render("migrate of shop", "dev"), "Job")

    assert job["metadata"]["annotations"]["helm.sh/hook"] == "post-install,post-upgrade"
    assert (job["spec"]["backoffLimit"], job["spec"]["activeDeadlineSeconds"]) == (0, 600)


def test_a_profile_changes_what_it_says_and_no_more(charts: Charts) -> None:
    dev, staging = (one(charts.render("api of shop", profile), "Deployment") for profile in ("dev", "staging"))
    env = {e["name"]: e.get("value") for e in containers(staging)["api"]["env"]}

    assert (dev["spec"]["replicas"], staging["spec"]["replicas"]) == (1, 3)
    assert (env["LEVEL"], env["QUEUE_URL"]) == ("info", "none")
    assert containers(staging)["api"]["resources"]["limits"] == {"cpu": "3", "memory": "1Gi"}
    assert containers(staging)["proxy"] == containers(dev)["proxy"]


def test_the_hosts_certificates_are_where_programs_look(charts: Charts) -> None:
    stack = charts.stack("web")
    values = {**stack.spec.values, "image": "x:1", "global": {"devenv": {"hostCa": "devenv-host-ca"}}}
    (deployment,) = [item for item in charts.shared("web", "service", values) if item["kind"] == "Deployment"]
    container = containers(deployment)["web"]

    env = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert env["SSL_CERT_FILE"] == env["NODE_EXTRA_CA_CERTS"] == "/run/devenv/ca-certificates.crt"
    assert {"name": "host-ca", "configMap": {"name": "devenv-host-ca"}} in pod_spec(deployment)["volumes"]


@pytest.mark.parametrize(
    ("name", "live", "first"),
    [
        ("shop", "atlas", ["files", "checksums", "pristine", "migrate-pristine"]),
        ("order-book", "atlas", ["files", "pristine", "migrate-pristine"]),
        ("django", "migrate", ["pristine", "migrate-pristine"]),
        ("plain", "pristine", []),
        ("rows", "flyway", ["files", "schemas", "migrate-pristine"]),
        ("node", "migrate", ["schemas", "migrate-pristine"]),
        ("bare", "schemas", []),
        ("events", "migrate", ["files"]),
        ("hits", "migrate", []),
    ],
)
def test_migrations_of_a_database(charts: Charts, name: str, live: str, first: list[str]) -> None:
    job = one(charts.render(f"{name} of shop", "dev"), "Job")
    spec = pod_spec(job)

    assert [container["name"] for container in spec["containers"]] == [live]
    assert [container["name"] for container in spec.get("initContainers", ())] == first
    assert violations(job) == []


@pytest.mark.parametrize(
    ("name", "scheme", "port", "variable"),
    [("django", "postgresql", 5432, "PGDATABASE"), ("node", "mysql", 3306, "MYSQL_DATABASE")],
)
def test_a_program_is_led_to_the_pristine_database_and_then_to_the_live_one(
    charts: Charts, name: str, scheme: str, port: int, variable: str
) -> None:
    rendered = charts.render(f"{name} of shop", "dev")
    found = containers(one(rendered, "Job"))
    env = {
        name: {entry["name"]: entry.get("value") for entry in found[name]["env"]}
        for name in ("migrate-pristine", "migrate")
    }

    place = f"{scheme}://$(LOGIN)@{name}.shop-database:{port}"
    assert env["migrate-pristine"]["DATABASE_URL"] == f"{place}/{name}_pristine"
    assert (env["migrate"]["DATABASE_URL"], env["migrate"][variable]) == (f"{place}/{name}", name)
    assert env["migrate"]["DEBUG"] == "true"
    assert "login" in one(rendered, "ExternalSecret")["spec"]["target"]["template"]["data"]


@pytest.mark.parametrize("name", ["rows", "bare", "events", "cache", "open-cache", "bus", "open-bus"])
def test_a_server_of_each_engine_is_its_databases_own(charts: Charts, name: str) -> None:
    rendered = charts.render(f"{name} of shop", "dev")
    workload = one(rendered, "StatefulSet")

    assert violations(workload) == []
    assert {item["metadata"]["namespace"] for item in rendered.objects} == {"shop-database"}
    assert workload["metadata"]["name"] == name
    assert name in [item["metadata"]["name"] for item in rendered.of_kind("Service")]


def test_who_sends_no_password_is_let_in_where_that_is_said(charts: Charts) -> None:
    def made(name: str) -> tuple[str, str]:
        rendered = charts.render(f"{name} of shop", "dev")
        data = one(rendered, "ExternalSecret")["spec"]["target"]["template"]["data"]
        return json.dumps(data), json.dumps(rendered.of_kind("ConfigMap"))

    assert "nopass" in made("open-cache")[0]
    assert "nopass" not in made("cache")[0]
    assert "no_auth_user" in made("open-bus")[0]
    assert "include open.conf" in made("open-bus")[1]
    assert "no_auth_user" not in made("bus")[0]
    assert "open.conf" not in made("bus")[1]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(project=projects())
@example(project=OTHERWISE)
def test_whatever_is_written_comes_to_objects_that_hold_no_secret(charts: Charts, project: Json) -> None:
    root = write_project(Path(tempfile.mkdtemp()), yaml.safe_dump(project, sort_keys=False))
    try:
        workspace = load_workspace(root, data_root=data_root())
        images = {name: f"registry.test/{name}:1" for stack in workspace.stacks.values() for name in stack.spec.images}
        for name in project["services"]:
            profile = PROFILES[len(name) % len(PROFILES)]
            facts = ProjectFacts.of(workspace.project.model_copy(update={"profile": profile}), 8080, 8443)
            ((spec, made),) = stack_inputs(workspace, [name], facts, images, FileDigests(), environ={})
            text = charts.helm.template(ChartRelease(name, spec.namespace, made.sources[0], made.values))
            objects = list(flat(yaml.safe_load_all(text)))
            (workload,) = [item for item in objects if item["kind"] in WORKLOADS]
            assert violations(workload) == []
            assert TEXT_OF_A_SECRET not in json.dumps([list(item.items()) for item in objects])
    finally:
        shutil.rmtree(root)
