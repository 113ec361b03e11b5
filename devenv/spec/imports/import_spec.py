"""`imports` of devenv.yaml: which files of other tools are read, and how. What is written, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from devenv.spec.model import NamespaceName, SpecModel, Text

KINDS = ("compose", "skaffold")
"""Keys of which an import has exactly one."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | Mapping) else value


class Import(SpecModel):
    """One import."""

    compose: Annotated[
        tuple[Text, ...] | None, BeforeValidator(_as_list, json_schema_input_type=Text | tuple[Text, ...])
    ] = None
    """A Compose file, or several of which each goes over those before it."""
    skaffold: Text | None = None
    """A `skaffold.yaml`, or the folder of one."""
    profiles: tuple[Text, ...] = ()
    """Profiles of Compose or Skaffold that are active, beside the one that is called like devenv's."""
    databases: Literal["image", "built-in"] = "image"
    """Whether databases run from the image that is named, or as devenv's own, which reset, snapshots and tests know."""
    without: tuple[Text, ...] = ()
    """Services, or releases of Skaffold, that are left out."""
    namespace: NamespaceName = "{namespace_prefix}-compose"

    @model_validator(mode="after")
    def _one_kind(self) -> Import:
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise ValueError(f"exactly one of {' and '.join(KINDS)} is expected" if KINDS[1:] else "compose is missing")
        return self

    @property
    def kind(self) -> str:
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


Imports = Annotated[
    tuple[Import, ...], BeforeValidator(_as_list, json_schema_input_type=Import | tuple[Import, ...]), Field()
]
"""One import, or a list of them."""
