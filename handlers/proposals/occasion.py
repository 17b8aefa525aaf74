"""What leads to a decision and where it is taken: who asked, for which campaign, and who can read along."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.proposals.escalation_view import card_of, requirement_of
from policy.decision import Role
from policy.decision_context import Audience, Requester
from policy.donor import DonorRecord, Gift, Interaction, Pledge
from policy.events import CrmEvent, CrmEventType
from policy.facts_giving import CASH_LIKE
from policy.organisation import Organisation
from policy.value import Value
from storage.escalations import Escalation


class Occasion(Value):
    """What a decision is asked on; without a *requester* an event or a timer asked.

    *campaign_id* is the campaign of what happened, or of the pledge or planned contact it is about; None
    where that has none.
    """

    requester: Requester | None = None
    shared_with_outsiders: bool = False
    campaign_id: str | None = None
    audience: Audience = Audience()

    def at_a_place(self, *, shared_with_outsiders: bool) -> Occasion:
        """Return the same occasion where people outside the organisation can read along, or cannot."""
        return self.model_copy(update={"shared_with_outsiders": shared_with_outsiders})


async def occasion_of(
    event: CrmEvent | None,
    user_id: str | None,
    record: DonorRecord,
    context: Context,
    about: Collection[str] = (),
) -> Occasion:
    """Return what is known before anybody decided where it goes.

    *user_id* is whoever asked in Slack, *about* names the CRM records that the proposal is for.
    """
    campaign_id = campaign_of(event, record) or _campaign_of_what_is_ahead(about, record)
    return Occasion(
        requester=await requester_of(user_id, record, context) if user_id else None,
        campaign_id=campaign_id,
        audience=_audience(campaign_id, context.organisation),
    )


async def occasion_again(
    escalation: Escalation, user_id: str | None, record: DonorRecord, context: Context
) -> Occasion:
    """Return the occasion of a decision that is open already; *user_id* wants another version of it.

    A version that somebody wrote before is theirs: they asked for what it says now.
    """
    edits = card_of(escalation).edits
    author = edits[-1].by_user_id if edits else requirement_of(escalation).requested_by
    event = CrmEvent.model_validate_json(escalation.trigger) if escalation.trigger else None
    return await occasion_of(event, user_id or author, record, context, escalation.about)


async def requester_of(user_id: str, record: DonorRecord, context: Context) -> Requester:
    """Return who asked; somebody whom Slack or the CRM does not know has no staff id and no roles."""
    colleague = await context.chat.colleague(user_id)
    if colleague is None or not colleague.is_full_member:
        return Requester(staff_id=None)
    staff = (*record.staff, *((record.owner,) if record.owner else ()))
    email = colleague.email.casefold()
    found = next((member for member in staff if member.active and member.email.casefold() == email), None)
    roles = tuple(Role(role) for role in context.organisation.roles_of(email) if role in set(Role))
    return Requester(staff_id=found.id if found else None, roles=roles)


async def outsiders_may_read(channel: str, context: Context, *, lately: bool = False) -> bool:
    """Say whether people outside the organisation can read *channel*; what cannot be told counts as yes."""
    return await context.chat.is_shared_outside(channel, lately=lately) is not False


def is_on_hold(record: DonorRecord, organisation: Organisation) -> bool:
    """Say whether the donor carries a tag by which the owner keeps automation away."""
    holding = {tag.casefold() for tag in organisation.owner_hold_tags}
    return any(tag.casefold() in holding for tag in record.donor.tags)


def campaign_of(event: CrmEvent | None, record: DonorRecord) -> str | None:
    """Return the campaign of the gift, pledge or contact that the event is about."""
    if event is None or event.record_id is None:
        return None
    concerned: tuple[Gift | Pledge | Interaction, ...] = (
        *record.gifts,
        *record.soft_credited_gifts,
        *record.pledges,
        *record.interactions,
    )
    return next((each.campaign_id for each in concerned if each.id == event.record_id), None)


def _campaign_of_what_is_ahead(about: Collection[str], record: DonorRecord) -> str | None:
    """Return the campaign that a payment was promised to, or for which a contact is planned.

    Speaking of the one, or preparing the other, is contact for that campaign.
    """
    ahead: tuple[Pledge | Interaction, ...] = (
        *record.pledges,
        *(each for each in record.interactions if each.status == "planned"),
    )
    return next((each.campaign_id for each in ahead if each.id in about and each.campaign_id), None)


def campaign_told(
    event: CrmEvent | None, about: Collection[str], record: DonorRecord, time_zone: str
) -> dict[str, str] | None:
    """Return the campaign of what happened or of the pledge it is about, with when it runs in UTC."""
    wanted = campaign_of(event, record) or _campaign_of_what_is_ahead(about, record)
    found = next((each for each in record.campaigns if each.id == wanted), None)
    if found is None:
        return None
    days = found.starts_on, found.ends_on + timedelta(days=1)
    starts, ends = (
        datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC).isoformat() for day in days
    )
    return {"id": found.id, "name": found.name, "starts_at": starts, "ends_at": ends}


def gift_told(event: CrmEvent | None, record: DonorRecord) -> dict[str, object] | None:
    """Return what the gift that happened came to; None for promises, gifts in kind and soft credits."""
    if event is None or event.type is not CrmEventType.DONATION_RECEIVED:
        return None
    found = next((each for each in record.gifts if each.id == event.record_id), None)
    if found is None or found.type not in CASH_LIKE or found.status != "completed":
        return None
    return found.amount.model_dump(mode="json")


def _audience(campaign_id: str | None, organisation: Organisation) -> Audience:
    found = (each for each in organisation.audiences if each.campaign_id == campaign_id)
    return next((Audience(include=each.include, exclude=each.exclude) for each in found), Audience())
