"""The whole error tree: what can go wrong, each once, with a code, a cause and a hint.

Responsible for the shape of errors only. It imports nothing of ours, prints nothing and never exits: the command
line turns an error into text (or JSON) and an exit status.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence

from devenv.errors.problem import Problem as Problem
from devenv.errors.root import EXIT_BAD_SPEC as EXIT_BAD_SPEC
from devenv.errors.root import EXIT_BUG as EXIT_BUG
from devenv.errors.root import EXIT_INTERRUPTED as EXIT_INTERRUPTED
from devenv.errors.root import EXIT_MISSING_TOOL as EXIT_MISSING_TOOL
from devenv.errors.root import EXIT_STEP_FAILED as EXIT_STEP_FAILED
from devenv.errors.root import DevenvError as DevenvError


class SpecError(DevenvError):
    """One or more problems in the project's or a stack's specification: all of them at once."""

    code = "spec-invalid"
    exit_status = EXIT_BAD_SPEC

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = len(problems)
        said = f"{count} problem{'s' if count != 1 else ''} in the specification"
        super().__init__(said, hint="correct the lines above, then: devenv validate")
        self.problems = tuple(problems)

    def as_dict(self) -> dict[str, object]:
        """The error with its problems as JSON-ready data."""
        return {**super().as_dict(), "problems": [problem.as_dict() for problem in self.problems]}


class UsageError(DevenvError):
    """A flag or argument that cannot be meant."""

    code = "usage"
    exit_status = EXIT_BAD_SPEC


class ProjectNotFoundError(UsageError):
    """No devenv.yaml in this folder or above it."""

    code = "project-not-found"


class AlreadyThereError(UsageError):
    """Something of that name is there already, and it is not written over."""

    code = "already-there"


class NotDebuggableError(UsageError):
    """A service runs what no debugger can start, or has nothing to be debugged by."""

    code = "not-debuggable"


class NotInterceptableError(UsageError):
    """A service has nothing that could come to this machine, or nobody could give it back afterwards."""

    code = "not-interceptable"


class ToolMissingError(DevenvError):
    """A program that devenv needs can neither be found nor fetched nor built."""

    code = "tool-missing"
    exit_status = EXIT_MISSING_TOOL


class EngineUnavailableError(DevenvError):
    """No container engine answers, and none may or can be installed."""

    code = "engine-unavailable"
    exit_status = EXIT_MISSING_TOOL


class ChosenEngineError(EngineUnavailableError):
    """No container engine answers where DOCKER_HOST or a docker context says that one is; none is installed then."""

    code = "engine-chosen-unavailable"


class EngineSilentError(EngineUnavailableError):
    """A container engine is there and does not answer: it is busy, or hangs. None is installed or started over it."""

    code = "engine-silent"


class UnfitEngineError(DevenvError):
    """The container engine answers, and a cluster cannot work in it: it is on another machine, or of another kind."""

    code = "engine-unfit"
    exit_status = EXIT_MISSING_TOOL


class CommandFailedError(DevenvError):
    """A foreign program ended with a non-zero status."""

    code = "command-failed"

    def __init__(
        self,
        message: str,
        *,
        argv: Sequence[str],
        status: int,
        output: str,
        context: Mapping[str, str] | None = None,
        hint: str = "",
    ) -> None:
        facts = {"command": " ".join(argv), "exit status": str(status), "last lines": output}
        super().__init__(message, context={**facts, **(context or {})}, hint=hint)
        self.argv = tuple(argv)
        self.status = status
        self.output = output


class CommandTimeoutError(CommandFailedError):
    """A foreign program did not end within its deadline and was stopped."""

    code = "command-timeout"


class FolderError(DevenvError):
    """A folder or file that devenv needs cannot be made, read or written."""

    code = "folder-unusable"


class DamagedFileError(DevenvError):
    """A file in which devenv recorded something holds something else: it was cut short, or edited."""

    code = "file-damaged"


class DownloadError(DevenvError):
    """A file, or stacks of another place, could not be fetched: it is out of reach, refuses, or has something else."""

    code = "download-failed"


class ChecksumError(DownloadError):
    """A downloaded file is not the file that its project published."""

    code = "checksum-mismatch"


class ImageError(DevenvError):
    """An image cannot be resolved, pulled, built or loaded."""

    code = "image-failed"


class RegistryError(ImageError):
    """A registry cannot be reached from the engine, broke off, or answered with an error."""

    code = "registry-failed"
    again_after: float | None = None
    """Seconds after which the same request may succeed; None where it will not by itself."""


class RegistryLoginError(RegistryError):
    """A registry wants another login than it was given, or has no such image: many do not tell which of the two."""

    code = "registry-login"


class ImageNotFoundError(RegistryError):
    """A registry has no image of that name, tag or digest."""

    code = "image-not-found"


class RateLimitedError(RegistryError):
    """A registry gives no more images to this address or login for the present."""

    code = "registry-rate-limited"


class ClusterError(DevenvError):
    """The cluster cannot be created, reached or removed."""

    code = "cluster-failed"


class ForeignClusterError(ClusterError):
    """A cluster of the wanted name exists that devenv did not make."""

    code = "cluster-foreign"


class OtherFolderError(ClusterError):
    """The cluster of the wanted name is the project's of another folder, and nobody agreed to take it over."""

    code = "cluster-other-folder"


class OtherEngineError(ClusterError):
    """The project was brought up in another engine than the one that answers: its cluster cannot be removed here."""

    code = "cluster-other-engine"


class ApiUnreachableError(ClusterError):
    """The cluster's API server does not answer."""

    code = "api-unreachable"


class ApiRefusedError(ClusterError):
    """The cluster's API server answers a request with an error."""

    code = "api-refused"

    def __init__(
        self,
        message: str,
        *,
        status: int,
        causes: Sequence[tuple[str, str]] = (),
        context: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, context=context)
        self.status = status
        """HTTP status: 404 when there is no such object."""
        self.causes = tuple(causes)
        """Each field that is not taken (`spec.selector`), and what is wrong with it."""


class DebuggedError(ClusterError):
    """Another `devenv debug` has the service under its debugger."""

    code = "already-debugged"


class InterceptedError(ClusterError):
    """Another `devenv intercept` has the service's traffic."""

    code = "already-intercepted"


class LockError(DevenvError):
    """The lock that keeps two runs of one project apart cannot be had, or was lost while it was held."""

    code = "lock-failed"


class LockedError(LockError):
    """Another run is changing the project, and `--no-wait` was given."""

    code = "locked"


class PortTakenError(DevenvError):
    """A port of the specification is held by another process."""

    code = "port-taken"


class PageError(DevenvError):
    """The start page could not be started, or does not let itself be ended."""

    code = "page-failed"


class DiskFullError(DevenvError):
    """A file system has not the room that the next step needs."""

    code = "disk-full"


class WorkloadError(DevenvError):
    """A workload cannot become ready; the root cause is in the context.

    Attributes:
        log: what was read of the failed container's log, a line each; the context has the end of it.
    """

    code = "workload-failed"

    def __init__(
        self, message: str, *, context: Mapping[str, str] | None = None, hint: str = "", log: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, context=context, hint=hint)
        self.log = log


class NotReadyError(DevenvError):
    """A stack did not become ready within its deadline, and no root cause could be named."""

    code = "not-ready"


class StaleImageError(DevenvError):
    """A container runs another image than the one that was built for it."""

    code = "stale-image"


class DataLossError(DevenvError):
    """What is wanted takes the loss of data that the plan names, and nobody agreed to that; nothing was changed."""

    code = "data-loss"
    exit_status = EXIT_BAD_SPEC


class NamespacePrefixError(UsageError):
    """The cluster has the project's stacks in namespaces that begin otherwise, and devenv.yaml does not say how."""

    code = "namespace-prefix"


class HookError(DevenvError):
    """A hook of a stack failed."""

    code = "hook-failed"


class TaskError(DevenvError):
    """A task of devenv.yaml failed on this machine."""

    code = "task-failed"


class HostCommandError(DevenvError):
    """A stack, task or build has a command run on this machine, and nobody agreed to that; nothing of it was run."""

    code = "host-command-not-agreed"
    exit_status = EXIT_BAD_SPEC


class DatabaseError(DevenvError):
    """A database did not do what it was asked; the context holds its own words."""

    code = "database"


class SnapshotError(DatabaseError):
    """There is no state of that name, or its name cannot be used."""

    code = "snapshot"


class InterruptedRunError(DevenvError):
    """The user stopped the run; the next `devenv up` goes on from there."""

    code = "interrupted"
    exit_status = EXIT_INTERRUPTED


class RunFailedError(DevenvError):
    """One or more steps of a run failed; each failure has been reported by its own event."""

    code = "run-failed"

    def __init__(self, message: str, *, failures: Mapping[str, DevenvError], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.failures = dict(failures)
        if any(failure.exit_status == EXIT_BUG for failure in failures.values()):
            self.exit_status = EXIT_BUG

    def as_dict(self) -> dict[str, object]:
        """The error with the failure of each step as JSON-ready data."""
        return {**super().as_dict(), "failures": {k: e.as_dict() for k, e in self.failures.items()}}


class UnexpectedError(DevenvError):
    """A bug in devenv: an exception that nobody foresaw. The traceback is in the context."""

    code = "bug"
    exit_status = EXIT_BUG

    def __init__(self, error: BaseException, *, hint: str = "") -> None:
        first_line = str(error).strip().partition("\n")[0]
        summary = f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
        super().__init__(
            f"unexpected {summary}",
            context={"traceback": "".join(traceback.format_exception(error)).rstrip()},
            hint=hint,
        )
