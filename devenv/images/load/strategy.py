"""By which transport an image comes from the engine into nodes: chosen by what each is expected to cost.

Pure. The rates are those of one core of the machine in `docs/loading.md`; it is their relation that decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_ARCHIVE_START = 0.05
_ARCHIVE_RATE = 280e6
"""Bytes a second at which an engine writes an archive, which holds all layers."""
_PUSH_START = 0.15
_COMPRESS_RATE = 50e6
"""Bytes a second at which an engine compresses a layer that it pushes, one core for each."""
_WARM_UP_SECONDS = 0.3
"""An archive that takes longer is worth it that the engine compresses its layers once, to push from then on."""


class Transport(StrEnum):
    """How the engine hands out an image."""

    ARCHIVE = "archive"
    PUSH = "push"


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is to come from the engine."""

    total_bytes: int
    """Of all layers."""
    lacking_bytes: int
    """Of those that at least one node lacks."""
    compressed: bool
    """Whether the engine has them compressed."""

    @property
    def archive_seconds(self) -> float:
        """Expected for the archive."""
        return _ARCHIVE_START + self.total_bytes / _ARCHIVE_RATE

    @property
    def push_seconds(self) -> float:
        """Expected for a push by an engine that compresses what is lacking and knows the digests of the rest."""
        return _PUSH_START + self.lacking_bytes / _COMPRESS_RATE

    @property
    def bound(self) -> int | None:
        """Bytes beyond which a push is not what it was expected to be. A tar is larger than the files in it."""
        return None if self.compressed else 2 * self.lacking_bytes + (8 << 20)


def choose(transfer: Transfer) -> Transport:
    """The quicker way. An engine that has its layers compressed pushes at once, and what is lacking alone."""
    return (
        Transport.PUSH if transfer.compressed or transfer.push_seconds < transfer.archive_seconds else Transport.ARCHIVE
    )


def is_worth_warm_up(transfer: Transfer) -> bool:
    """Whether an engine that had to write an archive shall learn the digests by which it could have pushed."""
    return not transfer.compressed and transfer.archive_seconds > _WARM_UP_SECONDS
