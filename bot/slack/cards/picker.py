"""Several donors match, or none: the reader picks the right person."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    button,
    fine_print,
    leaf,
    menu,
    option,
    paragraph,
    rich,
)
from bot.slack.text import clip, isolated, name, one_line
from handlers.outcomes import DonorPicker, NoDonorFound, Wanted
from policy.donor import DonorMatch

SEVERAL = "Several donors match “{query}”. Which one do you mean?"
NONE = "No donor matches “{query}”."
LOOK_ALIKE = "Did you mean one of these?"
NEXT_STEP = "Try the full name, the e-mail address or the donor id from the CRM."
NOTIFICATION_SEVERAL = "Several donors match"
NOTIFICATION_NONE = "No donor found"
NOTHING_ELSE = "no city or e-mail recorded"
CHOOSE: dict[Wanted, str] = {
    "summary": "Summary",
    "timeline": "History",
    "why": "Why?",
    "for_donor": "Account for them",
    "next": "What next?",
}
PICK_ONE = "Choose a donor"
MOST_ROWS = 5
MOST_CHOICES = 100


def picker_message(picker: DonorPicker) -> Message:
    """Ask which of the matching donors is meant."""
    question = rich(paragraph(leaf(SEVERAL.format(query=_query(picker.query)))))
    return Message(NOTIFICATION_SEVERAL, [question, *_choices(picker.matches, picker.wanted)])


def no_donor_message(none: NoDonorFound) -> Message:
    """Say that nobody matches, and offer whoever looks alike."""
    sentence = NONE.format(query=_query(none.query))
    if not none.near:
        return Message(NOTIFICATION_NONE, [rich(paragraph(leaf(f"{sentence} {NEXT_STEP}")))])
    question = rich(paragraph(leaf(f"{sentence} {LOOK_ALIKE}")))
    return Message(NOTIFICATION_NONE, [question, *_choices(none.near, none.wanted), fine_print(NEXT_STEP)])


def _query(text: str) -> str:
    return isolated(clip(one_line(text), 120))


def _choices(matches: Sequence[DonorMatch], wanted: Wanted) -> list[Block]:
    choosable = [match for match in matches if ids.is_opaque(match.id)]
    if len(choosable) <= MOST_ROWS:
        return [_row(match, wanted) for match in choosable]
    options = [
        option(name(match.name, 70), ids.joined(wanted, match.id), _apart(match))
        for match in choosable[:MOST_CHOICES]
    ]
    return [actions(f"cs:pick:{wanted}", menu(PICK_ONE, ids.PICK, options))]


def _row(match: DonorMatch, wanted: Wanted) -> Block:
    return {
        "type": "section",
        "text": {
            "type": "plain_text",
            "text": f"{name(match.name)}\n{_apart(match)}",
            "emoji": False,
        },
        "accessory": button(CHOOSE[wanted], ids.PICK, ids.joined(wanted, match.id)),
    }


def _apart(match: DonorMatch) -> str:
    known = [isolated(clip(one_line(part), 60)) for part in (match.city, match.email) if part]
    return " · ".join([*known, match.id] if known else [NOTHING_ELSE, match.id])
