"""The window in which somebody says until when, or until what, a decision is put off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.slack import ids
from bot.slack.blocks import Block, View, leaf, option, paragraph, plain_text, radio_buttons, rich, said
from bot.slack.payloads import DeferralPlace
from bot.slack.text import name
from handlers.outcomes import Choice, DeferForm
from policy.awaited_events import AwaitedEvent
from policy.override_reasons import LABELS, LONGEST_TEXT, Override, reasons_for

TITLE = "Put this off"
SUBMIT = "Put off"
CLOSE = "Cancel"
INTRODUCTION = "You put off the decision for {name}: "
MEANWHILE = (
    "Nothing is changed meanwhile. The card comes back on the morning of that day at the latest, or of your "
    "next working day."
)
WHEN = "Until when?"
ANOTHER_DAY = "Or until another day"
COUNTS_INSTEAD = "A day picked here counts instead of the choice above."
LABEL = "Until which day?"
WHAT = "Or earlier, when this happens"
THE_DAY = "day"
NOTHING = ("Nothing: on that day only", THE_DAY)
UNTIL_CHOICES = (
    NOTHING,
    ("The donor’s next gift", AwaitedEvent.NEXT_GIFT.value),
    ("The donor’s next reply", AwaitedEvent.NEXT_REPLY.value),
    ("The end of the running campaign", AwaitedEvent.CAMPAIGN_END.value),
)
WHY = "Why?"
CHOOSE = "Choose a reason"
WORDS = "In your own words"
PICK = "Pick a day"
NOT_AFTER_TODAY = "Pick a day after today."
TOO_FAR = "Pick a day within the next year."

FARTHEST = timedelta(days=366)


def deferral_view(place: DeferralPlace, tomorrow: date) -> View:
    """Return the window as it opens at once, complete, before it is known who asks and about whom."""
    day = _day(ids.DAY_BLOCK, LABEL, MEANWHILE, optional=False)
    day["element"]["initial_date"] = tomorrow.isoformat()
    return _modal(place, [day, _until(UNTIL_CHOICES), *_reason()])


def deferral_form_view(form: DeferForm) -> View:
    """Return the window with the donor, the days by their names, and what can be awaited."""
    place = DeferralPlace(
        escalation_id=form.escalation_id, channel_id=form.channel_id, thread_ts=form.thread_ts
    )
    introduction = paragraph(
        leaf(INTRODUCTION.format(name=name(form.donor_name)), bold=True),
        *said(form.proposal, 400),
        leaf("\n"),
        leaf(MEANWHILE, italic=True),
    )
    presets = [option(each.label, each.value) for each in form.presets]
    events = (NOTHING, *((each.label, each.value) for each in form.events))
    blocks = [
        rich(introduction),
        radio_buttons(ids.PRESET_BLOCK, ids.PRESET, WHEN, presets, initial=presets[0]),
        # A block of its own: Slack keeps what stands in one of the same name, and the day would win unasked.
        _day(ids.OTHER_DAY_BLOCK, ANOTHER_DAY, COUNTS_INSTEAD, optional=True),
        _until(events),
        *_reason(),
    ]
    return _modal(place, blocks)


def _modal(place: DeferralPlace, blocks: list[Block]) -> View:
    return {
        "type": "modal",
        "callback_id": ids.DEFER_VIEW,
        "private_metadata": place.model_dump_json(),
        "title": plain_text(TITLE, 24),
        "submit": plain_text(SUBMIT, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": blocks,
    }


def _day(block_id: str, label: str, hint: str, *, optional: bool) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "optional": optional,
        "label": plain_text(label, 200),
        "hint": plain_text(hint, 200),
        "element": {
            "type": "datepicker",
            "action_id": ids.DAY,
            "placeholder": plain_text(PICK, 150),
        },
    }


def _until(choices: Sequence[tuple[str, str]]) -> Block:
    options = [option(*choice) for choice in choices]
    return radio_buttons(ids.UNTIL_BLOCK, ids.UNTIL, WHAT, options, initial=options[0])


def _reason() -> list[Block]:
    choices = [Choice(value=each.value, label=LABELS[each]) for each in reasons_for(Override.DEFER)]
    return [
        {
            "type": "input",
            "block_id": ids.REASON_BLOCK,
            "optional": True,
            "label": plain_text(WHY, 200),
            "element": {
                "type": "static_select",
                "action_id": ids.REASON,
                "placeholder": plain_text(CHOOSE, 150),
                "options": [option(each.label, each.value) for each in choices],
            },
        },
        {
            "type": "input",
            "block_id": ids.WORDS_BLOCK,
            "optional": True,
            "label": plain_text(WORDS, 200),
            "element": {
                "type": "plain_text_input",
                "action_id": ids.WORDS,
                "multiline": True,
                "max_length": LONGEST_TEXT,
            },
        },
    ]


def awaited(choice: str | None) -> AwaitedEvent | None:
    """Return the event that was chosen; None for the day alone, and for windows that have no such choice."""
    return AwaitedEvent(choice) if choice in set(AwaitedEvent) else None


def problem_with(day: date, today: date) -> str | None:
    """Return what is wrong with *day* as the day to come back, if anything is."""
    if day <= today:
        return NOT_AFTER_TODAY
    return TOO_FAR if day - today > FARTHEST else None
