"""The stack `dashboards` through its server: which dashboards there are.

Responsible for the question and for reading the answer; whether the project has dashboards is its callers' concern.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urljoin

from pydantic import BaseModel, TypeAdapter, ValidationError

from devenv.adapters.through_traefik import ask, unanswered


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard that can be shown."""

    name: str
    title: str
    url: str

    def showing(self, stack: str) -> str:
        """Its address with a stack chosen; one without that variable pays no heed."""
        return f"{self.url}?var-stack={quote(stack)}"


class _Display(BaseModel):
    name: str = ""


class _Spec(BaseModel):
    display: _Display = _Display()


class _Resource(BaseModel):
    spec: _Spec


class _Wire(BaseModel):
    """What is read of a dashboard; one that cannot be shown has no resource."""

    name: str
    resource: _Resource | None = None


_ANSWER = TypeAdapter(list[_Wire])


def list_dashboards(url: str, *, timeout: float) -> tuple[Dashboard, ...]:
    """The dashboards that can be shown, devenv's own first.

    Args:
        url: where the stack answers.
        timeout: seconds for the whole question.

    Raises:
        ClusterError: it does not answer in time, or something else does.
    """
    answer = ask("the server of the dashboards", urljoin(url, "/api/dashboards"), timeout=timeout)
    try:
        found = _ANSWER.validate_json(answer)
    except ValidationError as error:
        raise unanswered("the server of the dashboards", url, str(error)) from error
    return tuple(
        Dashboard(each.name, each.resource.spec.display.name or each.name, urljoin(url, f"/d/{quote(each.name)}"))
        for each in found
        if each.resource
    )
