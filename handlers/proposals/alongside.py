"""What waits right behind an event about the same donor: one look, and one decision, does for many.

An import, a day with a matching fund, or a CRM that saves a record again and again tells of one donor
thousands of times. What had arrived before the donor was read is in what was read. So whatever behind the
event leads to nothing, to the same step, or to thanks that belong with its thanks is answered with it, in the
order in which it came and up to the first that calls for something else. Each leaves an entry of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from pydantic import ValidationError

from handlers.commands import CrmEventArrived
from handlers.context import Arrived
from handlers.proposals.happened import happened, is_our_own, is_visible
from handlers.proposals.occasion import campaign_of, gift_told
from policy.donor import DonorRecord
from policy.events import CrmEvent, CrmEventType
from policy.facts import DonorFacts
from policy.matters import THANKS, is_same_step, matter_of
from policy.recommender import Proposal, recommend
from policy.triage import Triage
from policy.triaging import to_look_into, triaged
from storage.queue import Item
from storage.transaction import Transaction

MOST = 100
"""So many are looked at together: a look that has to be repeated repeats no more than these."""
MOST_SAID = 12


@dataclass(frozen=True, slots=True)
class Behind:
    """An event that came behind another one; *answers* says that what the other leads to answers it too."""

    item: Item
    event: CrmEvent
    gift: dict[str, object] | None = None
    answers: bool = False

    def arrived_with(self, first: Arrived) -> Arrived:
        """Return it as it arrived, handled in the same attempt as the *first*."""
        place = self.item.place
        return replace(
            first,
            item_id=self.item.id,
            correlation_id=self.item.correlation_id,
            position=place.position if place else None,
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A donor as one look found them; *together* names the records that open thanks are for."""

    record: DonorRecord
    facts: DonorFacts
    today: date
    together: frozenset[str]

    def leads_to(
        self, event: CrmEvent, besides: frozenset[str] = frozenset()
    ) -> tuple[Proposal | None, Triage | None]:
        """Return the next step because of *event*, if any, and how pressing it is where that is asked."""
        record, facts = self.record, self.facts
        proposal = recommend(record, facts, event, self.today, self.together | besides)
        found = triaged(event, record, facts)
        if proposal is None and found is not None:
            proposal = to_look_into(found, event, record, facts, self.today)
        return proposal, found


def waiting_behind(tx: Transaction, event: CrmEvent, arrived: Arrived) -> tuple[Behind, ...]:
    """Return the events behind one about the same donor; none when an attempt at it failed.

    What went wrong once is tried alone, so that an event is never set aside for the fault of another.
    """
    found: list[Behind] = []
    for item in tx.inbox.behind(arrived.item_id, arrived.now, MOST) if arrived.attempts == 1 else ():
        try:
            told = CrmEventArrived.model_validate_json(item.body).event
        except ValidationError:
            break
        if told.donor_id != event.donor_id or is_our_own(told):
            break
        found.append(Behind(item, told))
    return tuple(found)


async def answered_with(
    event: CrmEvent, proposal: Proposal | None, behind: Sequence[Behind], seen: Seen
) -> tuple[Proposal | None, tuple[Behind, ...]]:
    """Return the step that *event* leads to together with what is *behind* it, and what that answers."""
    thanks = _to_thank_for(event, proposal, behind, seen)
    answered: list[Behind] = []
    for each in behind:
        found = await _needs_no_more(each, proposal, thanks, seen)
        if found is None:
            break
        answered.append(replace(found, gift=gift_told(each.event, seen.record)))
    joined = {each.event.record_id for each in answered if each.answers}
    if thanks & joined:
        proposal, _ = seen.leads_to(event, thanks & joined)
    return proposal, tuple(answered)


def _to_thank_for(
    event: CrmEvent, proposal: Proposal | None, behind: Sequence[Behind], seen: Seen
) -> frozenset[str]:
    """Return the gifts behind a gift that are thanked for with it, as they would be one after the other."""
    campaign, record = campaign_of(event, seen.record), seen.record
    gifts = (each.event for each in behind if each.event.type is CrmEventType.DONATION_RECEIVED)
    named = frozenset(e.record_id for e in gifts if e.record_id and campaign_of(e, record) == campaign)
    together, _ = seen.leads_to(event, named) if proposal and named else (None, None)
    if proposal is None or together is None or matter_of(together) != THANKS:
        return frozenset()
    return named & set(together.about) if set(proposal.about) <= set(together.about) else frozenset()


async def _needs_no_more(
    each: Behind, proposal: Proposal | None, thanks: frozenset[str], seen: Seen
) -> Behind | None:
    """Return *each* where it leads to nothing, to the step that is proposed, or to its thanks; else None."""
    if not is_visible(each.event, seen.record):
        return None
    await asyncio.sleep(0)  # a long history takes its time, and others have their turn
    own, found = seen.leads_to(each.event, frozenset(proposal.about if proposal else ()))
    if own is None:
        return each
    if proposal is None or found is not None or matter_of(own) != matter_of(proposal):
        return None
    is_answered = each.event.record_id in thanks or is_same_step(own.action, proposal.action)
    return replace(each, answers=True) if is_answered else None


def said_besides(answered: Sequence[Behind], record: DonorRecord) -> tuple[str, ...]:
    """Say what else happened, the latest first."""
    told = [each.event for each in answered if each.answers]
    return tuple(happened(event, record) for event in reversed(told[-MOST_SAID:]))
