"""A donor's recent history as a list of dated lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.slack.blocks import Leaf, bullets, day_or_moment, leaf, link, said
from policy.donor import TimelineEntry

MORE_IN_CRM = "{count} more in the CRM record"
LINE_LIMIT = 220


def history(entries: Sequence[TimelineEntry], url: str | None, most: int) -> dict[str, Any]:
    """Return at most *most* entries in the order given, and how many are left out."""
    items = [_line(entry, url) for entry in entries[:most]]
    if len(entries) > most:
        more = MORE_IN_CRM.format(count=len(entries) - most)
        items.append([link(url, more) if url else leaf(more, italic=True)])
    return bullets(items)


def _line(entry: TimelineEntry, url: str | None) -> list[Leaf]:
    return [day_or_moment(entry.at), leaf(": "), *said(entry.text, LINE_LIMIT, url=url)]
