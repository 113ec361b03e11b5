"""Building images through BuildKit: with buildx, or with the client inside an older docker command line."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import docker

from devenv.adapters.docker.build_process import LAUNCH, guarded
from devenv.adapters.docker.connection import translate_errors
from devenv.adapters.files.paths import cache_dir
from devenv.adapters.files.scratch import scratch
from devenv.adapters.process import find_program, run
from devenv.errors import CommandFailedError, ImageError, InterruptedRunError, ToolMissingError
from devenv.labels import LABEL_IMAGE, OURS
from devenv.spec.image_reference import Reference

_BUILD_SECONDS = 3 * 3600.0
_LAST_LINES = 60
_CLIENT_VERSIONS = range(18, 23)
"""Major versions of the docker command line that carry a BuildKit client; from 23 on it is buildx alone."""
_TOLD = "image"
"""The file in which a builder says what it has built."""
_DIGEST = "containerimage.digest"
"""Under this key buildx tells the image's ID: that of its configuration, or of its manifest in containerd's store."""
_NOT_OURS = ("BUILDX_BUILDER", "DOCKER_DEFAULT_PLATFORM", "SOURCE_DATE_EPOCH")
"""Variables of the user's that would change what is built, or where."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One image to build."""

    reference: str
    dockerfile: Path
    context: Path
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    private_args: Mapping[str, str] = field(default_factory=dict)
    """Arguments whose values stand in no list of processes: a proxy's address may hold a password."""
    secrets: Mapping[str, Path] = field(default_factory=dict)
    """Secret ID to the file that holds it."""
    own_secrets: Sequence[tuple[str, str]] = ()
    """Further secrets: ID and source, `src=/path` or `env=NAME`."""
    ssh: str | None = None
    """The agent or key that commands of the build may use: `default`."""
    network: str = "default"
    """Of the commands of the build: `default`, `none` or `host`."""
    labels: Mapping[str, str] = field(default_factory=lambda: dict(OURS))

    @property
    def secret_options(self) -> list[str]:
        """The secrets as buildx takes them."""
        return [
            *(f"id={name},src={path}" for name, path in self.secrets.items()),
            *(f"id={name},{source}" for name, source in self.own_secrets),
        ]

    @property
    def all_labels(self) -> dict[str, str]:
        """The labels, and the one that tells the image from what is built on it."""
        return {**self.labels, LABEL_IMAGE: self.reference}


class Builds:
    """What the engine can do about building: `Engine.builds`."""

    def __init__(self, client: docker.DockerClient, buildx: Path | None) -> None:
        self._client = client
        self.buildx = buildx
        """The buildx program for builds that name none."""

    @staticmethod
    def prepare() -> None:
        """Load the library that builds take: half a second that the next build does without."""
        import python_on_whales  # noqa: F401, PLC0415 (see `run`)

    def run(
        self,
        request: BuildRequest,
        on_line: Callable[[str], None] | None = None,
        cancel: threading.Event | None = None,
        *,
        confirm: Callable[[], None] | None = None,
        buildx: Path | None = None,
    ) -> None:
        """Build an image into the engine; `on_line` gets BuildKit's plain progress.

        The image gets its name last, once `confirm` has not raised: whatever ends the run before, no other image ever
        has that name. `buildx` is the program; where there is none, an older docker command line may do.

        Raises:
            CommandFailedError: the build failed; the output holds its last lines.
            InterruptedRunError: `cancel` was set; the engine stops building.
        """
        program = buildx or self.buildx
        build = partial(self._build_with_buildx, program) if program else self._build_with_client
        with scratch() as folder:
            built = build(request, folder, on_line, cancel)
        try:
            if confirm:
                confirm()
        except BaseException:
            self._remove_nameless(built)
            raise
        name = Reference.parse(request.reference)
        with translate_errors(f"tag {built} as {request.reference}", ImageError):
            self._client.api.tag(built, name.repository, name.tag)

    def _remove_nameless(self, image: str) -> None:
        with translate_errors(f"remove image {image}", ImageError):
            found = self._client.api.inspect_image(image)  # type: ignore[no-untyped-call]
            if not found.get("RepoTags"):
                self._client.api.remove_image(image)

    def _build_with_buildx(
        self,
        buildx: Path,
        request: BuildRequest,
        folder: Path,
        on_line: Callable[[str], None] | None,
        cancel: threading.Event | None,
    ) -> str:
        """Build without a name; returns the image's ID. `folder` is nobody else's."""
        # It takes longer to load than a whole warm `up` may take, and most runs build nothing.
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415

        what = f"build image {request.reference}"
        if cancel and cancel.is_set():
            raise InterruptedRunError(f"stopped before it began: {what}")
        last: deque[str] = deque(maxlen=_LAST_LINES)
        try:
            with guarded(folder, cancel):
                for line in _buildx_lines(buildx, folder, request):
                    last.append(line)
                    if on_line:
                        on_line(line)
        except DockerException as error:
            if cancel and cancel.is_set():
                raise InterruptedRunError(f"stopped: {what}") from error
            raise CommandFailedError(
                f"{what} failed",
                argv=[str(word) for word in error.docker_command],
                status=error.return_code,
                output="\n".join(last),
            ) from error
        return str(json.loads((folder / _TOLD).read_bytes())[_DIGEST])

    def _build_with_client(
        self,
        request: BuildRequest,
        folder: Path,
        on_line: Callable[[str], None] | None,
        cancel: threading.Event | None,
    ) -> str:
        """Build through a docker command line that carries a BuildKit client: where there is no buildx yet.

        Returns the image's ID. Raises ToolMissingError when there is no such command line, else what `run` raises.
        """
        last: deque[str] = deque(maxlen=_LAST_LINES)

        def report(line: str) -> None:
            last.append(line)
            if on_line:
                on_line(line)

        argv = [str(client_with_buildkit()), "build", "--progress", "plain", "--iidfile", str(folder / _TOLD)]
        argv += ["--file", str(request.dockerfile)]
        argv += ["--network", request.network]
        argv += ["--target", request.target] if request.target else []
        argv += [f"--build-arg={name}={value}" for name, value in request.args.items()]
        argv += [f"--build-arg={name}" for name in request.private_args]  # its value is taken from the environment
        argv += [f"--secret={option}" for option in request.secret_options]
        argv += ["--ssh", request.ssh] if request.ssh else []
        argv += [f"--label={name}={value}" for name, value in request.all_labels.items()]
        done = run(
            [*argv, str(request.context)],
            env={**dict.fromkeys(_NOT_OURS, ""), **request.private_args, "DOCKER_BUILDKIT": "1"},
            timeout=_BUILD_SECONDS,
            cancel=cancel,
            on_line=report,
            check=False,
            what=f"build image {request.reference}",
        )
        if done.status != 0:
            raise CommandFailedError(
                f"build image {request.reference} failed",
                argv=done.argv,
                status=done.status,
                output="\n".join(last),
            )
        return (folder / _TOLD).read_text().strip()

    def prune_cache(self, keep_bytes: int) -> int:
        """Bring the engine's build cache below a bound, least recently used first; return the bytes freed."""
        with translate_errors("prune the build cache", ImageError):
            pruned = self._client.api.prune_builds(keep_storage=keep_bytes, all=True)
        return int(pruned.get("SpaceReclaimed") or 0)


def client_with_buildkit() -> Path:
    """A docker command line that can build with BuildKit without buildx; raises ToolMissingError."""
    for folder in os.get_exec_path():
        program = find_program("docker", path=folder)
        if program is None:
            continue
        version = run([str(program), "--version"], check=False).stdout
        found = re.search(r"version (\d+)\.", version)
        if found and int(found[1]) in _CLIENT_VERSIONS:
            return program
    raise ToolMissingError(
        "images cannot be built: neither buildx nor a docker command line with a BuildKit client was found",
        hint="install buildx (package docker-buildx or docker-buildx-plugin), or Debian's docker.io",
    )


def _buildx_lines(buildx: Path, job: Path, request: BuildRequest) -> Iterator[str]:
    """Run buildx with `job`, a folder of nobody else's, for what passes between it and this process."""
    import python_on_whales  # noqa: PLC0415 (see Builds.run)

    (job / "arguments").write_text(json.dumps(dict(request.private_args)))
    folder = cache_dir() / "buildx"
    folder.mkdir(parents=True, exist_ok=True)
    whales = python_on_whales.DockerClient(
        client_call=[
            *(sys.executable, "-I", "-S", "-c", LAUNCH, str(job), str(folder), ",".join(_NOT_OURS), str(buildx)),
        ],
        client_type="docker",
    )
    lines = whales.buildx.build(
        request.context,
        file=request.dockerfile,
        metadata_file=job / _TOLD,
        target=request.target,
        build_args=dict(request.args),
        secrets=request.secret_options,
        ssh=request.ssh,
        labels=request.all_labels,
        network=request.network,
        builder="default",  # the engine's own BuildKit: its cache, and no image that has to be brought in
        load=True,
        provenance=False,  # it would make an index of two manifests, and another image ID each time
        progress="plain",
        stream_logs=True,
    )
    if not isinstance(lines, Iterator):
        raise TypeError("lines were asked for")
    for line in lines:
        yield str(line).rstrip("\n")
