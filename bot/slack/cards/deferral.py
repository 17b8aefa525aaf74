"""The window in which somebody picks the day a decision comes back."""

from __future__ import annotations

from datetime import date, timedelta

from bot.slack import ids
from bot.slack.blocks import View, option, plain_text
from policy.awaited_events import AwaitedEvent

TITLE = "Put this off"
SUBMIT = "Put off"
CLOSE = "Cancel"
LABEL = "Until which day?"
HINT = (
    "Nothing is changed meanwhile. The card comes back on the morning of that day at the latest, or of your "
    "next working day."
)
WHAT = "Or earlier, when this happens"
THE_DAY = "day"
UNTIL_CHOICES = (
    ("Nothing: on that day only", THE_DAY),
    ("The donor’s next gift", AwaitedEvent.NEXT_GIFT.value),
    ("The donor’s next reply", AwaitedEvent.NEXT_REPLY.value),
    ("The end of the running campaign", AwaitedEvent.CAMPAIGN_END.value),
)
PICK = "Pick a day"
NOT_AFTER_TODAY = "Pick a day after today."
TOO_FAR = "Pick a day within the next year."

FARTHEST = timedelta(days=366)


def deferral_view(private_metadata: str, tomorrow: date) -> View:
    """Return the window; *private_metadata* carries opaque ids only."""
    return {
        "type": "modal",
        "callback_id": ids.DEFER_VIEW,
        "private_metadata": private_metadata,
        "title": plain_text(TITLE, 24),
        "submit": plain_text(SUBMIT, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": [
            {
                "type": "input",
                "block_id": ids.DAY_BLOCK,
                "label": plain_text(LABEL, 200),
                "hint": plain_text(HINT, 200),
                "element": {
                    "type": "datepicker",
                    "action_id": ids.DAY,
                    "initial_date": tomorrow.isoformat(),
                    "placeholder": plain_text(PICK, 150),
                },
            },
            {
                "type": "input",
                "block_id": ids.UNTIL_BLOCK,
                "label": plain_text(WHAT, 200),
                "element": {
                    "type": "radio_buttons",
                    "action_id": ids.UNTIL,
                    "initial_option": option(*UNTIL_CHOICES[0]),
                    "options": [option(*choice) for choice in UNTIL_CHOICES],
                },
            },
        ],
    }


def awaited(choice: str | None) -> AwaitedEvent | None:
    """Return the event that was chosen; None for the day alone, and for windows that have no such choice."""
    return AwaitedEvent(choice) if choice in set(AwaitedEvent) else None


def problem_with(day: date, today: date) -> str | None:
    """Return what is wrong with *day* as the day to come back, if anything is."""
    if day <= today:
        return NOT_AFTER_TODAY
    return TOO_FAR if day - today > FARTHEST else None
