"""The life of a record that was sent back to be put right, apart from the decision that waits for it."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class CleanupState(StrEnum):
    """Where it stands: *looking* is between "it is fixed" and what a fresh look at the record brings."""

    OPEN = "open"
    LOOKING = "looking"
    FIXED = "fixed"
    NOT_FIXED = "not_fixed"


CLEANUP_MOVES: dict[CleanupState, frozenset[CleanupState]] = {
    CleanupState.OPEN: frozenset({CleanupState.LOOKING, CleanupState.NOT_FIXED}),
    CleanupState.LOOKING: frozenset({CleanupState.FIXED}),
    CleanupState.FIXED: frozenset(),
    CleanupState.NOT_FIXED: frozenset(),
}

UNFINISHED = frozenset({CleanupState.OPEN, CleanupState.LOOKING})
