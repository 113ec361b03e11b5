"""What is recorded is not taken for what is there, and other programs may work on what devenv has installed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.environment import Project, run

from devenv.adapters.files.paths import data_root

pytestmark = pytest.mark.e2e
CONFIG = "external-secrets-config"
DEFINITION = "externalsecrets.external-secrets.io"
TOY = "toys.devenv.test"
SOURCE = "alt-apps/alt-backend"


def helm(project: Project, *args: str) -> str:
    """The user's own Helm, without a flag that devenv might need; what it caches is not in the user's home."""
    cache = f"KUBECACHEDIR={project.root.parent / 'kube-cache'}"
    return run(["env", cache, project.tool("helm"), *args, "--kubeconfig", project.devenv("kubeconfig").stdout.strip()])


def steps(project: Project, *args: str) -> dict[str, str]:
    """What `up` did: step to reason."""
    planned = project.devenv("up", "--yes", "--json", *args).last("plan-made")
    return {step["key"]: step["reason"] for step in planned["steps"]}


def differences(project: Project) -> list[tuple[str, ...]]:
    """What `diff` tells: stack, object, field, what there is and what is wanted."""
    found: list[dict[str, str]] = json.loads(project.devenv("diff", "--json").stdout)
    return [tuple(difference.values()) for difference in found]


def secret(project: Project, namespace: str, name: str) -> dict[str, str]:
    text = project.kubectl("-n", namespace, "get", "secret", name, "-o", "json")
    return {key: base64.b64decode(value).decode() for key, value in json.loads(text)["data"].items()}


def stack_states(project: Project) -> dict[str, str]:
    return {stack["name"]: stack["state"] for stack in project.status()["stacks"]}


def test_what_was_removed_comes_back_with_all_that_went_with_it(environment: Project) -> None:
    """A release without workloads, and a kind with every object of it, in whichever stack."""
    before = secret(environment, "alt-database", "postgres")
    helm(environment, "uninstall", CONFIG, "--namespace", "external-secrets")
    environment.kubectl("delete", "crd", DEFINITION)

    states = stack_states(environment)
    users = {"postgres", "alt-backend"}
    assert {name for name in ("external-secrets", CONFIG, *users) if states[name] != "incomplete"} == set()
    done = steps(environment)

    assert {done[f"ready/{name}"] for name in ("external-secrets", CONFIG, *users)} == {"incomplete"}
    assert set(stack_states(environment).values()) == {"ready"}
    assert secret(environment, "alt-database", "postgres") == before
    assert steps(environment) == {}


def test_what_others_changed_stays_until_it_is_verified(environment: Project) -> None:
    """A plain `helm upgrade` meets no conflict after what devenv does; `diff` tells it, --verify takes it back."""
    chart = str(environment.root / "stacks" / "04-core-services" / "alt-backend" / "chart")
    limit = "{.spec.template.spec.containers[0].resources.limits.memory}"
    query = ("-n", "alt-apps", "get", "deploy", "alt-backend", "-o", f"jsonpath={limit}")
    wanted = environment.kubectl(*query)
    assert wanted != "65Mi"
    assert differences(environment) == []
    set_memory = ("--namespace", "alt-apps", "--reuse-values", "--set", "resources.limits.memory=65Mi")
    helm(environment, "upgrade", "alt-backend", chart, *set_memory)
    assert environment.kubectl(*query) == "65Mi"
    environment.kubectl("-n", "alt-apps", "rollout", "status", "deploy/alt-backend", "--timeout=60s")

    assert steps(environment) == {}
    field = "spec.template.spec.containers[0].resources.limits.memory"
    changed = ("alt-backend", "Deployment alt-apps/alt-backend", field, '"65Mi"', f'"{wanted}"')
    assert differences(environment) == [changed]
    assert environment.devenv("diff", "alt-backend", "--exit-code", expect=1).stdout.count("65Mi") == 1
    assert set(steps(environment, "--verify").values()) == {"drifted"}
    assert environment.kubectl(*query) == wanted
    assert steps(environment, "--verify") == {}


def test_the_webhook_of_external_secrets_refuses_and_keeps_its_certificate_when_helm_upgrades_it(
    environment: Project, tmp_path: Path
) -> None:
    chart = data_root() / "stacks" / "02-infrastructure" / "external-secrets" / "webhook"
    release = ("external-secrets-validation", "external-secrets")
    certificate = secret(environment, release[1], f"{release[0]}-tls")
    helm(environment, "upgrade", release[0], str(chart), "--namespace", release[1], "--reuse-values", "--wait")

    assert secret(environment, release[1], f"{release[0]}-tls") == certificate
    assert differences(environment) == []
    empty = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "empty", "namespace": "alt-apps"},
        "spec": {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "localstack"}},
    }
    (tmp_path / "empty.yaml").write_text(yaml.safe_dump(empty))
    with pytest.raises(AssertionError, match="either data or dataFrom should be specified"):
        environment.kubectl("apply", "--dry-run=server", "--filename", str(tmp_path / "empty.yaml"))


def test_a_lost_record_is_made_again_and_nothing_else(environment: Project) -> None:
    cluster = environment.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")
    running = environment.kubectl("-n", "alt-database", "get", "pod", "postgres-0", "-o", "jsonpath={.metadata.uid}")
    environment.kubectl("-n", "devenv-system", "delete", "configmap", "devenv-state")

    assert set(stack_states(environment).values()) == {"ready"}, "Helm's releases tell what they are made of"
    assert set(steps(environment).values()) == {"not recorded"}
    assert environment.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}") == cluster
    after = environment.kubectl("-n", "alt-database", "get", "pod", "postgres-0", "-o", "jsonpath={.metadata.uid}")
    assert after == running
    assert steps(environment) == {}


def test_a_changed_seed_is_in_the_secret_when_up_ends(environment: Project) -> None:
    seeds = environment.root / "seeds.yaml"
    former = seeds.read_text()
    document = yaml.safe_load(former)
    entry = next(secret for secret in document["secrets"] if secret["name"] == SOURCE)
    try:
        entry["value"]["greeting"] = "hello from a changed seed"
        seeds.write_text(yaml.safe_dump(document))
        environment.devenv("up", "--yes")
        assert secret(environment, "alt-apps", "alt-backend")["greeting"] == "hello from a changed seed"
    finally:
        seeds.write_text(former)
    environment.devenv("up", "--yes")
    assert secret(environment, "alt-apps", "alt-backend")["greeting"] == "hello from Secrets Manager"


def definition(**fields: str) -> dict[str, Any]:
    spec = {"type": "object", "properties": {name: {"type": kind} for name, kind in fields.items()}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": TOY},
        "spec": {
            "group": "devenv.test",
            "names": {"kind": "Toy", "plural": "toys"},
            "scope": "Namespaced",
            "versions": [version],
        },
    }


def toy(**spec: str | int) -> dict[str, Any]:
    return {"apiVersion": "devenv.test/v1", "kind": "Toy", "metadata": {"name": "ball"}, "spec": spec}


@contextmanager
def charted(project: Project) -> Iterator[Path]:
    """The backend's chart with a kind of its own; in the end it is as before, and the kind is gone."""
    chart = project.root / "stacks" / "04-core-services" / "alt-backend" / "chart"
    (chart / "crds").mkdir()
    try:
        yield chart
    finally:
        (chart / "crds" / "toy.yaml").unlink()
        (chart / "crds").rmdir()
        (chart / "templates" / "toy.yaml").unlink()
        project.devenv("up", "--yes")
        project.kubectl("delete", "crd", TOY, "--ignore-not-found")


def test_a_chart_s_own_kinds_follow_it(environment: Project) -> None:
    with charted(environment) as chart:
        for fields, spec in (({"colour": "string"}, {"colour": "red"}), ({"size": "integer"}, {"size": 3})):
            (chart / "crds" / "toy.yaml").write_text(yaml.safe_dump(definition(**fields)))
            (chart / "templates" / "toy.yaml").write_text(yaml.safe_dump(toy(**spec)))
            environment.devenv("up", "--yes")
            found = json.loads(environment.kubectl("-n", "alt-apps", "get", "toy", "ball", "-o", "json"))
            assert found["spec"] == spec
        environment.kubectl("delete", "crd", TOY)
        assert set(steps(environment).values()) == {"incomplete"}
        assert environment.kubectl("-n", "alt-apps", "get", "toy", "ball", "-o", "name")
