"""Where a decision goes: an explicit rule for every case, so that nothing is dropped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from handlers.absence.working_hours import working_time, working_time_of
from handlers.context import Context
from handlers.ports import Colleague, Refused
from handlers.proposals.obligations import duties_of
from policy.actions import Action, AssignOwner
from policy.decision import Decision, Role
from policy.donor import DonorRecord
from policy.organisation import Organisation, Person
from policy.self_approval import excluded_from
from policy.working_time import WorkingTime

OWN_CHANNEL = "the owner's channel"
DIRECT = "the owner's direct messages"
OUT_OF_REACH = "the owner's own channel cannot be reached"
REVIEWER = "a reviewer (manager)"
SENIOR = "senior"
FOR_COMPLIANCE = "it speaks of a complaint, legal matters or a death"
FOR_SENIOR = "a major donor speaks of timing"
UNSURE = "too little is certain to say whose it is"


@dataclass(frozen=True, slots=True)
class Route:
    """The Slack *channel* a card goes to, *why*, and who decides there.

    *decider_email* is None when nobody owns the relationship in Slack: then any reviewer decides. The time to
    decide is counted in *working* time. *excluded* are Slack user ids that must not decide.
    """

    channel: str
    why: str
    decider: str
    decider_email: str | None
    working: WorkingTime
    excluded: tuple[str, ...] = ()


async def route(record: DonorRecord, context: Context) -> Route:
    """Route to the owner's channel, else their direct messages, else the review channel with the reason."""
    owner = record.owner
    if owner is None:
        return to_reviewers("the donor has no relationship owner", context)
    if not owner.active:
        return to_reviewers(f"the relationship owner {owner.name} is no longer active", context)
    colleague = await context.chat.colleague_by_email(owner.email)
    if colleague is None or not colleague.is_full_member:
        return to_reviewers(f"the relationship owner {owner.name} has no Slack account here", context)
    own, working = context.organisation.channel_of(owner.email), working_time_of(colleague, context)
    if own and await context.chat.is_shared_outside(own, lately=True) is None:
        # Slack tells nothing of a channel that is not there or that the bot is not in.
        why = f"the review channel, because {OUT_OF_REACH}"
        return Route(context.organisation.review_channel, why, owner.name, owner.email, working)
    if own:
        return Route(own, OWN_CHANNEL, owner.name, owner.email, working)
    direct = await context.chat.direct_channel(colleague.id)
    return Route(direct, DIRECT, owner.name, owner.email, working)


async def place_of(colleague: Colleague, context: Context) -> Route:
    """Route to somebody who decides in the owner's place: their own channel, else their direct messages."""
    own = context.organisation.channel_of(colleague.email)
    channel = own or await context.chat.direct_channel(colleague.id)
    why = f"{colleague.name}'s {'channel' if own else 'direct messages'}"
    return Route(channel, why, colleague.name, colleague.email, working_time_of(colleague, context))


def to_reviewers(reason: str, context: Context) -> Route:
    """Route to the review channel, where any manager decides, saying why."""
    return Route(
        channel=context.organisation.review_channel,
        why=f"the review channel, because {reason}",
        decider=REVIEWER,
        decider_email=None,
        working=working_time(None, None, context),
    )


async def where_rules_send(found: Route, decision: Decision, context: Context) -> Route:
    """Send a decision where the rules want it; to a reviewer, saying why, where nobody there is in Slack."""
    match duties_of(decision).route_to:
        case "compliance":
            people = context.organisation.people_in(Role.COMPLIANCE)
            return await _to_one_of(people, FOR_COMPLIANCE, context)
        case "senior":
            return await _to_senior(found, context)
        case "review":
            return to_reviewers(UNSURE, context)
        case _:
            return found


async def _to_senior(found: Route, context: Context) -> Route:
    """Send it to the owner's seniors first; an owner who is a senior fundraiser keeps it."""
    organisation, owner = context.organisation, found.decider_email
    if owner and SENIOR in organisation.roles_of(owner):
        return found
    above = organisation.chain_above(owner) if owner else ()
    people = (*(each for each in above if SENIOR in each.roles), *organisation.people_in(SENIOR), *above)
    return await _to_one_of(people, FOR_SENIOR, context)


async def _to_one_of(people: Iterable[Person], why: str, context: Context) -> Route:
    for person in people:
        colleague = await context.chat.colleague_by_email(person.email)
        if colleague and colleague.is_full_member:
            there = await place_of(colleague, context)
            return replace(there, why=f"{there.why}, because {why}")
    return to_reviewers(f"{why}, and nobody for that is in Slack", context)


async def out_of_sight(found: Route, context: Context) -> Route:
    """Return where nobody outside the organisation reads: direct messages with who decides, or a manager.

    Raises Refused when there is nobody to write to.
    """
    direct, name = await direct_messages(found.decider_email, context)
    return replace(found, channel=direct, why=f"{name}'s direct messages")


async def direct_messages(decider_email: str | None, context: Context) -> tuple[str, str]:
    """Return the direct messages with who decides, or a manager, and their name; raises Refused."""
    managers = (person.email for person in context.organisation.people_in("manager"))
    for email in (*((decider_email,) if decider_email else ()), *managers):
        colleague = await context.chat.colleague_by_email(email)
        if colleague and colleague.is_full_member:
            return await context.chat.direct_channel(colleague.id), colleague.name
    raise Refused("slack", "no_place_without_outsiders")


_ONE_OF = {Role.MANAGER: "a manager", Role.ADMIN: "an admin"}


def with_other_approvers(found: Route, decision: Decision, organisation: Organisation) -> Route:
    """Send a decision that others than the owner have to agree to where all of them can see it."""
    others = [need for need in decision.approvals if need.role is not Role.OWNER]
    if not others or found.channel == organisation.review_channel:
        return found
    roles = " and ".join(need.role.value for need in others)
    one_of = " and ".join(_ONE_OF.get(need.role, need.role.value) for need in others)
    owner_decides = any(need.role is Role.OWNER for need in decision.approvals)
    return replace(
        found,
        channel=organisation.review_channel,
        why=f"the review channel, because {roles} {'must agree too' if owner_decides else 'decides'}",
        decider=f"{found.decider} and {one_of}" if owner_decides else roles.capitalize(),
    )


async def without_own_approval(
    found: Route,
    action: Action,
    decision: Decision,
    record: DonorRecord,
    requested_by: str | None,
    context: Context,
) -> Route:
    """Name who must not decide, and where that is the one who would, go up the chain or to a reviewer."""
    receiver = await _new_owner(action, record, context)
    excluded = excluded_from(action, decision, requested_by=requested_by, new_owner=receiver)
    decider = await context.chat.colleague_by_email(found.decider_email) if found.decider_email else None
    if decider is None or decider.id not in excluded:
        return replace(found, excluded=excluded)
    for person in context.organisation.chain_above(decider.email):
        above = await context.chat.colleague_by_email(person.email)
        if above and above.is_full_member and above.id not in excluded:
            return replace(await place_of(above, context), excluded=excluded)
    return replace(to_reviewers(f"{decider.name} must not decide this alone", context), excluded=excluded)


async def _new_owner(action: Action, record: DonorRecord, context: Context) -> str | None:
    """Return the Slack user id of whoever would receive the donor."""
    if not isinstance(action, AssignOwner):
        return None
    staff = next((member for member in record.staff if member.id == action.owner_id), None)
    colleague = await context.chat.colleague_by_email(staff.email) if staff else None
    return colleague.id if colleague else None
