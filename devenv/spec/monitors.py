"""Rules and monitors as the Prometheus operator takes them: what is told before they are in the cluster.

Of its definitions of kinds, version 0.85: https://prometheus-operator.dev/docs/api-reference/api/. The API server
refuses more; here is what it would take, and what would then not be read, or keep all rules from being loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from devenv.spec.model import Text, TolerantModel
from devenv.spec.promql import Expression
from devenv.spec.yaml.positions import KeyPath

RuleDuration = Annotated[
    str,
    StringConstraints(
        min_length=1, pattern=r"^(0|([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$"
    ),
]
"""As the operator's definition has it."""
MetricName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]


MONITORING = "monitoring"
"""The stack that has the operator, and its namespace."""
PROMETHEUS, VICTORIA_METRICS = "prometheus", "victoria-metrics"


def engine_of(values: Mapping[str, Any]) -> str:
    """What keeps the metrics, by the values of the stack."""
    return str(values.get("engine", PROMETHEUS))


class Rule(TolerantModel):
    """An alert, or a series that is recorded."""

    alert: Text | None = None
    record: MetricName | None = None
    expr: str | int | float
    for_: RuleDuration | None = Field(default=None, alias="for")
    labels: dict[str, str] = {}

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Rule:
        if (self.alert is None) is (self.record is None):
            raise ValueError("a rule has either alert or record")
        return self

    @property
    def identity(self) -> tuple[Any, ...]:
        """What no other rule of a group has: by name alone they are told apart where thresholds have a label each."""
        return (self.alert, self.record, tuple(sorted(self.labels.items())))


class RuleGroup(TolerantModel):
    """Rules that are evaluated one after the other."""

    name: Text
    rules: tuple[Rule, ...] = ()


class RuleGroups(TolerantModel):
    """What a PrometheusRule holds."""

    groups: tuple[RuleGroup, ...] = ()


class PrometheusRule(TolerantModel):
    """Rules as an object of the cluster."""

    spec: RuleGroups

    def rules(self) -> list[tuple[KeyPath, Rule]]:
        """Every rule, and where it is written."""
        return [
            (("spec", "groups", group, "rules", index), rule)
            for group, held in enumerate(self.spec.groups)
            for index, rule in enumerate(held.rules)
        ]

    def expressions(self) -> list[Expression]:
        """What the rules ask."""
        return [((*path, "expr"), str(rule.expr)) for path, rule in self.rules()]
