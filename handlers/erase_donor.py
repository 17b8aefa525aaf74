"""Erase a donor: payloads, key and mapping in the audit, and every row and message that names them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from handlers.context import Arrived
from handlers.effects import PEOPLE_FIRST, PublishHome, RedactMessage, enqueue
from handlers.evidence import record as write_down
from storage.audit import AuditRecord
from storage.erasure import Erased
from storage.transaction import Transaction

ERASED = "donor.erased"


@dataclass(frozen=True, slots=True)
class ErasureOrder:
    """Whom to erase, on whose order and why; *also_called* are names that nothing stored would tell."""

    donor_id: str
    by: str
    actor: str
    reason: str
    also_called: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotErased:
    """Why nothing was erased, in a sentence for whoever ordered it."""

    why: str


def erase_donor(tx: Transaction, arrived: Arrived, order: ErasureOrder) -> Erased | NotErased:
    """Erase the donor and write down who wanted it and why; the log keeps verifying."""
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
    names = tx.erasure.names_of(order.donor_id) | set(order.also_called)
    erased = tx.erasure.erase(order.donor_id, names, arrived.now)
    if not erased.anything:
        return NotErased(f"Nothing is stored about {order.donor_id}. Check the id in the CRM.")
    write_down(
        tx,
        arrived,
        ERASED,
        subject=None,
        actor=order.actor,
        subject_ref=erased.subject_ref or "",
        name=order.by,
        reason=order.reason,
        mark=tx.audit.mark_of(order.donor_id),
        payloads=erased.payloads,
        rows=erased.rows,
        messages=len(erased.places),
    )
    _redact(tx, arrived, erased)
    _refresh_homes(tx, arrived, tx.erasure.people_with_a_home())
    return erased


def erasure_of(tx: Transaction, donor_id: str) -> AuditRecord | None:
    """Return the entry that records a donor's erasure, if there was one."""
    mark = tx.audit.mark_of(donor_id)
    found = [each for each in tx.audit.of_kind(ERASED) if each.payload and each.payload.get("mark") == mark]
    return found[-1] if found else None


def _redact(tx: Transaction, arrived: Arrived, erased: Erased) -> None:
    for place in dict.fromkeys(erased.places):
        effect = RedactMessage(channel_id=place.channel_id, message_ts=place.message_ts)
        key = f"redact:{place.channel_id}:{place.message_ts}"
        enqueue(tx, effect, key=key, order=None, arrived=arrived, priority=PEOPLE_FIRST)


def _refresh_homes(tx: Transaction, arrived: Arrived, people: Collection[str]) -> None:
    for user_id in people:
        order = f"home:{user_id}"
        key = f"{order}:{arrived.item_id}"
        enqueue(tx, PublishHome(user_id=user_id), key=key, order=order, arrived=arrived)
