"""Checks names that one specification uses of another: stacks, layers, images, modules, hosts, releases.

Responsible for consistency across files; every function is pure and returns its problems.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from devenv.errors import Problem
from devenv.spec.needs import cycles
from devenv.spec.project import ProjectSpec, StackChoice
from devenv.spec.read.drafts import PLACEHOLDER, StackDraft
from devenv.spec.read.wording import name_hint
from devenv.spec.stack import StackSpec
from devenv.spec.versions import Versions
from devenv.spec.yaml.positions import Document, KeyPath

Drafts = Mapping[str, StackDraft]
_CONTENTS = ("services", "databases", "imports", "stacks")
"""Keys of devenv.yaml of which one at least says what is brought up."""


def emptiness_problems(document: Document) -> Iterator[Problem]:
    """A project of nothing; the document is as it was written."""
    if not any((node := document.find((key,))) and node.value for key in _CONTENTS):
        message = "there is neither a service nor a database nor a stack"
        at: KeyPath = next(((key,) for key in _CONTENTS if document.find((key,))), ())
        yield document.problem(at, message, "add one: services: {api: {build: api, port: 8080}}")


def project_problems(
    project: ProjectSpec, document: Document, drafts: Drafts, versions: Versions | None
) -> Iterator[Problem]:
    """Stacks that do not exist or are chosen twice, unknown base images, two ports that are one."""
    known = _known_names(drafts)
    first: dict[str, int] = {}
    for index, choice in enumerate(project.stacks):
        path: KeyPath = ("stacks", index, "name")
        if choice.name in first:
            message = f"the stack {choice.name} is chosen twice, first on line {first[choice.name]}"
            yield document.problem(path, message, "keep one of the two")
        first.setdefault(choice.name, document.line(path))
        if choice.name not in known and choice.name != PLACEHOLDER:
            hint = name_hint(choice.name, drafts, "stacks")
            yield document.problem(path, f"there is no stack {choice.name}", hint)
        yield from _variant_problems(document, index, choice, drafts)
    ports = project.cluster.ports
    for first_name, name in (("http", "https"), ("http", "page"), ("https", "page")):
        port = getattr(ports, name)
        if getattr(ports, first_name) == port != "auto":
            message = f"{first_name} and {name} are both {port}"
            yield document.problem(("cluster", "ports", name), message, "choose another port, or auto")
    if versions:
        known_images = {*versions.images, *project.images}
        for name, image in project.images.items():
            yield from _base_problems(document, ("images", name), image.bases, known_images)
            yield from _cluster_image_problems(document, ("images", name), versions)
    own = {name: [b for b in image.bases.values() if b in project.images] for name, image in project.images.items()}
    for ring in cycles(own):
        shown = " -> ".join((*ring, ring[0]))
        yield document.problem(("images", ring[0], "bases"), f"images are built from each other: {shown}")


def stack_problems(
    draft: StackDraft, drafts: Drafts, versions: Versions | None, images: Iterable[str], unread: Iterable[str] = ()
) -> Iterator[Problem]:
    """Needs that do not exist or come later, images and modules that the catalogue lacks.

    Args:
        draft: the stack.
        drafts: all that there are.
        versions: the catalogue.
        images: names of those that do not come from it.
        unread: names of stacks that are there, and of which nothing can be said.
    """
    spec, document = draft.spec, draft.document
    if spec is None or document is None:
        return
    yield from _company_problems(draft, spec, document, drafts, {*_known_names(drafts), *unread})
    if versions is None:
        return
    yield from _image_problems(document, spec, {*versions.images, *images})
    for at, image in spec.injections:
        if image.build:
            yield from _base_problems(document, (*at, "build"), image.build.bases, {*versions.images, *images})
        if (image.build or image.upstream) and not draft.folder.builtin:
            yield from _cluster_image_problems(document, at, versions)
    for index, source in enumerate(spec.sources):
        kind = "chart" if source.chart else "manifests"
        module = getattr(source.chart or source.manifests, "module", None)
        if module is not None and module not in versions.modules:
            message = f"the module {module} is not pinned in versions.yaml"
            hint = name_hint(module, versions.modules, "pinned modules")
            yield document.problem(("sources", index, kind, "module"), message, hint)


def _company_problems(
    draft: StackDraft, spec: StackSpec, document: Document, drafts: Drafts, known: AbstractSet[str]
) -> Iterator[Problem]:
    """Stacks that it needs or wants, and that do not exist or come later."""
    for path, other in [*spec.named("wants"), *((("alongside", other), other) for other in spec.alongside)]:
        if other not in known:
            hint = name_hint(other, [name for name in drafts if name != draft.name], "stacks")
            yield document.problem(path, f"there is no stack {other}", hint)
    for path, need in spec.named("needs"):
        if need not in known:
            hint = name_hint(need, [name for name in drafts if name != draft.name], "stacks")
            yield document.problem(path, f"there is no stack {need}", hint)
        elif need in drafts and drafts[need].folder.layer[:2] > draft.folder.layer[:2]:
            later = drafts[need].folder.layer
            message = f"{need} is in the later layer {later}, {draft.name} in {draft.folder.layer}"
            yield document.problem(path, message, "a stack needs stacks of its own layer and of earlier ones")


def cycle_problems(drafts: Drafts) -> Iterator[Problem]:
    """One problem per cycle of needs, which names the line of each need in it."""
    needs = {
        name: tuple(need for _, need in draft.spec.named("needs") if need in drafts) if draft.spec else ()
        for name, draft in drafts.items()
    }
    for ring in cycles(needs):
        links = list(zip(ring, (*ring[1:], ring[0]), strict=True))
        places = [(drafts[name].document, _need_path(drafts[name], need)) for name, need in links]
        lines = ", ".join(
            f"{'/'.join(document.file_of(path).parts[-3:])}:{document.line(path)}"
            for document, path in places
            if document
        )
        document, path = places[0]
        if document:
            shown = " -> ".join((*ring, ring[0]))
            yield document.problem(path, f"needs form a cycle: {shown} ({lines})", "remove one of these needs")


def clash_problems(drafts: Iterable[StackDraft]) -> Iterator[Problem]:
    """What must be there once: a host, a release and a node port in the project, a hook in its stack."""
    hosts: dict[str, StackDraft] = {}
    ports: dict[int, StackDraft] = {}
    releases: dict[str, StackDraft] = {}
    for draft in drafts:
        if draft.spec is not None and draft.document is not None:
            yield from _host_clashes(draft, draft.spec, draft.document, hosts)
            yield from _release_clashes(draft, draft.spec, draft.document, releases)
            yield from _hook_clashes(draft.spec, draft.document)
            yield from _port_clashes(draft, draft.spec, draft.document, ports)


def _port_clashes(
    draft: StackDraft, spec: StackSpec, document: Document, ports: dict[int, StackDraft]
) -> Iterator[Problem]:
    """A port of the nodes belongs to one Service."""
    if spec.database is None:
        return
    owner = ports.setdefault(spec.database.node_port, draft)
    if owner is not draft:
        message = f"the node port {spec.database.node_port} belongs to the stack {owner.name} too"
        yield document.problem(("database", "node_port"), message, "choose another port from 30000 to 32767")


def _host_clashes(
    draft: StackDraft, spec: StackSpec, document: Document, hosts: dict[str, StackDraft]
) -> Iterator[Problem]:
    """A stack may have several endpoints on its host (another scheme, another path), other stacks may not."""
    for index, endpoint in enumerate(spec.endpoints):
        owner = hosts.setdefault(endpoint.host, draft)
        if owner is not draft:
            message = f"the host {endpoint.host} belongs to the stack {owner.name} too"
            yield document.problem(("endpoints", index, "host"), message, "choose another host")


def _release_clashes(
    draft: StackDraft, spec: StackSpec, document: Document, releases: dict[str, StackDraft]
) -> Iterator[Problem]:
    """Helm allows a name again in another namespace, but steps are named after the release alone."""
    own: set[str] = set()
    for index, source in enumerate(spec.sources):
        if source.chart is None:
            continue
        release = source.chart.release or spec.name
        holder = releases.setdefault(release, draft)
        if holder is not draft or release in own:
            namespace = holder.spec.namespace if holder.spec else ""
            message = f"the release {release} is there twice, in namespace {spec.namespace}"
            if holder is not draft:
                message += f" and in {namespace} by the stack {holder.name}"
            at: KeyPath = ("sources", index, "chart")
            path = (*at, "release") if source.chart.release else at
            yield document.problem(path, message, "give one of the two another name: release: …")
        own.add(release)


def _hook_clashes(spec: StackSpec, document: Document) -> Iterator[Problem]:
    for when, hooks in (("before", spec.hooks.before), ("after", spec.hooks.after)):
        names: set[str] = set()
        for index, hook in enumerate(hooks):
            if hook.name in names:
                message = f"a hook named {hook.name} is there already"
                yield document.problem(("hooks", when, index, "name"), message, "give it another name")
            names.add(hook.name)


def catalogue_problems(versions: Versions, document: Document) -> Iterator[Problem]:
    """Names that the catalogue uses and does not have, and bases that need each other."""
    for name, tool in versions.tools.items():
        yield from _base_problems(document, ("tools", name), tool.bases, versions.images)
    for name, image in versions.images.items():
        yield from _base_problems(document, ("images", name), image.bases, versions.images)
    wanted: list[tuple[KeyPath, str]] = [(("node", "image"), versions.node.image)]
    wanted += [(("node", "system_images", ref), name) for ref, name in versions.node.system_images.items()]
    wanted += [
        (("databases", engine, version), name)
        for engine, known in versions.databases.items()
        for version, name in known.items()
    ]
    for path, name in wanted:
        if name not in versions.images:
            hint = name_hint(name, versions.images, "images")
            yield document.problem(path, f"there is no image {name}", hint)
    bases = {
        name: [base for base in image.bases.values() if base in versions.images]
        for name, image in versions.images.items()
    }
    for ring in cycles(bases):
        shown = " -> ".join((*ring, ring[0]))
        yield document.problem(("images", ring[0], "bases"), f"bases form a cycle: {shown}")


def _base_problems(
    document: Document, at: KeyPath, bases: Mapping[str, str], known: Collection[str]
) -> Iterator[Problem]:
    for argument, base in bases.items():
        if base not in known:
            hint = name_hint(base, known, "images")
            yield document.problem((*at, "bases", argument), f"there is no image {base}", hint)


def _known_names(drafts: Drafts) -> set[str]:
    """Names of folders, and names that stacks give themselves: a mismatch is reported once, where it is."""
    return {*drafts, *(draft.spec.name for draft in drafts.values() if draft.spec)}


def _need_path(draft: StackDraft, need: str) -> KeyPath:
    return next((path for path, other in draft.spec.named("needs") if other == need), ()) if draft.spec else ()


def _variant_problems(document: Document, index: int, choice: StackChoice, drafts: Drafts) -> Iterator[Problem]:
    """Values by which a stack has variants, and that name none of them."""
    draft = drafts.get(choice.name)
    for key, variants in draft.spec.variants.items() if draft and draft.spec else ():
        if key in choice.values and (given := str(choice.values[key])) not in variants:
            message = f"{choice.name} has no {key} {given}"
            hint = name_hint(given, variants, f"values of {key}")
            yield document.problem(("stacks", index, "values", key), message, hint)


def _cluster_image_problems(document: Document, at: KeyPath, versions: Versions) -> Iterator[Problem]:
    """An image with a name of one that clusters are made of: it would be taken in that one's place."""
    name = str(at[-1])
    if name in versions.cluster_images:
        yield document.problem(at, f"{name} is an image that clusters are made of", f"call yours otherwise: own-{name}")


def _image_problems(document: Document, spec: StackSpec, images: AbstractSet[str]) -> Iterator[Problem]:
    """Images that exist nowhere."""
    used: list[tuple[KeyPath, str]] = [(at, str(at[-1])) for at, _ in spec.injections]
    if spec.licence:
        used += [(("licence", "images", name), other) for name, other in spec.licence.images.items()]
    for path, name in used:
        if name not in images:
            message = f"the image {name} is neither in the catalogue nor under images in devenv.yaml"
            yield document.problem(path, message, name_hint(name, images, "images"))
