"""The page and its sections as HTML. Whatever comes from the cluster is escaped, without exception."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from devenv.page.view import View, spoken

SECTIONS = (
    *("summary", "runs", "failures", "endpoints", "stacks", "tasks", "former"),
    *("alerts", "databases", "dashboards", "localstack", "routes", "credentials"),
)
"""What is replaced as a whole when it changes, by the names of their templates."""
_LAYER_NUMBER = 3
"""Characters that order the layers: `02-infrastructure`."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page."""

    name: str
    html: Markup

    @property
    def version(self) -> str:
        """Another text for other content: what a reader has already is not put there anew."""
        return hashlib.sha256(self.html.encode()).hexdigest()[:12]


class Pages:
    """The templates, compiled at first use."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "spoken": spoken,
            "layer": _layer,
            "short_image": _short_image,
            "short_url": _short_url,
            "marked": _marked,
        }

    def whole(self, view: View) -> str:
        """The page."""
        sections = {section.name: section for section in self.sections(view)}
        return self._templates.get_template("page.html").render(view=view, sections=sections)

    def sections(self, view: View) -> Iterator[Section]:
        """Each section, in the order in which it is sent."""
        for name in SECTIONS:
            # Its template has escaped what comes from elsewhere.
            yield Section(name, Markup(self._templates.get_template(f"{name}.html").render(view=view)))  # noqa: S704


def _layer(name: str) -> str:
    """A layer without its number."""
    return name[_LAYER_NUMBER:].replace("-", " ") if name[:2].isdigit() else name


def _marked(text: str) -> Markup:
    """Text with what stands in backticks as code, as rules' runbooks have it."""
    parts = text.split("`")
    codes = len(parts) % 2 == 1  # each backtick has its pair
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if codes and number % 2 else escape(part if codes else text)
        for number, part in enumerate(parts if codes else [text])
    )


def _short_url(url: str) -> str:
    """An address without what every address has."""
    return url.removeprefix("http://").removesuffix("/")


def _short_image(reference: str) -> str:
    """An image without its registry and digest."""
    return reference.partition("@")[0].rpartition("/")[2]
