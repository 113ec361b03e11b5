"""Checks of `set`: keys and templates that Helm would take, and that each image has a place in the values."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from devenv.errors import Problem
from devenv.spec.helm import go_templates
from devenv.spec.helm.go_templates import TemplateError
from devenv.spec.helm.image_variables import named_images, suffix, variables_of
from devenv.spec.helm.set_values import SetError, with_set
from devenv.spec.model import Values
from devenv.spec.read.drafts import StackDraft
from devenv.spec.read.wording import name_hint
from devenv.spec.render import merged
from devenv.spec.stack import PLACE_EXPECTED
from devenv.spec.yaml.positions import Document


def set_value_problems(draft: StackDraft) -> Iterator[Problem]:
    """What is wrong with a stack's `set`, and images that nothing places."""
    spec, document = draft.spec, draft.document
    if spec is None or document is None:
        return
    variables = variables_of(dict.fromkeys(spec.images, "registry.example/image:tag"))
    values = merged(spec.values, draft.file_values)
    for key, text in spec.set.items():
        values = yield from _applied(values, key, text, variables, document)
    placed = named_images([*spec.set, *spec.set.values()], spec.images)
    for at, image in spec.injections:
        blamed = any(problem.key.startswith(document.key(at)) for problem in draft.problems)
        if not image.is_placed and at[-1] not in placed and not blamed:
            hint = f'or in set: {{image: "{{{{.IMAGE_FULLY_QUALIFIED_{suffix(str(at[-1]))}}}}}"}}'
            yield document.problem(at, PLACE_EXPECTED, hint if spec.set else "")


def _applied(
    values: Values, key: str, text: str, variables: dict[str, str], document: Document
) -> Generator[Problem, None, Values]:
    try:
        unknown = [name for name in (*_names(key), *_names(text)) if name not in variables]
        if unknown:
            hint = name_hint(unknown[0], variables, "variables")
            yield document.problem(("set", key), f"there is no variable {unknown[0]}", hint)
            return values
        return with_set(values, go_templates.render(key, variables), go_templates.render(text, variables))
    except TemplateError as error:
        yield document.problem(("set", key), f"this is no template: {error}")
    except SetError as error:
        hint = "write a dot or comma that is meant as such with a backslash before it"
        yield document.problem(("set", key), str(error), hint)
    return values


def _names(text: str) -> tuple[str, ...]:
    return go_templates.names(text) if go_templates.is_template(text) else ()
