"""Say openly that policy holds a proposal; the same once a day, and not more of it than people can read."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.answers.answering import post
from handlers.answers.donor_header import donor_header, elsewhere_url
from handlers.context import Arrived
from handlers.execution.publishing import publish
from handlers.outcomes import HeldNotice, Notice
from handlers.proposals.considered import Considered
from handlers.proposals.routing import Route
from handlers.proposals.ruling import Ruling
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from policy.canonical import digest
from policy.changes import describe
from policy.events import PublishedEventType
from policy.matters import matter_of
from policy.organisation import Organisation
from storage.occurrences import ABOUT_DONOR
from storage.transaction import Transaction

MANY = Notice(
    text="Policy holds more proposals today than fit here, so no more of them are announced until tomorrow.",
    next_step="Nothing was done about any of them. Each is in the audit with its reasons.",
)


def hold(
    tx: Transaction,
    arrived: Arrived,
    considered: Considered,
    ruling: Ruling,
    destination: Route,
    names: Mapping[str, str],
    organisation: Organisation,
) -> None:
    """Say what happened and why policy offers no action."""
    notice = HeldNotice(
        donor=donor_header(considered.record, organisation),
        happened=considered.happened,
        proposal=describe(considered.recommendation.action, names),
        reasons=ruling.decision.reasons or ("No rule allows this action.",),
        elsewhere=organisation.decided_elsewhere if ruling.elsewhere else "",
        elsewhere_url=elsewhere_url(considered.record, organisation) if ruling.elsewhere else None,
        reference=arrived.reference,
    )
    publish(tx, arrived, PublishedEventType.RISK_FLAGGED, arrived.item_id, ruling, considered.recommendation)
    if _is_news(tx, arrived, considered, ruling, destination):
        _announce(tx, arrived, notice, destination, organisation)
    else:
        write_down(tx, arrived, "hold.not_announced", subject=considered.record.donor.id)


def _is_news(
    tx: Transaction, arrived: Arrived, considered: Considered, ruling: Ruling, destination: Route
) -> bool:
    """Say whether this is the first time today that this is held for these reasons."""
    today = destination.working.local_day(arrived.now).isoformat()
    why = digest([ruling.decision.reasons, ruling.decision.policy_version])[:16]
    about = ABOUT_DONOR.format(donor_id=considered.record.donor.id)
    once = f"{about}{matter_of(considered.proposal)}:{why}"
    return tx.occurrences.claim(once, today, arrived.now)


def _announce(
    tx: Transaction, arrived: Arrived, notice: HeldNotice, destination: Route, organisation: Organisation
) -> None:
    today, channel = destination.working.local_day(arrived.now).isoformat(), destination.channel
    room = (f"{today}:{number}" for number in range(organisation.cards_per_day))
    if any(tx.occurrences.claim(f"held-in:{channel}", each, arrived.now) for each in room):
        post(tx, arrived, notice, channel, by=SYSTEM, donor_id=notice.donor.id)
        return
    write_down(tx, arrived, "hold.not_announced", subject=notice.donor.id)
    if tx.occurrences.claim(f"held-many:{channel}", today, arrived.now):
        post(tx, arrived, MANY, channel, by=SYSTEM)
