"""Fields of the CRM before and after, one per line."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack.blocks import Leaf, leaf, link, said
from bot.slack.text import clip, isolated, one_line
from policy.actions import FieldChange

ARROW = " → "
NEW = "new"
NOTHING = "none"
EMPTY = "empty"
OF_RECORD = "{field} of {record}"
PLAIN_RECORDS = ("new", "donor", "")
MORE_CHANGES = "and {count} more fields"
MOST_CHANGES = 8


def change_lines(changes: Sequence[FieldChange], url: str | None) -> list[list[Leaf]]:
    """Return each change as running text: the field, what it is and what it will be."""
    lines = [_line(change, url) for change in changes[:MOST_CHANGES]]
    if len(changes) > MOST_CHANGES:
        more = MORE_CHANGES.format(count=len(changes) - MOST_CHANGES)
        lines.append([link(url, more) if url else leaf(more, italic=True)])
    return lines


def spell(change: FieldChange, limit: int) -> str:
    """Spell a change on one line, for places where nothing can be bold."""
    after = clip(one_line(change.after), limit) or EMPTY
    if change.record == NEW:
        return f"{_field(change)}: {after} ({NEW})"
    return f"{_field(change)}: {clip(one_line(change.before), limit) or EMPTY}{ARROW}{after}"


def _line(change: FieldChange, url: str | None) -> list[Leaf]:
    after = said(change.after or EMPTY, 200, url=url, bold=True)
    if change.record == NEW and change.before in (NOTHING, ""):
        return [leaf(f"{_field(change)}: "), *after, leaf(f" ({NEW})")]
    return [leaf(f"{_field(change)}: "), *said(change.before or EMPTY, 120, url=url), leaf(ARROW), *after]


def _field(change: FieldChange) -> str:
    field = isolated(clip(one_line(change.field), 60))
    if change.record in PLAIN_RECORDS:
        return field
    return OF_RECORD.format(field=field, record=isolated(clip(one_line(change.record), 60)))
