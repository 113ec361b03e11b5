"""The kinds of objects that an API server knows, custom ones included, and where it keeps them.

Responsible for discovery only: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devenv.adapters.kubernetes.api import DISCOVERY, Api
from devenv.adapters.kubernetes.json_objects import Json


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object and where the API server keeps it."""

    group: str
    """Empty for the core kinds."""
    version: str
    kind: str
    plural: str
    namespaced: bool
    listed: bool
    """Whether its objects can be listed: some kinds are questions in the form of an object."""
    names: frozenset[str] = frozenset()
    """By which kubectl knows it, in small letters: kind, singular, plural, short names."""

    @property
    def api_version(self) -> str:
        """As manifests name it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "") -> str:
        """Path of the collection, in all namespaces when none is given."""
        root = f"apis/{self.api_version}" if self.group else f"api/{self.api_version}"
        return (
            f"{root}/namespaces/{namespace}/{self.plural}" if self.namespaced and namespace else f"{root}/{self.plural}"
        )


def object_path(collection: str, key: str) -> str:
    """Where the API server keeps an object.

    Args:
        collection: the path of its kind, in all namespaces.
        key: `namespace/name`, or the name alone of what belongs into no namespace.
    """
    root, _, plural = collection.rpartition("/")
    namespace, _, name = key.rpartition("/")
    return f"{root}/namespaces/{namespace}/{plural}/{name}" if namespace else f"{collection}/{name}"


def discover(api: Api) -> Iterator[Resource]:
    """Every kind in every version, the version first that the server prefers."""
    for root in ("api", "apis"):
        for entry in api.fetch(root, accept=DISCOVERY)["items"]:
            for version in entry["versions"]:
                for resource in version.get("resources", ()):
                    yield _resource(entry["metadata"].get("name", ""), version["version"], resource)


def find_resource(api: Api, kind: str) -> Resource | None:
    """The resource that `kind` names the way kubectl takes it: `externalsecret`, `es.external-secrets.io`."""
    wanted, _, group = kind.lower().partition(".")
    return next((r for r in discover(api) if wanted in r.names and group in ("", r.group)), None)


def _resource(group: str, version: str, resource: Json) -> Resource:
    kind = resource.get("responseKind", {}).get("kind", "")
    names = (resource["resource"], resource.get("singularResource", ""), kind.lower(), *resource.get("shortNames", ()))
    return Resource(
        group=group,
        version=version,
        kind=kind,
        plural=resource["resource"],
        namespaced=resource["scope"] == "Namespaced",
        listed="list" in resource.get("verbs", ()),
        names=frozenset(names),
    )
