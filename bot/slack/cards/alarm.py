"""A drift alarm: what drifted, since when, on what evidence, who answers for it, and what can be pressed."""

from __future__ import annotations

from typing import Any

from bot.slack import ids, when
from bot.slack.blocks import (
    Block,
    Leaf,
    Message,
    View,
    actions,
    bullets,
    button,
    confirmation,
    divider,
    fine_print,
    header,
    leaf,
    moment,
    paragraph,
    person,
    plain_text,
    rich,
    said,
    titled,
)
from bot.slack.cards.pauses import MEANS, NAMES
from bot.slack.cards.who import acting
from bot.slack.payloads import AlarmPlace
from bot.slack.text import for_notification
from handlers.outcomes import AlarmCard, AlarmChoice
from policy.override_reasons import LONGEST_TEXT

OPEN_TITLE, CLOSED_TITLE = "Something drifted", "Drift alarm, acknowledged"
SINCE, CERTAIN = "It began on ", ", and was certain on "
WRITTEN_WITH = "Written with: "
OWNER, NO_OWNER = "Answers for it: ", "Answers for it: whoever is admin"
CHOSEN = "What was chosen"
DID = {"paused": " paused it, ", "rolled_back": " rolled back, ", "acknowledged": " acknowledged it, "}
PAUSE, ROLL_BACK, ACKNOWLEDGE = "Pause {what}", "Roll back the prompt", "Acknowledge…"
PAUSE_TITLE = "Pause {what}?"
PAUSE_TEXT = "{means} It stays paused until an admin resumes it."
PAUSE_YES, NOT_YET = "Pause", "Not yet"
ROLL_TITLE = "Roll back to {prompt}?"
ROLL_TEXT = (
    "From the next text on, on every replica, {prompt} is in force again. It passed its rehearsal then."
)
ROLL_YES = "Roll back"
WHAT_TO_DO = (
    "Look at the latest ones with /donor why, and ask the people who decided. "
    "Admins and compliance can pause, admins roll back, and managers as well acknowledge."
)
REFERENCE = "countersign eval alarms lists all alarms. Reference {reference}"
TITLE, SUBMIT, CANCEL = "Acknowledge the alarm", "Acknowledge", "Cancel"
LABEL = "What did you find, or what will you do?"
HINT = "It stands on the card and in the record. Please name no donors."


def alarm_message(card: AlarmCard) -> Message:
    """Return the card as it stands."""
    title = OPEN_TITLE if card.is_open else CLOSED_TITLE
    blocks = [header(title), rich(paragraph(*_what(card)))]
    if card.evidence:
        blocks.append(rich(bullets(said(each, 300) for each in card.evidence)))
    blocks.append(rich(paragraph(*_whose(card))))
    if card.choices:
        blocks.append(titled(CHOSEN, bullets(_chosen(each) for each in card.choices)))
    lines = [REFERENCE.format(reference=card.reference)]
    if card.is_open:
        blocks += [divider(), _buttons(card)]
        lines = [line for line in (card.no_roll_back, WHAT_TO_DO, *lines) if line]
    return Message(for_notification(f"{title}: {card.headline}"), [*blocks, fine_print(*lines)])


def acknowledge_view(place: AlarmPlace) -> View:
    """Return the window in which somebody acknowledges an alarm; it carries ids only."""
    words: Block = {
        "type": "input",
        "block_id": ids.WORDS_BLOCK,
        "label": plain_text(LABEL, 200),
        "hint": plain_text(HINT, 200),
        "element": {
            "type": "plain_text_input",
            "action_id": ids.WORDS,
            "multiline": True,
            "max_length": LONGEST_TEXT,
        },
    }
    return {
        "type": "modal",
        "callback_id": ids.ALARM_VIEW,
        "private_metadata": place.model_dump_json(),
        "title": plain_text(TITLE, 24),
        "submit": plain_text(SUBMIT, 24),
        "close": plain_text(CANCEL, 24),
        "blocks": [words],
    }


def _what(card: AlarmCard) -> list[Leaf]:
    days = [leaf(SINCE), moment(card.since, when.CALENDAR_DAY)]
    days += [leaf(CERTAIN), moment(card.at, when.CALENDAR_DAY), leaf(".")]
    return [*said(card.headline, 300, bold=True), leaf("\n"), *days]


def _whose(card: AlarmCard) -> list[Leaf]:
    leaves = [leaf(WRITTEN_WITH), *said(card.version, 200), leaf("\n")]
    if ids.is_user(card.owner_user_id) and card.owner_user_id:
        return [*leaves, leaf(OWNER), person(card.owner_user_id)]
    return [*leaves, leaf(NO_OWNER)]


def _chosen(choice: AlarmChoice) -> list[Leaf]:
    leaves = [*acting(choice.by_user_id, choice.by_name), leaf(DID[choice.what]), moment(choice.at)]
    return [*leaves, leaf(": "), *said(choice.note, 1000)] if choice.note else leaves


def _buttons(card: AlarmCard) -> Block:
    row: list[dict[str, Any]] = []
    if card.pause:
        what = NAMES[card.pause]
        sure = confirmation(
            PAUSE_TITLE.format(what=what),
            PAUSE_TEXT.format(means=MEANS[card.pause]),
            PAUSE_YES,
            NOT_YET,
            danger=True,
        )
        row.append(button(PAUSE.format(what=what), ids.ALARM_PAUSE, card.alarm_id, confirm=sure))
    if card.roll_back:
        title, text = ROLL_TITLE.format(prompt=card.roll_back), ROLL_TEXT.format(prompt=card.roll_back)
        sure = confirmation(title, text, ROLL_YES, NOT_YET)
        row.append(button(ROLL_BACK, ids.ALARM_ROLL_BACK, card.alarm_id, confirm=sure))
    row.append(button(ACKNOWLEDGE, ids.ALARM_ACKNOWLEDGE, card.alarm_id, style="primary"))
    return actions(f"cs:alarm:{card.alarm_id}:{len(card.choices)}", *row)
