"""The window in which somebody says about which donor a message is, and sees what goes along."""

from __future__ import annotations

from typing import Any

from bot.slack import ids
from bot.slack.blocks import View, fine_print, plain_text
from bot.slack.payloads import TriagePlace
from bot.slack.text import clip, unescape

TITLE = "Triage for a donor"
SUBMIT = "Triage"
CANCEL = "Cancel"
DONOR = "About which donor?"
DONOR_PLACEHOLDER = "Name, e-mail address or donor id"
DONOR_HINT = "Type the beginning, then choose from what the CRM has."
MESSAGE = "What was said"
MESSAGE_HINT = "This goes with it. Take out what whoever decides does not need."
WHAT_HAPPENS = (
    "It is looked at for how pressing it is, and put before whoever the rules name. "
    "Nothing is sent to the donor."
)
LONGEST_MESSAGE = 3000
SHORTEST_QUERY = 2


def triage_view(place: TriagePlace, message: str) -> View:
    """Return the window with the *message* to read again and shorten."""
    text: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": ids.WORDS,
        "multiline": True,
        "max_length": LONGEST_MESSAGE,
    }
    said = clip(unescape(message).strip(), LONGEST_MESSAGE)
    return {
        "type": "modal",
        "callback_id": ids.TRIAGE_VIEW,
        "private_metadata": place.model_dump_json(),
        "title": plain_text(TITLE, 24),
        "submit": plain_text(SUBMIT, 24),
        "close": plain_text(CANCEL, 24),
        "blocks": [
            {
                "type": "input",
                "block_id": ids.DONOR_BLOCK,
                "label": plain_text(DONOR, 200),
                "hint": plain_text(DONOR_HINT, 200),
                "element": {
                    "type": "external_select",
                    "action_id": ids.DONOR,
                    "placeholder": plain_text(DONOR_PLACEHOLDER, 150),
                    "min_query_length": SHORTEST_QUERY,
                    "focus_on_load": True,
                },
            },
            {
                "type": "input",
                "block_id": ids.WORDS_BLOCK,
                "label": plain_text(MESSAGE, 200),
                "hint": plain_text(MESSAGE_HINT, 200),
                "element": text | ({"initial_value": said} if said else {}),
            },
            fine_print(WHAT_HAPPENS),
        ],
    }
