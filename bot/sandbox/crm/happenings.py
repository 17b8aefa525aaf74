"""What the control strip can make happen, as the people at the other end of a CRM would cause it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from pydantic import Field, SerializeAsAny

from . import believable
from .bodies import Body
from .cloud_event import CloudEvent, EventType
from .days import day_of
from .model import (
    Acknowledgement,
    Campaign,
    Consent,
    Currency,
    Donor,
    Gift,
    Installment,
    Interaction,
    InteractionKind,
    Money,
    Note,
    Pledge,
    Record,
    SoftCredit,
)
from .outcomes import invalid
from .rollups import rollups_of
from .store import Author, Store
from .tables import key_of

PAGE = Author("crm-page")
What = Literal[
    "gift", "reply", "email_open", "meeting", "pledge", "campaign", "opt_out", "death", "note", "legal_review"
]


class Wish(Body):
    """What is to happen; everything left out is chosen to fit the donor.

    *donor_id* defaults to the first story's donor. *campaign_id* names the campaign of a gift, or the one to
    pause or resume, or to complete when it *ends*. *external* marks a note as written by somebody outside the
    staff.
    """

    what: What
    donor_id: str | None = None
    amount_minor: int | None = Field(None, gt=0, le=10**12)
    currency: Currency | None = None
    text: str | None = Field(None, max_length=20_000)
    campaign_id: str | None = None
    ends: bool = False
    external: bool = False


class Happened(Body):
    """What happened: the record it left, a sentence for the page, and the events that were sent."""

    what: What
    donor_id: str | None
    record_id: str
    summary: str
    event_ids: tuple[str, ...]
    record: SerializeAsAny[Record]


class Happenings:
    """Makes things happen in the store, with the events that a CRM would send."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tables = store.tables
        self._ways: dict[What, Callable[[Wish, Donor], Happened]] = {
            "gift": self._gift,
            "reply": self._reply,
            "email_open": self._email_open,
            "meeting": self._meeting,
            "pledge": self._pledge,
            "opt_out": self._opt_out,
            "death": self._death,
            "note": self._note,
            "legal_review": self._legal_review,
        }

    def happen(self, wish: Wish) -> Happened:
        """Make it happen; `Problem` when the donor or campaign is unknown or merged."""
        if wish.what == "campaign":
            return self._campaign(wish)
        return self._ways[wish.what](wish, self._store.writable(wish.donor_id or self._somebody()))

    def _somebody(self) -> str:
        story = next(iter(self._tables.stories), None)
        if story is not None:
            return story.donor_id
        living = [d for d in self._tables.donors if not d.deceased and d.merged_into is None]
        if not living:
            raise invalid("donor_id: the CRM holds no donor to whom this could happen.")
        return max(living, key=lambda donor: donor.rollups.lifetime_giving.minor).id

    def _gift(self, wish: Wish, donor: Donor) -> Happened:
        before = self._tables.gifts.of(donor.id)
        amount = _asked(wish, believable.next_amount(before))
        campaign = self._campaign_of(wish)
        now = self._store.clock()
        gift = Gift(
            id=self._tables.gifts.new_id(),
            donor_id=donor.id,
            amount=amount,
            received_on=day_of(now),
            campaign_id=campaign.id if campaign else None,
            is_anonymous=donor.gives_anonymously,
            acknowledgement=Acknowledgement(status="needed"),
            soft_credits=self._partners(donor, amount),
            modified_at=now,
        )
        moved: list[Record] = [gift]
        if donor.id not in self._tables.stale_rollups:
            rollups = rollups_of((*before, gift), donor.rollups.lifetime_giving.currency)
            moved.append(donor.changed(rollups=rollups, modified_at=now))
        if campaign and campaign.raised.currency == amount.currency:
            moved.append(campaign.changed(raised=campaign.raised.plus(amount)))
        events = self._store.event("donation.received", donor.id, {"gift_id": gift.id})
        return self._done(wish, donor, f"{donor.name} gave {shown(amount)}.", *moved, *events)

    def _partners(self, donor: Donor, amount: Money) -> tuple[SoftCredit, ...]:
        household = self._tables.households.get(donor.household_id or "")
        others = [m for m in household.member_ids if m != donor.id] if household else []
        return tuple(SoftCredit(donor_id=other, amount=amount, reason="household") for other in others)

    def _campaign_of(self, wish: Wish) -> Campaign | None:
        if wish.campaign_id:
            return self._store.require(self._tables.campaigns, wish.campaign_id)
        return next((c for c in self._tables.campaigns if c.status == "active"), None)

    def _contact(
        self, wish: Wish, donor: Donor, kind: InteractionKind, subject: str, body: str
    ) -> Interaction:
        now = self._store.clock()
        return Interaction(
            id=self._tables.interactions.new_id(),
            donor_id=donor.id,
            kind=kind,
            direction="outbound" if kind == "meeting" else "inbound",
            at=now,
            staff_id=donor.owner_id,
            subject=subject,
            body=wish.text or body,
            campaign_id=wish.campaign_id,
            modified_at=now,
        )

    def _turn(self, donor: Donor) -> int:
        return len(self._tables.interactions.of(donor.id))

    def _reply(self, wish: Wish, donor: Donor) -> Happened:
        body = believable.reply(self._turn(donor))
        contact = self._contact(wish, donor, "reply", "Re: News from the harbour", body)
        return self._contacted(wish, donor, contact, "reply.received", f"{donor.name} wrote back.")

    def _email_open(self, wish: Wish, donor: Donor) -> Happened:
        contact = self._contact(wish, donor, "email_open", "Opened: News from the harbour", "")
        return self._contacted(wish, donor, contact, "email.opened", f"{donor.name} opened an e-mail.")

    def _meeting(self, wish: Wish, donor: Donor) -> Happened:
        """The next planned meeting takes place; without one, somebody dropped in."""
        words = believable.meeting(self._turn(donor))
        planned = [
            i
            for i in self._tables.interactions.of(donor.id)
            if i.kind in ("meeting", "visit") and i.status == "planned"
        ]
        contact = self._contact(wish, donor, "meeting", "Meeting", words)
        if planned:
            now = self._store.clock()
            held = {"status": "completed", "at": now, "modified_at": now, "body": wish.text or words}
            contact = min(planned, key=lambda i: i.at).model_copy(update=held)
        return self._contacted(wish, donor, contact, "meeting.completed", f"Met {donor.name}.")

    def _contacted(
        self, wish: Wish, donor: Donor, contact: Interaction, kind: EventType, summary: str
    ) -> Happened:
        events = self._store.event(kind, donor.id, {"interaction_id": contact.id})
        return self._done(wish, donor, summary, contact, *events)

    def _pledge(self, wish: Wish, donor: Donor) -> Happened:
        """Four quarterly instalments, the first in a month; what does not divide evenly is in the last."""
        usual = believable.next_pledge(self._tables.pledges.of(donor.id), self._tables.gifts.of(donor.id))
        amount = _asked(wish, usual)
        today = day_of(self._store.clock())
        quarter = amount.minor // 4
        parts = (quarter, quarter, quarter, amount.minor - 3 * quarter)
        pledge = Pledge(
            id=self._tables.pledges.new_id(),
            donor_id=donor.id,
            amount=amount,
            pledged_on=today,
            status="open",
            campaign_id=wish.campaign_id,
            installments=tuple(
                Installment(
                    due_on=today + timedelta(days=30 + 91 * at),
                    amount=Money(minor=part, currency=amount.currency),
                    paid=Money(minor=0, currency=amount.currency),
                )
                for at, part in enumerate(parts)
            ),
        )
        events = self._store.event("pledge.renewed", donor.id, {"pledge_id": pledge.id})
        return self._done(wish, donor, f"{donor.name} pledged {shown(amount)}.", pledge, *events)

    def _opt_out(self, wish: Wish, donor: Donor) -> Happened:
        row = Consent(
            id=self._tables.consents.new_id(),
            donor_id=donor.id,
            channel="email",
            purpose="all",
            status="opted_out",
            source=wish.text or "Unsubscribe link",
            jurisdiction=donor.region if donor.region != "OTHER" else donor.country,
            captured_on=day_of(self._store.clock()),
        )
        change = self._store.change(row, "consent.email.all", None, "opted_out", PAGE)
        events = self._store.updated(donor.id, ["consents"], PAGE)
        return self._done(wish, donor, f"{donor.name} wants no more e-mail.", row, change, *events)

    def _death(self, wish: Wish, donor: Donor) -> Happened:
        died_on = day_of(self._store.clock()) - timedelta(days=2)
        fields = {"deceased": True, "deceased_on": died_on}
        return self._edited(wish, donor, fields, f"The death of {donor.name} was recorded.")

    def _legal_review(self, wish: Wish, donor: Donor) -> Happened:
        placed = not donor.legal_review
        summary = f"{donor.name} was {'placed under' if placed else 'released from'} legal review."
        return self._edited(wish, donor, {"legal_review": placed}, summary)

    def _edited(self, wish: Wish, donor: Donor, fields: dict[str, object], summary: str) -> Happened:
        after = donor.changed(**fields, modified_at=self._store.clock())
        history = [
            self._store.change(donor, name, getattr(donor, name), value, PAGE)
            for name, value in fields.items()
            if getattr(donor, name) != value
        ]
        events = self._store.updated(donor.id, sorted(fields), PAGE)
        return self._done(wish, donor, summary, after, *history, *events)

    def _note(self, wish: Wish, donor: Donor) -> Happened:
        note = Note(
            id=self._tables.notes.new_id(),
            donor_id=donor.id,
            author_id=None if wish.external else donor.owner_id,
            external_author=wish.external,
            written_at=self._store.clock(),
            text=wish.text or believable.note(len(self._tables.notes.of(donor.id))),
        )
        events = self._store.event("note.added", donor.id, {"note_id": note.id})
        return self._done(wish, donor, f"A note was added about {donor.name}.", note, *events)

    def _campaign(self, wish: Wish) -> Happened:
        """An active campaign is paused, a paused one goes on; one that ends is completed."""
        campaign = self._campaign_of(wish)
        if campaign is None or campaign.status not in ("active", "paused"):
            raise invalid("campaign_id: only an active or paused campaign can be paused or resumed.")
        status = "paused" if campaign.status == "active" else "active"
        status = "completed" if wish.ends else status
        after = campaign.changed(status=status)
        change = self._store.change(campaign, "status", campaign.status, status, PAGE)
        events = self._store.campaign_moved(after)
        return self._done(wish, None, f"{campaign.name} is {status}.", after, change, *events)

    def _done(self, wish: Wish, donor: Donor | None, summary: str, *puts: Record) -> Happened:
        self._store.commit(*puts)
        return Happened(
            what=wish.what,
            donor_id=donor.id if donor else None,
            record_id=key_of(puts[0]),
            summary=summary,
            event_ids=tuple(record.id for record in puts if isinstance(record, CloudEvent)),
            record=puts[0],
        )


def _asked(wish: Wish, usual: Money) -> Money:
    currency = wish.currency or usual.currency
    return Money(minor=wish.amount_minor or usual.minor, currency=currency)


def shown(amount: Money) -> str:
    """An amount for a reader, two decimals: USD 2,500.00."""
    return f"{amount.currency} {amount.minor / 100:,.2f}"
