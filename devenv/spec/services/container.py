"""What everything that runs of devenv.yaml has in common: an image that is built, or named."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints, model_validator

from devenv.spec.local_image import LocalImage
from devenv.spec.model import SpecModel, Text

VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]


def short_form(key: str, kind: type, schema: Any) -> BeforeValidator:
    """Takes a value that is written short: `build: api` for `build: {context: api}`.

    Args:
        key: what a short value is the value of.
        kind: of short values.
        schema: what the value may be.
    """

    def long(value: Any) -> Any:
        return {key: value} if isinstance(value, kind) and not isinstance(value, bool) else value

    return BeforeValidator(long, json_schema_input_type=schema)


Build = Annotated[LocalImage, short_form("context", str, str | LocalImage)]


class HasImage(SpecModel):
    """An image, built or named."""

    build: Build | None = None
    """The folder with its Dockerfile, or what `images` takes."""
    image: Text | None = None
    """A reference, or the name of an image of `images` or the catalogue."""

    @model_validator(mode="after")
    def _one_image(self) -> HasImage:
        if (self.build is None) == (self.image is None):
            raise ValueError("exactly one of build and image is expected")
        return self

    @property
    def whole_build(self) -> LocalImage | None:
        """What is built, with all that is said of it beside `build`."""
        return self.build
