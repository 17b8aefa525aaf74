"""A situation to recommend something in: the record, its facts, what happened, and the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from policy.actions import Action
from policy.claims import Claim, Slot
from policy.donor import Channel, DonorRecord, Gift, Interaction, Note
from policy.events import CrmEvent, CrmEventType
from policy.facts_model import DonorFacts
from policy.sentences import Writer
from policy.value import Value

_SATURDAY = 5
_LONGEST_NAME = 120


class Proposal(Value):
    """One proposed next step for a person to decide: the action, why, what else, and what is not known.

    *rule* names the rule that proposed it, *about* the CRM records it is for. *leads_to_contact* says of a
    task that it is to call or write to the donor of our own accord, not to answer them. What is *urgent* is
    never left to wait in a list.
    """

    action: Action
    headline: str
    signals: tuple[Claim, ...]
    alternatives: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    rule: str = ""
    about: tuple[str, ...] = ()
    leads_to_contact: bool = False
    urgent: bool = False


@dataclass(frozen=True)
class Situation:
    """What the rules look at; *event* is None when somebody simply asks what to do next.

    *together* names CRM records that an open decision about the donor is for already.
    """

    record: DonorRecord
    facts: DonorFacts
    event: CrmEvent | None
    today: date
    together: frozenset[str] = frozenset()

    @cached_property
    def writer(self) -> Writer:
        """Write cited sentences about this donor."""
        return Writer(self.record, self.facts)

    @property
    def name(self) -> str:
        """The donor's name, cut to what a title holds."""
        name = self.record.donor.name
        return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"

    @property
    def donor_id(self) -> str:
        """The donor's id: the only one any proposal is ever for."""
        return self.record.donor.id

    @property
    def owner_id(self) -> str | None:
        """The relationship owner, unless they left."""
        owner = self.record.owner
        return owner.id if owner is not None and owner.active else None

    def day_of(self, at: datetime) -> date:
        """Return the organisation's calendar day of an instant."""
        return self.facts.conventions.day_of(at)

    def happened(self, *types: CrmEventType) -> bool:
        """Say whether the event is one of *types*."""
        return self.event is not None and self.event.type in types

    @property
    def is_asked(self) -> bool:
        """Say whether there is no event, or one that names no particular record."""
        return self.event is None or self.happened(CrmEventType.DONOR_UPDATED)

    @cached_property
    def gift(self) -> Gift | None:
        """The gift the event is about."""
        gifts = (*self.record.gifts, *self.record.soft_credited_gifts)
        return next((gift for gift in gifts if self.event and gift.id == self.event.record_id), None)

    @cached_property
    def interaction(self) -> Interaction | None:
        """The meeting or reply the event is about."""
        found = (i for i in self.record.interactions if self.event and i.id == self.event.record_id)
        return next(found, None)

    @cached_property
    def note(self) -> Note | None:
        """The note the event is about."""
        return next((n for n in self.record.notes if self.event and n.id == self.event.record_id), None)

    def within(self, days: int) -> date:
        """Return a working day at most *days* ahead where there is one, else the next one; never the past."""
        day = self.today + timedelta(days=max(0, days))
        if day.weekday() < _SATURDAY:
            return day
        friday = day - timedelta(days=day.weekday() - _SATURDAY + 1)
        return friday if friday >= self.today else day + timedelta(days=7 - day.weekday())

    def may_reach(self, channel: Channel, purpose: str = "stewardship") -> bool:
        """Say whether the donor has not refused a channel; unknown still needs a person to look."""
        return self.facts.text(f"consent.{channel.value}.{purpose}") != "opted_out"

    @property
    def withheld(self) -> str | None:
        """Say why nobody contacts the donor unasked, in words that follow "who is"; None if they may."""
        people = (self.record.donor, *self.record.household_members)
        if self.record.donor.do_not_contact:
            return "marked do not contact"
        if self.record.donor.legal_review:
            return "under legal review"
        return "in a household under legal review" if any(each.legal_review for each in people) else None

    def is_planned(self, title: str) -> bool:
        """Say whether an open task with this title is there already."""
        return any(task.status == "open" and task.title == title for task in self.record.tasks)

    def unknowns(self, *channels: Channel) -> tuple[str, ...]:
        """Name what a person should know is missing."""
        missing = []
        if self.record.owner is None:
            missing.append("No relationship owner is recorded.")
        elif not self.record.owner.active:
            missing.append(f"The recorded owner, {self.record.owner.name}, is no longer on the staff.")
        missing += [
            f"Consent for contact by {channel.value} is not recorded."
            for channel in channels
            if self.facts.text(f"consent.{channel.value}.stewardship") == "unknown"
        ]
        if self.facts.discrepancies:
            missing.append("The CRM's own totals differ from its records.")
        return tuple(missing)

    def full_name(self) -> Slot:
        """Bind the donor's name in a sentence."""
        return self.writer.name()
