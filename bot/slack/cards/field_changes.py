"""Fields of the CRM before and after, one per line."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack.blocks import Leaf, leaf, link, said
from bot.slack.text import clip, isolated, one_line
from policy.actions import FieldChange

ARROW = " → "
NEW = "new"
NEW_ENTRY = "New {field}"
NOTHING = "none"
EMPTY = "empty"
OF_RECORD = "{field} of {record}"
PLAIN_RECORDS = ("new", "donor", "")
MORE_CHANGES = "and {count} more fields"
MOST_CHANGES = 8


def change_lines(changes: Sequence[FieldChange], url: str | None) -> list[list[Leaf]]:
    """Return each change as running text: the field, what it is and what it will be."""
    lines = [_line(change, url, first=not index) for index, change in enumerate(changes[:MOST_CHANGES])]
    if len(changes) > MOST_CHANGES:
        more = MORE_CHANGES.format(count=len(changes) - MOST_CHANGES)
        lines.append([link(url, more) if url else leaf(more, italic=True)])
    return lines


def spell(change: FieldChange, limit: int) -> str:
    """Spell a change on one line, for places where nothing can be bold."""
    after = clip(one_line(change.after), limit) or EMPTY
    if _is_new(change):
        return f"{_field(change)}: {after}"
    return f"{_field(change)}: {clip(one_line(change.before), limit) or EMPTY}{ARROW}{after}"


def _line(change: FieldChange, url: str | None, *, first: bool) -> list[Leaf]:
    after = said(change.after or EMPTY, 200, url=url, bold=True)
    if _is_new(change):
        field = _field(change)
        label = NEW_ENTRY.format(field=field[:1].lower() + field[1:]) if first else field
        return [leaf(f"{label}: "), *after]
    return [leaf(f"{_field(change)}: "), *said(change.before or EMPTY, 120, url=url), leaf(ARROW), *after]


def _is_new(change: FieldChange) -> bool:
    return change.record == NEW and change.before in (NOTHING, "")


def _field(change: FieldChange) -> str:
    field = isolated(clip(one_line(change.field), 60))
    if change.record in PLAIN_RECORDS:
        return field
    return OF_RECORD.format(field=field, record=isolated(clip(one_line(change.record), 60)))
