"""Several things to thank for at once: one letter or call for all of them."""

from __future__ import annotations

from policy.actions import CreateTask
from policy.claims import Claim
from policy.donor import Channel, Gift
from policy.events import CrmEventType
from policy.facts_contact import acknowledgement_due, unacknowledged
from policy.facts_model import spelled_date
from policy.money import total
from policy.recommender_thanks import (
    MAJOR_CALL_DAYS,
    commitment_signals,
    gift_sentence,
    is_major,
    other_thanks,
)
from policy.situation import Proposal, Situation

_MOST_NAMED = 20
_MOST_IN_TITLE = 3
_RENEWED_DAYS = 2


def several_to_thank_for(s: Situation) -> Proposal | None:
    """More to thank for while thanks already wait for a decision: propose to do it together."""
    gifts, commitments = _gifts(s), _commitments(s)
    about = (*(gift.id for gift in gifts), *commitments)
    if not _belongs(s, about) or len(about) < 2:
        return None
    major = any(is_major(s, gift) for gift in gifts) or _is_major_together(s, gifts)
    by_call = major and s.may_reach(Channel.PHONE)
    title = _title(s, gifts, by_call=by_call, renewed=bool(commitments))
    if s.is_planned(title):
        return None
    return Proposal(
        action=CreateTask(
            donor_id=s.donor_id,
            title=title,
            details=_details(gifts),
            due_on=s.within(_due_in(s, gifts, major=major)),
            assignee_id=s.owner_id,
        ),
        headline=f"{len(about)} things to thank {s.name} for: do it together",
        signals=_signals(s, gifts, renewed=bool(commitments)),
        alternatives=other_thanks(by_call=by_call, major=major),
        unknowns=s.unknowns(Channel.PHONE if by_call else Channel.MAIL),
        rule="several_to_thank_for",
        leads_to_contact=s.withheld is None,
        about=about,
        urgent=major,
    )


def _gifts(s: Situation) -> tuple[Gift, ...]:
    """Return the gifts that still wait for thanks and that this or an open decision is about."""
    happened = {s.gift.id} if s.happened(CrmEventType.DONATION_RECEIVED) and s.gift else set()
    return tuple(gift for gift in unacknowledged(s.record) if gift.id in s.together | happened)


def _commitments(s: Situation) -> tuple[str, ...]:
    held = {pledge.id for pledge in s.record.pledges} | {each.id for each in s.record.recurring_gifts}
    renewed = {s.event.record_id} if s.event and s.happened(CrmEventType.PLEDGE_RENEWED) else set()
    return tuple(sorted(held & (s.together | renewed)))


def _belongs(s: Situation, about: tuple[str, ...]) -> bool:
    """Say whether what happened is itself something to thank for."""
    if not s.happened(CrmEventType.DONATION_RECEIVED, CrmEventType.PLEDGE_RENEWED):
        return False
    return s.event is not None and s.event.record_id in about


def _title(s: Situation, gifts: tuple[Gift, ...], *, by_call: bool, renewed: bool) -> str:
    if s.withheld:
        return f"Decide how to acknowledge {_given(gifts, renewed=renewed)} from {s.name}"
    return f"Thank-you {'call' if by_call else 'letter'} to {s.name} for {_given(gifts, renewed=renewed)}"


def _given(gifts: tuple[Gift, ...], *, renewed: bool) -> str:
    """Spell what was given, gift by gift since no sum could be masked: "$100 and $250, and for renewing"."""
    amounts = [str(gift.amount) for gift in gifts]
    if len(amounts) > _MOST_IN_TITLE:
        given = f"{len(amounts)} gifts"
    else:
        given = " and ".join(filter(None, (", ".join(amounts[:-1]), *amounts[-1:])))
    if not renewed:
        return given
    return f"{given}, and for renewing" if given else "renewing"


def _is_major_together(s: Situation, gifts: tuple[Gift, ...]) -> bool:
    return any(map(s.facts.conventions.is_major, total(gift.amount for gift in gifts).values()))


def _details(gifts: tuple[Gift, ...]) -> str:
    lines = [
        f"For the gift of {gift.amount} of {spelled_date(gift.received_on)} ({gift.id})."
        for gift in gifts[:_MOST_NAMED]
    ]
    if len(gifts) > _MOST_NAMED:
        lines.append(f"And for {len(gifts) - _MOST_NAMED} more gifts, listed in the CRM.")
    return "\n".join(lines)


def _due_in(s: Situation, gifts: tuple[Gift, ...], *, major: bool) -> int:
    """Return the days that are left for the first of them."""
    sla = s.facts.conventions.acknowledgement_sla_hours
    days = [(acknowledgement_due(gift, sla) - s.today).days for gift in gifts]
    if major:
        days += [(gift.received_on - s.today).days + MAJOR_CALL_DAYS for gift in gifts]
    return min(days, default=_RENEWED_DAYS)


def _signals(s: Situation, gifts: tuple[Gift, ...], *, renewed: bool) -> tuple[Claim, ...]:
    newest_first = sorted(gifts, key=lambda gift: (gift.received_on, gift.id), reverse=True)
    sentences = tuple(gift_sentence(s, gift) for gift in newest_first[:_MOST_NAMED])
    return (*sentences, *(commitment_signals(s) if renewed else ()))
