"""What somebody can choose from who puts a decision off: days by their names, and what may happen before."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from handlers.absence.working_hours import working_time_of
from handlers.commands import OverrideFormRequested
from handlers.context import Context
from handlers.decisions.deciding_person import Decider
from handlers.decisions.defer_escalation import running_campaign
from handlers.outcomes import Choice, DeferForm
from handlers.ports import Unavailable
from handlers.proposals.escalation_view import card_of
from policy.awaited_events import AwaitedEvent
from policy.changes import spell_date
from policy.working_time import WorkingTime
from storage.escalations import Escalation

TOMORROW, NEXT_WORKING_DAY = "Tomorrow", "Next working day"
NEXT_WEEK, IN_A_WEEK, IN_TWO_WEEKS, IN_A_MONTH = "Next week", "In a week", "In two weeks", "In four weeks"
NEXT_GIFT = "The next gift of {name}"
NEXT_REPLY = "The next reply of {name}"
CAMPAIGN_END = "The end of {campaign} ({day})"
LONGEST_NAME = 40


async def deferral_form(
    command: OverrideFormRequested, decider: Decider, now: datetime, context: Context
) -> DeferForm:
    """Return the form, with the days as they fall in the working time of whoever asks."""
    card = card_of(decider.escalation)
    return DeferForm(
        escalation_id=decider.escalation.id,
        donor_name=card.donor.name,
        proposal=card.proposal,
        presets=day_choices(now, working_time_of(decider.colleague, context)),
        events=await _events(decider.escalation, card.donor.name, context),
        channel_id=command.reply_to.channel_id,
        thread_ts=command.reply_to.thread_ts,
    )


def day_choices(now: datetime, working: WorkingTime) -> tuple[Choice, ...]:
    """Return the days that are mostly meant, each once, named with their dates: "Tomorrow, Mon 23 Nov"."""
    today = working.local_day(now)
    following = working.next_working_day(today)
    is_tomorrow = following == today + timedelta(days=1)
    named = {
        following: TOMORROW if is_tomorrow else NEXT_WORKING_DAY,
        working.first_of_next_week(today): NEXT_WEEK,
        working.first_working_day(today + timedelta(weeks=1)): IN_A_WEEK,
        working.first_working_day(today + timedelta(weeks=2)): IN_TWO_WEEKS,
        working.first_working_day(today + timedelta(weeks=4)): IN_A_MONTH,
    }
    # Where two fall together, the nearer name is the plainer one.
    named[following] = TOMORROW if is_tomorrow else NEXT_WORKING_DAY
    return tuple(
        Choice(value=day.isoformat(), label=f"{words}, {_short(day, today)}")
        for day, words in sorted(named.items())
    )


def _short(day: date, today: date) -> str:
    """Spell a day with its weekday, and with its year where that is another one."""
    year = f" {day.year}" if day.year != today.year else ""
    return f"{day:%a} {day.day} {day:%b}{year}"


async def _events(escalation: Escalation, name: str, context: Context) -> tuple[Choice, ...]:
    """Return what may bring it back before its day; the end of a campaign only where one is running."""
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"
    choices = [
        Choice(value=AwaitedEvent.NEXT_GIFT.value, label=NEXT_GIFT.format(name=short)),
        Choice(value=AwaitedEvent.NEXT_REPLY.value, label=NEXT_REPLY.format(name=short)),
    ]
    try:
        campaign = await running_campaign(escalation, context)
    except Unavailable:
        campaign = None  # The window is of use without it; nobody waits for the CRM to choose a day.
    if campaign:
        title = campaign.name if len(campaign.name) <= LONGEST_NAME else f"{campaign.name[:LONGEST_NAME]}…"
        label = CAMPAIGN_END.format(campaign=title, day=spell_date(campaign.ends_on))
        choices.append(Choice(value=AwaitedEvent.CAMPAIGN_END.value, label=label))
    return tuple(choices)
