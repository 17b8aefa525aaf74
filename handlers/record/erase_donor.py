"""Erase a donor: payloads, key and mapping in the audit, and every row and message that names them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from handlers.context import Arrived
from handlers.effects import PublishHome, RedactMessage
from handlers.enqueueing import PEOPLE_FIRST, enqueue
from handlers.record.evidence import record as write_down
from handlers.record.owed_erasures import ErasureLine
from handlers.refreshing import refresh_card, refresh_grouping
from storage.audit_records import AuditRecord
from storage.erasure import Erased
from storage.mentions import Mentions
from storage.redaction import Named, Terms
from storage.transaction import Transaction

ERASED = "donor.erased"
REDACTED = "payload.redacted"


@dataclass(frozen=True, slots=True)
class ErasureOrder:
    """Whom to erase, on whose order and why; *also_called* are names that nothing stored would tell.

    With *redact_names* also those records about others are rewritten that know the donor by name alone,
    which may be somebody else's name.
    """

    donor_id: str
    by: str
    actor: str
    reason: str
    also_called: tuple[str, ...] = ()
    redact_names: bool = False


KeepLine = Callable[[ErasureLine], None]
"""Writes a line outside of the database; whatever it raises keeps the donor from being erased."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in the records about others up to the entry with the number *seq*."""

    named: tuple[Named, ...] = ()
    seq: int = 0


@dataclass(frozen=True, slots=True)
class NotErased:
    """Why nothing was erased, in a sentence for whoever ordered it."""

    why: str


def look_in_others(
    tx: Transaction, order: ErasureOrder, progress: Callable[[int], None] | None = None
) -> Looked:
    """Find what the records about others say of the donor, before anything is erased; that takes a while."""
    terms, seq = _terms(tx, order), tx.audit.head().seq
    return Looked(tuple(tx.redaction.naming(terms, order.donor_id, progress=progress)), seq)


def erase_donor(
    tx: Transaction,
    arrived: Arrived,
    order: ErasureOrder,
    *,
    keep: KeepLine | None = None,
    looked: Looked | None = None,
) -> Erased | NotErased:
    """Erase the donor and write down who wanted it and why; the log keeps verifying.

    *keep* writes down outside of the database that it was done. *looked* spares going through everything
    once more.
    """
    hold = tx.holds.of(order.donor_id)
    if hold is not None:
        return NotErased(
            f"{order.donor_id} is under a legal hold since {hold.placed_at:%d %b %Y} ({hold.reason}). "
            "Release the hold first: countersign audit hold release."
        )
    if tx.erasure.under_way(order.donor_id):
        return NotErased(
            "An approved action for this donor is being written to the CRM at this moment. Nothing was "
            "erased; run the command again in a minute."
        )
    if tx.erasure.being_told(order.donor_id):
        return NotErased(
            "A message about this donor is on its way to Slack at this moment. Nothing was erased; run the "
            "command again in a minute, or when Slack answers again."
        )
    terms = _terms(tx, order)
    erased = tx.erasure.erase(order.donor_id, terms.all - {order.donor_id}, arrived.now)
    _redact_others(tx, arrived, order, terms, looked or Looked(), erased)
    if not erased.anything:
        return NotErased(f"Nothing is stored about {order.donor_id}. Check the id in the CRM.")
    line = ErasureLine(arrived.ids.new(), arrived.now, tx.audit.mark_of(order.donor_id), order.by)
    _write_down(tx, arrived, order, erased, line, terms)
    _redact(tx, arrived, erased)
    _refresh_cards(tx, arrived, erased.decisions)
    for grouping_id in dict.fromkeys(erased.grouping_ids):
        refresh_grouping(tx, arrived, grouping_id)
    _refresh_homes(tx, arrived, tx.erasure.people_with_a_home())
    tx.erasures_done.note(line.id, arrived.now)
    if keep is not None:
        tx.audit.flush()
        keep(line)
    return erased


def erasure_of(tx: Transaction, donor_id: str) -> AuditRecord | None:
    """Return the entry that records a donor's erasure, if there was one."""
    mark = tx.audit.mark_of(donor_id)
    found = [each for each in tx.audit.of_kind(ERASED) if each.payload and each.payload.get("mark") == mark]
    return found[-1] if found else None


def _terms(tx: Transaction, order: ErasureOrder) -> Terms:
    return Terms.of(order.donor_id, tx.erasure.names_of(order.donor_id) | set(order.also_called))


def _redact_others(
    tx: Transaction, arrived: Arrived, order: ErasureOrder, terms: Terms, looked: Looked, erased: Erased
) -> None:
    """Rewrite what surely speaks of the donor, and note what may."""
    since = tx.redaction.naming(terms, order.donor_id, after=looked.seq)
    named = {each.entry_id: each for each in (*looked.named, *since)}
    chosen = [each.entry_id for each in named.values() if each.surely or order.redact_names]
    erased.redacted = tx.redaction.strike_out(chosen, terms)
    erased.left = [each for each in named.values() if each.entry_id not in chosen]
    for donor_id in dict.fromkeys(each.donor_id for each in erased.redacted):
        own = [each for each in erased.redacted if each.donor_id == donor_id]
        entries = [{"id": each.entry_id, "commitment": each.commitment} for each in own]
        why = "a person named in it was erased"
        write_down(tx, arrived, REDACTED, subject=donor_id, actor=order.actor, entries=entries, why=why)


def _write_down(
    tx: Transaction,
    arrived: Arrived,
    order: ErasureOrder,
    erased: Erased,
    line: ErasureLine,
    terms: Terms,
) -> None:
    reason = Mentions("", terms.all).struck_out(order.reason)
    write_down(
        tx,
        arrived,
        ERASED,
        subject=None,
        actor=order.actor,
        subject_ref=erased.subject_ref or "",
        name=order.by,
        reason=reason,
        mark=line.mark,
        line=line.id,
        payloads=erased.payloads,
        rows=erased.rows,
        messages=len(erased.places),
        redacted_about_others=len(erased.redacted),
        left_about_others=len(erased.left),
    )


def _redact(tx: Transaction, arrived: Arrived, erased: Erased) -> None:
    for place in dict.fromkeys(erased.places):
        effect = RedactMessage(channel_id=place.channel_id, message_ts=place.message_ts)
        key = f"redact:{place.channel_id}:{place.message_ts}"
        enqueue(tx, effect, key=key, order=None, arrived=arrived, priority=PEOPLE_FIRST)


def _refresh_cards(tx: Transaction, arrived: Arrived, decisions: Collection[str]) -> None:
    """Have the cards of others no longer name who was erased, wherever they are shown."""
    for about in decisions:
        if escalation := tx.escalations.get(about):
            refresh_card(tx, arrived, escalation, again=f":{arrived.item_id}")


def _refresh_homes(tx: Transaction, arrived: Arrived, people: Collection[str]) -> None:
    for user_id in people:
        order = f"home:{user_id}"
        key = f"{order}:{arrived.item_id}"
        enqueue(tx, PublishHome(user_id=user_id), key=key, order=order, arrived=arrived)
