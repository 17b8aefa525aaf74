"""Fields of the CRM before and after, one per line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.slack.blocks import Leaf, dated, leaf, link, literal
from bot.slack.text import clip, isolated, one_line
from policy.actions import FieldChange

ARROW = " → "
NEW = "new"
NEW_ENTRY = "New {field}"
NOTHING = "none"
EMPTY = "empty"
OF_RECORD = "{field} of {record}"
PLAIN_RECORDS = ("new", "donor", "proposal", "")
MORE_CHANGES = "and {count} more fields"
MOST_CHANGES = 8


class Put(Protocol):
    """How a value is shown: in full, or cut with a word on where all of it is."""

    def __call__(self, text: str, *, bold: bool = False) -> list[Leaf]: ...


def change_lines(
    changes: Sequence[FieldChange], url: str | None, *, most: int = MOST_CHANGES, text: Put | None = None
) -> list[list[Leaf]]:
    """Return each change as running text: the field, what it is and what it will be.

    Without *text*, the record at *url* has what does not fit, and how many changes are left out is said.
    """
    put = text or _linked_to(url)
    lines = [_line(change, put, first=not index) for index, change in enumerate(changes[:most])]
    if text is None and len(changes) > most:
        more = MORE_CHANGES.format(count=len(changes) - most)
        lines.append([link(url, more) if url else leaf(more, italic=True)])
    return lines


def _linked_to(url: str | None) -> Put:
    def put(text: str, *, bold: bool = False) -> list[Leaf]:
        return literal(text, 200 if bold else 120, url=url, bold=bold)

    return put


def difference_line(change: FieldChange, text: Put) -> list[Leaf]:
    """Return a field as it was proposed and as somebody wants it."""
    before, after = text(change.before or EMPTY), text(change.after or EMPTY, bold=True)
    return [*dated(f"{_field(change)}: "), *before, leaf(ARROW), *after]


def spell(change: FieldChange, limit: int) -> str:
    """Spell a change on one line, for places where nothing can be bold."""
    after = clip(one_line(change.after), limit) or EMPTY
    if _is_new(change):
        return f"{_field(change)}: {after}"
    return f"{_field(change)}: {clip(one_line(change.before), limit) or EMPTY}{ARROW}{after}"


def _line(change: FieldChange, text: Put, *, first: bool) -> list[Leaf]:
    if not _is_new(change):
        return difference_line(change, text)
    field = _field(change)
    label = NEW_ENTRY.format(field=field[:1].lower() + field[1:]) if first else field
    return [*dated(f"{label}: "), *text(change.after or EMPTY, bold=True)]


def _is_new(change: FieldChange) -> bool:
    return change.record == NEW and change.before in (NOTHING, "")


def _field(change: FieldChange) -> str:
    field = isolated(clip(one_line(change.field), 60))
    if change.record in PLAIN_RECORDS:
        return field
    return OF_RECORD.format(field=field, record=isolated(clip(one_line(change.record), 60)))
