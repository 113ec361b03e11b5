"""Puts what is saved into the running containers of images, and again into those that start later.

Responsible for who gets what, and for telling. Which files are whose is decided by `image`; what lies in containers is
written by the receivers in their nodes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path

from devenv.errors import ApiRefusedError, ClusterError, DevenvError
from devenv.events import Noted, Synced
from devenv.images.sync.message import Answer, SyncParcel
from devenv.images.sync.receiver import Receivers
from devenv.labels import LABEL_SYNCED
from devenv.runtime.diagnosis import Scope
from devenv.runtime.environment import Environment
from devenv.runtime.observe.sync_places import SyncPlace, sync_places
from devenv.workflows.access.session import Session
from devenv.workflows.live_sync.image import SyncedImage

_LOOK_SECONDS = 30.0
"""Without a change told, what waits in the nodes is looked after this often."""
_GATHER_SECONDS = 0.02
_AT_ONCE = 6


class Syncer:
    """The images of a `devenv dev` that have rules, and their containers."""

    def __init__(
        self,
        images: Sequence[SyncedImage],
        users: Mapping[str, Sequence[str]],
        environment: Environment,
        session: Session,
    ) -> None:
        """`users` are each image's stacks."""
        self._images = {image.name: image for image in images}
        self._users = users
        self._environment = environment
        self._session = session
        self._receivers = Receivers(environment.engine, session.cancel)
        self._scopes: dict[str, list[Scope]] = {}
        self._marked: set[str] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.last_sync = 0.0
        """When something was synced last, by `time.monotonic`; 0 when nothing was."""

    def behind(self) -> tuple[str, ...]:
        """The images whose containers have what their image has not."""
        return tuple(name for name, image in self._images.items() if image.is_behind)

    def save(self, name: str, paths: frozenset[Path], saved: float) -> bool:
        """Sync saved files of an image's context; whether that is all that was to be done.

        Args:
            name: the image.
            paths: what was written, came or went.
            saved: when, in seconds since 1970.
        """
        image = self._images.get(name)
        if image is None:
            return False
        with self._lock:
            try:
                return image.save(paths) and self._bring(image, lambda: time.time() - saved)
            except (DevenvError, OSError) as error:
                self._warn(f"{name} is built instead of synced: {_cause(error)}", error)
                return False

    @contextmanager
    def round(self, names: Sequence[str]) -> Iterator[Callable[[Mapping[str, str]], None]]:
        """A round for images; what is yielded is told their references once they are rolled out."""
        mine = [self._images[name] for name in names if name in self._images]

        def end(references: Mapping[str, str]) -> None:
            releases = self._environment.cluster.releases() if mine else []
            stacks = self._environment.workspace.stacks
            with self._lock:
                for image in mine:
                    specs = [stacks[name].spec for name in self._users[image.name]]
                    self._scopes[image.name] = [Scope.of_stack(s.name, s.namespace, releases) for s in specs]
                    image.end_round(references[image.name])
            self._environment.cluster.informer().wake()

        with self._lock:
            for image in mine:
                image.begin_round()
        yield end

    @contextmanager
    def following(self, nodes: Sequence[str]) -> Iterator[None]:
        """While the body runs, containers that start get what was saved before."""
        if not self._images:
            yield
            return
        self._receivers.keep(nodes)
        thread = threading.Thread(target=self._follow, args=(nodes,), name="sync", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._environment.cluster.informer(lambda: True).wake()
            thread.join()
            self._receivers.close()

    def _follow(self, nodes: Sequence[str]) -> None:
        informer, revision = self._environment.cluster.informer(self._stopped.is_set), -1
        while not self._stopped.is_set():
            revision = informer.wait(revision, _LOOK_SECONDS, gather=_GATHER_SECONDS)
            seconds = partial(_since, time.monotonic())
            for image in self._images.values():
                with self._lock:
                    try:
                        self._receivers.keep(nodes)
                        self._bring(image, seconds, again=True)
                    except (DevenvError, OSError) as error:
                        self._warn(f"a container of {image.name} lacks what was saved: {_cause(error)}", error)

    def _bring(self, image: SyncedImage, seconds: Callable[[], float], *, again: bool = False) -> bool:
        """Have each running container get what it lacks; False where none runs, or what is missing cannot be told.

        Raises:
            ClusterError: a node or a container does not take it.
        """
        snapshot = self._environment.cluster.informer(self._stopped.is_set).snapshot()
        places = {p.id: p for p in sync_places(snapshot, self._scopes.get(image.name, ()), image.references)}
        if not places:
            return False
        sent: list[tuple[SyncParcel, int]] = []
        problems: list[str] = []
        for parcel, containers in image.parcels((place.id, place.reference) for place in places.values()):
            mine = {container: places[container] for container in containers}
            image.is_behind = True
            self._mark(list(mine.values()))
            answers = self._receivers.sync(parcel, {place.id: place.node for place in mine.values()})
            image.note(a.container for a in answers if a.outcome in ("done", "ran"))
            sent.append((parcel, sum(answer.outcome == "done" for answer in answers)))
            problems += [f"{mine[a.container].pod}: {a.text}" for a in answers if a.outcome == "failed"]
            self._tell_failures(image.name, parcel, answers, mine)
        if written := sum(count for _, count in sent):
            self.last_sync = time.monotonic()
            files, size = max((parcel.files, parcel.size) for parcel, _ in sent)
            self._session.emit(Synced(image.name, files, size, written, seconds(), again=again))
        if problems:
            raise ClusterError(problems[0])
        return True

    def _tell_failures(
        self, name: str, parcel: SyncParcel, answers: Sequence[Answer], places: Mapping[str, SyncPlace]
    ) -> None:
        """Tell of commands that failed in containers, as of a build that fails."""
        counted: dict[str, int] = {}
        for answer in answers:
            if answer.outcome == "ran":
                number = counted[answer.container] = counted.get(answer.container, -1) + 1
                if answer.status:
                    command = " ".join(parcel.commands[number])
                    message = f"{name}: {command} ended with status {answer.status} in {places[answer.container].pod}"
                    self._session.emit(Noted(f"{message}: {answer.text}", "warning", "correct it, and save again"))

    def _mark(self, places: Sequence[SyncPlace]) -> None:
        """Label the pods before they are no longer what was built: nobody may take them for it."""
        objects = self._environment.cluster.objects
        new = {place.uid: place for place in places if place.uid not in self._marked}

        def mark(place: SyncPlace) -> None:
            path = f"api/v1/namespaces/{place.namespace}/pods/{place.pod}"
            try:
                objects.merge(path, {"metadata": {"labels": {LABEL_SYNCED: place.stack}}})
            except ApiRefusedError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise

        if new:
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mark") as pool:
                list(pool.map(mark, new.values()))
            self._marked |= set(new)

    def _warn(self, message: str, error: DevenvError | OSError) -> None:
        self._session.emit(Noted(message, "warning", error.hint if isinstance(error, DevenvError) else ""))


def _since(began: float) -> float:
    return time.monotonic() - began


def _cause(error: DevenvError | OSError) -> str:
    if isinstance(error, DevenvError):
        cause = error.context.get("cause", "")
        return f"{error.message}: {cause}" if cause else error.message
    return str(error)
