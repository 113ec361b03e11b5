"""Which stacks and tasks a run is about: `--only`, `--skip` and `--layer` over the graph of needs. Pure.

The graph's own operations (order, cycles, reach) are those of `devenv.spec.needs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from devenv.errors import UsageError
from devenv.spec.needs import Needs, needed_by, order
from devenv.spec.read.wording import name_hint
from devenv.spec.workspace import Workspace


def choose(
    workspace: Workspace, *, only: Sequence[str] = (), skip: Sequence[str] = (), layers: Sequence[str] = ()
) -> tuple[Workspace, tuple[str, ...]]:
    """The workspace and the stacks that the flags leave, of which `skip` names tasks too.

    Of a task that is left out others take it that it has run. Raises UsageError as `select` does.
    """
    tasks = workspace.project.tasks
    _refuse_unknown("--skip", skip, [*workspace.selected, *tasks], "stacks or tasks of this project")
    out = {name for name in skip if name in tasks}
    left = {
        name: task.model_copy(update={"needs": tuple(need for need in task.needs if need not in out)})
        for name, task in tasks.items()
        if name not in out
    }
    stacks = select(workspace, only=only, skip=[name for name in skip if name not in out], layers=layers)
    return replace(workspace, project=workspace.project.model_copy(update={"tasks": left})), stacks


def select(
    workspace: Workspace, *, only: Sequence[str] = (), skip: Sequence[str] = (), layers: Sequence[str] = ()
) -> tuple[str, ...]:
    """The stacks of a workspace that the flags leave, each after those that it needs; see `select_from`.

    Raises:
        UsageError: a flag names what the project does not use, or nothing is left.
    """
    stacks = {name: workspace.stacks[name].spec for name in workspace.selected}
    return select_from(
        {name: stack.needs for name, stack in stacks.items()},
        {name: stack.layer for name, stack in stacks.items()},
        wants={name: stack.wants for name, stack in stacks.items()},
        only=only,
        skip=skip,
        layers=layers,
    )


def select_from(
    needs: Needs,
    layer_of: Mapping[str, str],
    *,
    wants: Needs = MappingProxyType({}),
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    layers: Sequence[str] = (),
) -> tuple[str, ...]:
    """The stacks that the flags leave, each after those that it needs.

    Args:
        needs: the project's stacks with their needs.
        layer_of: the layer of each.
        wants: what else comes with each, and is not waited for.
        only: these and all that come with them.
        skip: not these, of which others take it that they are there, nor what only they need when `only` or `layers` is
            given.
        layers: the stacks of these layers and all that come with them; `02` stands for `02-infrastructure`.

    Raises:
        UsageError: a flag names what the project does not use, or nothing is left.
    """
    _refuse_unknown("--only", only, needs, "stacks of this project")
    _refuse_unknown("--skip", skip, needs, "stacks of this project")
    known_layers = set(layer_of.values())
    in_layers = {layer for text in layers for layer in known_layers if _is_layer(text, layer)}
    for text in layers:
        if not any(_is_layer(text, layer) for layer in known_layers):
            raise _unknown("--layer", text, known_layers, "layers of this project")
    both = sorted(set(only) & set(skip))
    if both:
        raise UsageError(f"{both[0]} is named by both --only and --skip", hint="drop one of the two flags")
    roots = {*only, *(name for name in needs if layer_of[name] in in_layers)} if only or layers else set(needs)
    company = {name: {*needed, *wants.get(name, ())} for name, needed in needs.items()}
    left = {name: others for name, others in company.items() if name not in skip}
    chosen = (roots | needed_by(left, roots - set(skip))) - set(skip)
    if not chosen:
        raise UsageError("the flags leave no stack", hint="name fewer stacks with --skip")
    ordered = order({name: needs.get(name, ()) for name in needs}, key=lambda name: (layer_of[name], name))
    return tuple(name for name in ordered if name in chosen)


def _is_layer(text: str, layer: str) -> bool:
    return layer == text or layer.startswith(f"{text}-")


def _refuse_unknown(flag: str, names: Iterable[str], known: Iterable[str], what: str) -> None:
    known = set(known)
    for name in names:
        if name not in known:
            raise _unknown(flag, name, known, what)


def _unknown(flag: str, name: str, known: Iterable[str], what: str) -> UsageError:
    return UsageError(f"{flag}: the project has no {name}", hint=name_hint(name, known, what))
