"""Inform those whom policy wants informed that decisions wait, without amounts: one message for many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers.answers.answering import post
from handlers.commands import InformDue
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice
from handlers.proposals.escalation_view import card_of, requirement_of
from handlers.proposals.obligations import duties_of
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.waking import wake_for
from policy.escalation import EscalationState
from policy.organisation import Organisation
from storage.escalations import Escalation
from storage.transaction import Transaction

NOTHING_TO_DO = "You are informed because policy asks for it; there is nothing for you to do."
EVERY = timedelta(hours=1)
GATHERING_S = 600
_WAITING = (EscalationState.OPEN, EscalationState.ESCALATED, EscalationState.DEFERRED)


def inform(
    tx: Transaction, arrived: Arrived, waiting: Sequence[Escalation], organisation: Organisation
) -> None:
    """Have each role that the rules name hear of those of *waiting* that they name it for.

    It can wait, since there is nothing to do: a channel hears at the next full ten minutes and then once an
    hour, so that an import is a word to managers and not one for each gift in it.
    """
    for each in waiting:
        roles = duties_of(requirement_of(each).decision).notify
        people = [person for role in roles for person in organisation.people_in(role)]
        for channel in sorted({person.channel or organisation.review_channel for person in people}):
            wake_for(
                tx,
                arrived,
                _next(tx, arrived.now, channel),
                InformDue(escalation_id=each.id, channel=channel),
                key=f"inform:{channel}:{each.id}:{arrived.item_id}",
                order=_order(channel),
                correlation_id=each.correlation_id,
            )


async def tell_of_decisions(command: InformDue, arrived: Arrived, context: Context) -> Write:
    """Tell a channel of the decision and of all others that it is to hear of by now."""
    del context
    return lambda tx: _tell(tx, command, arrived)


def _tell(tx: Transaction, command: InformDue, arrived: Arrived) -> None:
    others = tx.inbox.take_along(command.type, _order(command.channel), arrived.now)
    ids = [command.escalation_id, *(InformDue.model_validate_json(each).escalation_id for each in others)]
    found = [each for one in dict.fromkeys(ids) if (each := tx.escalations.get(one))]
    if not found:
        return
    tx.settings.put(_order(command.channel), arrived.now.isoformat(), arrived.now)
    [first, *rest] = found
    donor_id = None if rest else first.donor_id
    notice = Notice(text=_told(found), next_step=NOTHING_TO_DO, reference=arrived.reference)
    post(tx, arrived, notice, command.channel, by=SYSTEM, donor_id=donor_id)
    for each in found:
        write_down(
            tx,
            arrived,
            "roles.informed",
            subject=each.donor_id,
            correlation_id=each.correlation_id,
            escalation_id=each.id,
            channel=command.channel,
        )


def _told(found: Sequence[Escalation]) -> str:
    """Say it of one by name; of several without, since a message about many is erased with none of them."""
    deciders = Counter(card_of(each).decider for each in found if each.state in _WAITING)
    if len(found) == 1:
        name, wait = card_of(found[0]).donor.name, " and ".join(deciders)
        return f"A decision about {name} " + (f"waits for {wait}." if wait else "does not wait any more.")
    waits = [
        f"{count} {'waits' if count == 1 else 'wait'} for {who}" for who, count in deciders.most_common()
    ]
    if others := len(found) - deciders.total():
        waits.append(f"{others} {'does' if others == 1 else 'do'} not wait any more")
    return f"{len(found)} decisions that you are to know of: {', '.join(waits)}."


def _order(channel: str) -> str:
    return f"inform:{channel}"


def _next(tx: Transaction, now: datetime, channel: str) -> datetime:
    """Return the next full ten minutes, an hour after the channel heard last at the soonest."""
    last = tx.settings.get(_order(channel))
    earliest = max(now, datetime.fromisoformat(last) + EVERY) if isinstance(last, str) else now
    return datetime.fromtimestamp(-(-int(earliest.timestamp()) // GATHERING_S) * GATHERING_S, tz=now.tzinfo)
