"""What may have been posted twice in an attempt: noted by whoever posts, kept by whoever settles."""

from __future__ import annotations

from contextvars import ContextVar

from handlers.ports import PerhapsTwice

_NOTED: ContextVar[list[PerhapsTwice] | None] = ContextVar("doubts", default=None)


def begin_noting() -> list[PerhapsTwice]:
    """Return the list that the present task, and what it starts, notes its doubts in from now on."""
    noted: list[PerhapsTwice] = []
    _NOTED.set(noted)
    return noted


def note(doubt: PerhapsTwice) -> None:
    """Note that something may stand in Slack twice; outside of an attempt nobody looks later."""
    noted = _NOTED.get()
    if noted is not None:
        noted.append(doubt)
