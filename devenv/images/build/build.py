"""Bringing images into the engine: pulls, builds and bootstraps, as the plan's steps ask.

Responsible for running these steps once each, with the host's certificates and proxies, and for errors that
name what failed inside a build. What has to be made is decided in `devenv.plan.provision`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import certifi

from devenv.adapters.docker import BuildRequest, Engine
from devenv.adapters.host.trust import Proxies, observe_proxies, observe_trust
from devenv.adapters.process import NO_SPACE
from devenv.errors import CommandFailedError, CommandTimeoutError, DevenvError, DiskFullError, ImageError, RegistryError
from devenv.images.build.base_hint import base_hint
from devenv.images.build.bootstrap import bootstrap
from devenv.images.build.on_host import build_on_host
from devenv.images.build.progress import BuildProgress
from devenv.images.build.pull import by_digest, pull, without_digest
from devenv.images.catalogue.catalogue import Catalogue, bootstrap_script
from devenv.images.catalogue.presence import observe_images, reason_of
from devenv.images.content.fingerprint import FileDigests, read_entries
from devenv.images.content.staging import staged_context
from devenv.plan.image import Image, Mode
from devenv.plan.provision import provision_images
from devenv.plan.steps import BootstrapImage, BuildImage, PullImage
from devenv.spec.image_reference import Reference, registry_of
from devenv.spec.versions import NODE, Versions

_IS_PROXY = re.compile(r"\w+_proxy\Z", re.IGNORECASE)
"""Build arguments whose addresses may hold a password."""
CA_SECRET = "ca"  # noqa: S105 (the name of a build secret)

ImageStep = PullImage | BuildImage | BootstrapImage
PULL_ERRORS = (RegistryError, CommandTimeoutError)
"""By which a pull fails for the registry's sake."""


def _nothing(_: str) -> None:
    """Heard by nobody."""


@dataclass(frozen=True)
class Listener:
    """Who hears of the work, and who can stop it."""

    progress: Callable[[str], None] = _nothing
    """Short messages; only the latest matters."""
    output: Callable[[str], None] = _nothing
    """Every line that the work prints."""
    cancel: threading.Event = field(default_factory=threading.Event)


def give_up(step: ImageStep, error: DevenvError, given_up: dict[str, str]) -> bool:
    """Note why a pull failed in whose place a recipe may step; whether it is one."""
    if not (isinstance(step, PullImage) and step.replaceable):
        return False
    given_up[step.image] = reason_of(error)
    return True


class ImageProvider:
    """Makes images in one engine. Safe in several threads: an image is made once, and then is there."""

    def __init__(
        self,
        engine: Engine,
        data_root: Path,
        *,
        ca_bundle: Path | None = None,
        proxies: Proxies | None = None,
        digests: FileDigests | None = None,
        versions: Versions | None = None,
        is_as_described: Callable[[BuildImage], bool] = lambda _: True,
    ) -> None:
        """The host's certificates and proxies, observed when None; the run's memory of files' hashes.

        Of `versions` images are named that can take the place of one that cannot be fetched. `is_as_described` tells
        whether the files of a build still are those that its reference was made of.
        """
        self._engine = engine
        self._root = data_root
        # Base images hold no certificates, so a build always needs some.
        self._ca_bundle = ca_bundle or observe_trust().bundle or Path(certifi.where())
        # As build arguments: builders keep proxies out of images and out of the cache's keys.
        self._proxies = (proxies or observe_proxies()).variables()
        self._versions = versions
        self._is_as_described = is_as_described
        self._digests = digests or FileDigests()
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def provide(self, step: ImageStep, listener: Listener | None = None, *, buildx: Path | None = None) -> str:
        """Do one step unless the image has come to be there; returns a short detail for the report.

        `buildx` is the program that builds; without one it is the engine's own, or an older docker command line.

        Raises:
            ImageError: the pull, build or bootstrap failed; the context holds the failing step's last lines.
            DiskFullError: the engine's disk is full.
            InterruptedRunError: the listener's `cancel` was set.
        """
        listener = listener or Listener()
        plain = without_digest(step.reference)
        with self._lock_of(plain):
            if self._is_there(plain, step):
                return "there already"
            remark = ""
            match step:
                case PullImage():
                    remark = self._pull(step, listener)
                case BuildImage():
                    self._build(step, listener, buildx)
                case BootstrapImage():
                    script = bootstrap_script(self._root)
                    bootstrap(
                        self._engine,
                        script,
                        step.suite,
                        step.reference,
                        progress=listener.progress,
                        output=listener.output,
                        cancel=listener.cancel,
                    )
        return f"{self._engine.images.size(plain) / 1e6:.0f} MB{remark}"

    def build_tool(
        self,
        catalogue: Catalogue,
        tool: str,
        target: Path,
        *,
        mode: Mode = "auto",
        listener: Listener | None = None,
        buildx: Path | None = None,
    ) -> None:
        """Build a program for the host in a container and copy it to `target`; its image is removed again."""
        listener = listener or Listener()
        image = catalogue.tool(tool)
        described = {image.name: image, **catalogue.described(image.needs)}
        self._provide_with_bases(described, image.name, mode, partial(self.provide, listener=listener, buildx=buildx))
        if image.own is None:
            raise AssertionError("a tool's image is always made")
        self._engine.files.copy_out(image.own, f"/{tool}", target)
        self._engine.images.remove([image.own])

    def _provide_with_bases(
        self, described: Mapping[str, Image], name: str, mode: Mode, provide: Callable[[ImageStep], str]
    ) -> None:
        """Make an image and what it is made from; what could not be pulled by its recipe, where that may be."""
        given_up: dict[str, str] = {}
        while True:
            observed = observe_images(self._engine, described, [name], mode, given_up=given_up)
            for step, _ in provision_images(observed, [name], mode).steps:
                if not isinstance(step, ImageStep):
                    continue
                try:
                    provide(step)
                except PULL_ERRORS as error:
                    if not give_up(step, error, given_up):
                        raise
                    break
            else:
                return

    def _is_there(self, plain: str, step: ImageStep) -> bool:
        """Whether the engine has the image: for a reference with a digest, one of that digest under its tag."""
        mirrored = step.mirrored if isinstance(step, PullImage) else ""
        pinned = [by_digest(text) for text in (step.reference, mirrored) if text]
        ids = self._engine.images.ids([plain, *pinned])
        return plain in ids and ids[plain] in {ids.get(name) for name in pinned}

    def _lock_of(self, reference: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(reference, threading.Lock())

    def _pull(self, step: PullImage, listener: Listener) -> str:
        """Pull an image; returns what the user would not expect of it, to be said after its size."""
        listed = self._versions.images.get(step.image) if self._versions else None
        made = step.image == NODE or bool(listed and (listed.recipe or listed.debootstrap))
        source = pull(self._engine.images, step, progress=listener.progress, cancel=listener.cancel, has_recipe=made)
        registry = registry_of(source)
        remark = f" from {registry}" if step.mirrored else ""
        if step.advised and not Reference.parse(source).digest:
            remark += f", by its tag: {registry} has not that digest, and devenv lock records the one that it has"
        return remark

    def _build(self, step: BuildImage, listener: Listener, buildx: Path | None) -> None:
        if step.host:
            self._require_as_described(step, began := time.time_ns())
            confirm = partial(self._require_as_described, step, began)
            build_on_host(
                step, step.host, self._engine, output=listener.output, cancel=listener.cancel, confirm=confirm
            )
            return
        understood = BuildProgress()

        def report(line: str) -> None:
            listener.output(line)
            if message := understood.feed(line):
                listener.progress(message)

        began = time.time_ns()
        self._require_as_described(step, began)
        with staged_context(step, self._digests) as context:
            args = dict(step.args)
            proxies = {**self._proxies, **{name: args.pop(name) for name in list(args) if _IS_PROXY.match(name)}}
            request = BuildRequest(
                reference=step.reference,
                dockerfile=step.dockerfile,
                context=context,
                target=step.target,
                args=args,
                private_args=proxies,
                secrets={CA_SECRET: self._ca_bundle},
                own_secrets=step.secrets,
                ssh=step.ssh,
                network=step.network,
            )
            try:
                confirm = partial(self._require_as_described, step, began)
                self._engine.builds.run(request, report, listener.cancel, confirm=confirm, buildx=buildx)
            except CommandFailedError as error:
                raise _build_failed(step, error, understood, self._versions) from error

    def _require_as_described(self, step: BuildImage, began: int) -> None:
        """See that nobody has saved anything since the reference was made: it must never stand for other files."""
        if not step.content or self._is_as_described(step):
            return
        entries = read_entries(step.context, step.dockerfile, step.host)
        saved = [str(entry.path) for entry in entries if not entry.is_folder and entry.facts.st_ctime_ns >= began]
        raise ImageError(
            f"the files of image {step.image} changed after its tag was made of them",
            context={"context": str(step.context), **({"while it was built": ", ".join(saved[:5])} if saved else {})},
            hint="devenv up, once they are saved; what changes by itself belongs into .dockerignore"
            + (", or name what the command reads: deps" if step.host else ""),
        )


def _build_failed(
    step: BuildImage, error: CommandFailedError, understood: BuildProgress, versions: Versions | None
) -> ImageError | DiskFullError:
    failing, lines = understood.failure()
    last_lines = "\n".join(lines)
    context = {"recipe": str(step.dockerfile), **({"step": failing} if failing else {}), "last lines": last_lines}
    if NO_SPACE in last_lines or NO_SPACE in error.output:
        return DiskFullError(
            f"build image {step.image}: the engine's disk is full",
            context=context,
            hint="make room: docker system df, then: docker builder prune; docker image prune",
        )
    hint = base_hint(step.image, failing, versions) if versions and not step.shipped else ""
    return ImageError(
        f"build image {step.image} failed",
        context=context,
        hint=hint or f"the whole output is in the log; the recipe is {step.dockerfile}",
    )
