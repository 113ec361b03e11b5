"""What every image is: its upstream reference, its own with the hash of its recipe, and what it needs.

Responsible for describing images. Pure: hashing files is done by the function that is passed in. Which of the
two references is used is decided in `devenv.plan.provision`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from devenv.errors import ImageError
from devenv.images.content.fingerprint import TAG_DIGITS, FileDigests, fingerprint, hash_of
from devenv.plan.image import Assembly, Bootstrap, HostBuild, HostCall, Image, Recipe
from devenv.spec.image_reference import Reference, mirrored_at
from devenv.spec.local_image import LocalImage
from devenv.spec.model import Pairs
from devenv.spec.tasks.host_command import argv_of
from devenv.spec.versions import NODE, CatalogueImage, ToolVersion, Versions

OWN_REPOSITORY = "localhost/devenv"
"""A registry that no engine ever asks for an image."""
_ASSEMBLY = "2"
"""Raised when the way in which the node image is assembled changes."""
_NOT_IN_TAGS = re.compile(r"[^\w.-]+", re.ASCII)
_VERSION_LENGTH = 64

Fingerprint = Callable[[Recipe, tuple[str, ...]], str]
"""The hash of a recipe, given the identities of its bases."""
CommitTag = Callable[[Recipe, str], str]
"""The tag that names the commit of what a recipe reads, given the hash of the same; the recipe's paths as written."""


def hashing(digests: FileDigests) -> Fingerprint:
    """Fingerprints from the files themselves."""

    def of(recipe: Recipe, bases: tuple[str, ...]) -> str:
        return fingerprint(
            recipe.dockerfile,
            recipe.context,
            target=recipe.target,
            args=dict(recipe.args),
            bases=bases,
            digests=digests,
            shipped=recipe.shipped,
            host=recipe.host,
        )

    return of


class Catalogue:
    """All images by name, described when they are first asked for: most commands need few of them."""

    def __init__(
        self,
        versions: Versions,
        data_root: Path,
        fingerprint_of: Fingerprint,
        local: Mapping[str, LocalImage] | None = None,
        project_root: Path | None = None,
        *,
        commit_tag: CommitTag | None = None,
        locked: Mapping[str, str] | None = None,
        mirrors: Mapping[str, str] | None = None,
    ) -> None:
        """`local` are the project's own images, whose contexts are relative to `project_root`.

        `locked` are upstream references that the project has locked, with the place where it says so; `mirrors` are
        registries with what is pulled from instead.
        """
        self._versions = versions
        self._root = data_root
        self._fingerprint_of = fingerprint_of
        self._local = local or {}
        self._project_root = project_root or data_root
        self._commit_tag = commit_tag
        self._locked = locked or {}
        self._mirrors = mirrors or {}
        self._known: dict[str, Image] = {}
        self._open: list[str] = []

    def names(self) -> tuple[str, ...]:
        """All images that can be asked for."""
        return tuple(dict.fromkeys([*self._local, *self._versions.images, NODE]))

    def is_local(self, name: str) -> bool:
        """Whether an image is built from the project's own sources."""
        return name in self._local

    def __getitem__(self, name: str) -> Image:
        """The description of an image; raises ImageError on unknown names and images that need themselves."""
        if name not in self._known:
            if name in self._open:
                circle = " -> ".join([*self._open[self._open.index(name) :], name])
                raise ImageError(f"images are built from each other in a circle: {circle}")
            self._open.append(name)
            try:
                self._known[name] = self._describe(name)
            finally:
                self._open.pop()
        return self._known[name]

    def described(self, names: Iterable[str]) -> dict[str, Image]:
        """Images by name, with all that they are made from; raises as asking for one does."""
        found: dict[str, Image] = {}
        waiting = list(names)
        while waiting:
            if (name := waiting.pop()) not in found:
                found[name] = self[name]
                waiting += self[name].needs
        return found

    def tool(self, name: str) -> Image:
        """The image whose only file is a program that devenv runs on the host."""
        tool: ToolVersion = self._versions.tools[name]
        folder = self._root / tool.recipe
        recipe = _shipped(folder, folder, tool.target, tool.args, tool.bases)
        return self._built(f"tool-{name}", tool.version, recipe)

    def _describe(self, name: str) -> Image:
        if name in self._local:
            return self._describe_local(name, self._local[name])
        if name in self._versions.images:
            return self._of_project(self._describe_listed(name, self._versions.images[name]))
        if name == NODE:
            return self._of_project(self._describe_node())
        raise ImageError(
            f"there is no image {name} in the catalogue",
            hint="the names are in versions.yaml and devenv.yaml",
        )

    def _of_project(self, image: Image) -> Image:
        """The same with what the project's lock and mirrors say of it."""
        if not image.upstream:
            return image
        mirrored = mirrored_at(self._mirrors, image.upstream)
        return replace(image, locked=self._locked.get(image.upstream, ""), mirrored=mirrored)

    def _describe_local(self, name: str, image: LocalImage) -> Image:
        written = self._project_root / image.context
        context = written.resolve()
        args, bases = _pairs(image.args), _pairs(image.bases)
        recipe = Recipe(
            context / image.dockerfile,
            context,
            image.target,
            args,
            bases,
            image.network,
            secrets=tuple(sorted(self._secrets(image))),
            ssh=image.ssh,
            host=HostBuild(argv_of(image.command), image.shown, image.deps) if image.command else None,
            after=tuple(self._following(image)),
        )
        built = replace(self._built(name, "", recipe), local=True)
        if image.tag == "content" or self._commit_tag is None:
            return built
        as_written = replace(recipe, context=written, dockerfile=written / image.dockerfile)
        tag = self._commit_tag(as_written, built.content)
        return replace(built, own=f"{OWN_REPOSITORY}/{name}:{tag}")

    def _following(self, image: LocalImage) -> Iterable[HostCall]:
        for each in image.after:
            yield HostCall(argv_of(each.command), each.shown, self._project_root / each.dir)

    def _secrets(self, image: LocalImage) -> Iterable[tuple[str, str]]:
        for name, secret in image.secrets.items():
            file = self._project_root / Path(secret.file).expanduser() if secret.file else None
            yield name, f"src={file}" if file else f"env={secret.env}"

    def _describe_listed(self, name: str, image: CatalogueImage) -> Image:
        version = image.version or (_upstream_version(image.upstream) if image.upstream else "")
        if image.debootstrap:
            script = bootstrap_script(self._root)
            recipe = Recipe(script, script.parent, image.debootstrap, (), (), shipped=True)
            own = own_reference(name, image.debootstrap, self._fingerprint_of(recipe, ()))
            return Image(name, version, image.upstream, image.digest, own, Bootstrap(image.debootstrap))
        if not image.recipe:
            return Image(name, version, image.upstream, image.digest, None, None)
        folder = self._root / image.recipe
        context = self._root / image.context if image.context else folder
        recipe = _shipped(folder, context, image.target, image.args, image.bases)
        return self._built(name, version, recipe, image)

    def _describe_node(self) -> Image:
        node = self._versions.node
        base = self[node.image]
        system = _pairs(node.system_images)
        parts = [f"{inside}={self[name].identity}" for inside, name in system]
        own = own_reference(NODE, node.kubernetes, hash_of(_ASSEMBLY, base.identity, *parts))
        return Image(NODE, node.kubernetes, base.upstream, base.digest, own, Assembly(node.image, system))

    def _built(self, name: str, version: str, recipe: Recipe, listed: CatalogueImage | None = None) -> Image:
        content = self._content(recipe)
        own = own_reference(name, version, content)
        upstream, digest = (listed.upstream, listed.digest) if listed else (None, None)
        return Image(name, version, upstream, digest, own, recipe, content=content)

    def _content(self, recipe: Recipe) -> str:
        return self._fingerprint_of(recipe, tuple(self[base].identity for _, base in recipe.bases))


def own_reference(name: str, version: str, content: str) -> str:
    """`localhost/devenv/<name>:<version>-<hash>`."""
    readable = _NOT_IN_TAGS.sub("-", version).strip(".-")[:_VERSION_LENGTH]
    tag = f"{readable}-{content[:TAG_DIGITS]}" if readable else content[:TAG_DIGITS]
    return f"{OWN_REPOSITORY}/{name}:{tag}"


def bootstrap_script(data_root: Path) -> Path:
    """The script that bootstraps a Debian suite and prints it as a tar."""
    return data_root / "cluster" / "images" / "debian" / "import.sh"


def _shipped(
    folder: Path, context: Path, target: str | None, args: Mapping[str, str], bases: Mapping[str, str]
) -> Recipe:
    return Recipe(folder / "Dockerfile", context, target, _pairs(args), _pairs(bases), shipped=True)


def _upstream_version(reference: str) -> str:
    return Reference.parse(reference).tag


def _pairs(mapping: Mapping[str, str]) -> Pairs:
    return tuple(sorted(mapping.items()))
