"""What is told of rendered objects, rule by rule, from values alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.spec.kubernetes.finding import Finding, Rendered
from devenv.spec.kubernetes.inventory import Inventory
from devenv.spec.kubernetes.policies import Surroundings, ignored_rules, policy_findings
from devenv.spec.kubernetes.references import reference_findings
from devenv.spec.kubernetes.rules import RULES
from devenv.spec.kubernetes.schemas import Schemas, kept_versions, kubernetes_schemas, lives
from devenv.spec.kubernetes.selectors import selector_findings
from devenv.spec.kubernetes.validation import schema_findings
from devenv.spec.kubernetes.versions import version_findings
from devenv.spec.yaml.positions import plain_key

SOUND = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: web
          image: registry.example/web:1.0
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {tcpSocket: {port: http}}
          resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
"""
COMPANY = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {level: info}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: web}
spec:
  secretStoreRef: {name: vault, kind: ClusterSecretStore}
  target: {name: made}
  data: [{secretKey: password}]
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      env:
        - {name: A, valueFrom: {configMapKeyRef: {name: settings, key: levl}}}
        - {name: B, valueFrom: {secretKeyRef: {name: made, key: password}}}
        - {name: C, valueFrom: {secretKeyRef: {name: made, key: user}}}
        - {name: D, valueFrom: {secretKeyRef: {name: none, key: user, optional: true}}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web}
spec:
  routes:
    - services: [{name: web, port: 81}, {name: wbe, port: 80}]
---
"""


def rendered(text: str) -> Rendered:
    item = yaml.safe_load(text)
    return Rendered("web", item["metadata"].get("namespace", "web"), item)


def changed(before: str, after: str) -> Rendered:
    assert before in SOUND
    return rendered(SOUND.replace(before, after))


def told(findings: Any) -> list[tuple[str, str]]:
    return [(finding.rule, plain_key(finding.path)) for finding in findings]


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return kubernetes_schemas("1.36")


def test_what_is_sound_breaks_no_rule(schemas: Schemas) -> None:
    each = rendered(SOUND)
    inventory = Inventory.of([each, rendered(SERVICE)])
    findings: list[Finding] = [
        *schema_findings(each.item, schemas),
        *version_findings(each.item, schemas, kept_versions(), lives()),
        *policy_findings(each, Surroundings.of(each, inventory)),
        *reference_findings(each, inventory),
        *selector_findings(each, inventory),
    ]
    assert findings == []


@pytest.mark.parametrize(
    ("before", "after", "rule", "field"),
    [
        ("selector: {matchLabels: {app: web}}", "replicas: 1", "missing-field", "spec"),
        ("image:", "imagee:", "unknown-field", "spec.template.spec.containers[0].imagee"),
        (
            "containerPort: 8080",
            "containerPort: web",
            "wrong-value",
            "spec.template.spec.containers[0].ports[0].containerPort",
        ),
        ("cpu: 1,", "cpu: 1x,", "wrong-value", "spec.template.spec.containers[0].resources.requests.cpu"),
        ("{labels: {app: web}}", "{labels: {app: 1}}", "wrong-value", "spec.template.metadata.labels.app"),
        ("{app: web}}\n  template", "[app]}\n  template", "wrong-value", "spec.selector.matchLabels"),
        (
            "runAsNonRoot: true",
            'runAsNonRoot: "true"',
            "wrong-value",
            "spec.template.spec.securityContext.runAsNonRoot",
        ),
        ("{name: web, namespace: web}", "{name: web, namespaces: web}", "unknown-field", "metadata.namespaces"),
    ],
)
def test_schemas_are_strict(schemas: Schemas, before: str, after: str, rule: str, field: str) -> None:
    assert told(schema_findings(changed(before, after).item, schemas)) == [(rule, field)]


def test_a_field_like_a_known_one_is_proposed(schemas: Schemas) -> None:
    (finding,) = schema_findings(changed("readinessProbe", "readynessProbe").item, schemas)
    assert finding.hint == "did you mean readinessProbe?"


def test_secrets_hold_base64_and_nulls_are_as_good_as_nothing(schemas: Schemas) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "plain text", "b": None}}
    assert told(schema_findings(secret, schemas)) == [("wrong-value", "data.a")]


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        ("web:1.0", "web", ["latest-tag"]),
        ("web:1.0", "web:latest", ["latest-tag"]),
        ("web:1.0", "web@sha256:" + "0" * 64, []),
        ("readinessProbe", "livenessProbe", ["no-readiness-probe"]),
        ("limits: {memory: 1Gi}", "limits: {cpu: 1}", ["no-limits"]),
        ("requests: {cpu: 1, memory: 1Gi}, limits", "limits", ["no-requests"]),
        ("runAsNonRoot: true, ", "", ["pod-security-restricted"]),
        ("drop: [ALL]", "drop: [ALL], add: [NET_ADMIN]", ["pod-security-baseline"]),
        ("containers:", "hostNetwork: true\n      containers:", ["pod-security-baseline"]),
    ],
)
def test_policies(before: str, after: str, rules: list[str]) -> None:
    each = changed(before, after)
    surroundings = Surroundings.of(each, Inventory.of([each, rendered(SERVICE)]))
    assert [finding.rule for finding in policy_findings(each, surroundings)] == rules


def test_what_a_namespace_enforces_decides_what_is_refused() -> None:
    each = changed("runAsNonRoot: true, ", "")
    levels = {
        enforced: [finding.level for finding in policy_findings(each, Surroundings(enforced))]
        for enforced in (None, "restricted", "baseline", "privileged")
    }
    assert levels == {None: ["warning"], "restricted": ["error"], "baseline": [], "privileged": []}


def test_rules_are_ignored_where_the_object_or_its_pods_say_so() -> None:
    each = changed("metadata: {labels", 'metadata: {annotations: {devenv.io/ignore: "no-limits, latest-tag"}, labels')
    assert ignored_rules(each.item) == {"no-limits", "latest-tag"}


def test_references_to_keys_ports_and_stores_are_followed() -> None:
    found = [rendered(text) for text in f"{COMPANY}{SERVICE}".split("---\n")]
    inventory = Inventory.of(found)
    messages = [finding.message for each in found for finding in reference_findings(each, inventory)]
    assert messages == [
        "there is no ClusterSecretStore vault",
        "ConfigMap settings has no key levl",
        "Secret made has no key user",
        "Service web has no port 81",
        "there is no Service wbe in namespace web",
    ]


def test_a_service_of_pods_that_an_operator_makes_is_not_judged() -> None:
    service = rendered(SERVICE.replace("{app: web}", "{operator.example/name: main}"))
    custom = rendered("{apiVersion: operator.example/v1, kind: Server, metadata: {name: main}}")
    assert [f.rule for f in selector_findings(service, Inventory.of([service]))] == ["dead-selector"]
    assert list(selector_findings(service, Inventory.of([service, custom]))) == []


def test_each_rule_is_in_the_documentation() -> None:
    text = (Path(__file__).parents[3] / "docs" / "validation.md").read_text(encoding="utf-8")
    assert [rule for rule in RULES if f"`{rule}`" not in text] == []
