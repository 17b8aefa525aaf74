"""What a drill's card turns into, and what whoever answered it is told."""

from __future__ import annotations

from bot.slack.blocks import Message, bullets, fine_print, header, leaf, paragraph, rich, said, titled
from bot.slack.cards.practice import LABELS, LOOK, MISTAKE, PRIVATE, caught_lines
from bot.slack.text import name
from handlers.outcomes import DrillOver, DrillVerdict

OVER = "This card was a drill"
ASKED_BY = "This card was a drill that {name} asked for."
NOBODY = "The donor on it does not exist, and nothing was written to the CRM, whatever was pressed."
CAUGHT = "That was a drill, and you caught it"
GENUINE = "That was a drill, and you judged it well"
MISSED = "That was a drill, and it got past you"
TOO_STRICT = "That was a drill, and nothing was wrong with it"
YOU = "You chose: {choice}. Best here: {best}."
SO_FAR = "Your drills so far"


def drill_over_message(shown: DrillOver) -> Message:
    """Return what stands in the place of the card; it says nothing about the answer."""
    text = ASKED_BY.format(name=name(shown.name)) if shown.name else f"{OVER}."
    return Message(OVER, [rich(paragraph(leaf(text, bold=True), leaf(f" {NOBODY}")))])


def drill_verdict_message(shown: DrillVerdict) -> Message:
    """Return the reasoning, for whoever answered."""
    scenario = shown.scenario
    if scenario.mistake:
        title = CAUGHT if shown.right else MISSED
    else:
        title = GENUINE if shown.right else TOO_STRICT
    chosen = YOU.format(choice=LABELS[shown.choice].lower(), best=LABELS[scenario.best].lower())
    mistake = MISTAKE.format(mistake=scenario.mistake) + "\n" if scenario.mistake else ""
    lines = [[leaf(line)] for line in caught_lines(shown.caught)]
    return Message(
        title,
        [
            header(title),
            rich(paragraph(leaf(chosen))),
            rich(paragraph(leaf(mistake, bold=True), *said(scenario.reasoning, 600))),
            titled(LOOK, paragraph(*said(scenario.clue, 600))),
            titled(SO_FAR, bullets(lines)),
            fine_print(NOBODY, PRIVATE),
        ],
    )
