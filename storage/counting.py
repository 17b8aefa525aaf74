"""Counting audit entries in the transaction that writes them, and, once, those written before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from policy.counted_entries import COUNTED_KINDS, Counted, Recorded, counted
from policy.interactions import BY_PEOPLE, Interaction, Kind
from storage.interaction_rows import InteractionRows, counted_by
from storage.recommendations import Behind, add_recommendation, note_response, proposed_in

UNCOUNTED = "interactions_uncounted"
"""The setting that names the older entries which are still to be counted."""

_COUNTED = frozenset(COUNTED_KINDS)


def count_entries(connection: Connection, entries: Iterable[tuple[Recorded, Mapping[str, Any]]]) -> None:
    """Add *entries* with their payloads, in order, to the figures; one counted before changes nothing."""
    told = [
        (entry, found)
        for entry, data in entries
        if entry.kind in _COUNTED and (found := counted(entry.kind, entry.actor, data))
    ]
    known = Behind(connection, {found.escalation_id for _, found in told if found.escalation_id})
    rows = InteractionRows()
    for entry, found in told:
        if found.response and entry.subject:
            note_response(connection, entry, found, found.response)
        if found.recommended:
            add_recommendation(connection, entry, found, found.recommended)
        _count(entry, found, known, rows)
    rows.store(connection)


def _count(entry: Recorded, found: Counted, known: Behind, rows: InteractionRows) -> None:
    behind = known.of(entry, found)
    about = found.recommended or found.about or proposed_in(behind)
    owner = found.owner or (behind["owner"] if behind else "")
    for number, interaction in enumerate(found.interactions):
        happened = _as_it_was(interaction, behind, entry.at) if behind else interaction
        by = counted_by(happened, found.person, owner, about)
        rows.add(entry, number, happened.amount, by, found.escalation_id)
        if behind:
            behind = known.follow(behind, happened.kind, entry.at)


def _as_it_was(interaction: Interaction, behind: Mapping[str, Any], at: datetime) -> Interaction:
    """Tell an approval of what was proposed from one of an edited version, and how long a decision took."""
    kind, amount = interaction.kind, interaction.amount
    if behind["edited"] and kind is Kind.APPROVED:
        kind = Kind.APPROVED_EDITED
    if kind in BY_PEOPLE and behind["event_at"] is not None:
        amount = max(0, int((at - behind["event_at"]).total_seconds() // 60))
    return Interaction(kind=kind, reason=interaction.reason, amount=amount)
