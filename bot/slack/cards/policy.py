"""The rules in force, for people who never open a file: readable on a phone, one block per kind of action."""

from __future__ import annotations

from bot.slack.blocks import (
    Block,
    Message,
    bullets,
    divider,
    fine_print,
    header,
    leaf,
    moment,
    paragraph,
    rich,
    said,
)
from bot.slack.cards.pauses import pause_line
from bot.slack.text import for_notification, name
from handlers.outcomes import PolicyShown

TITLE = "The rules in force"
SINCE = ", in force since "
BY = ", agreed to by {who}"
NOTHING_PAUSED = "Nothing is paused."
PAUSED = "Paused now"
SHADOW = "Version {version} runs in its shadow: it is asked as well, and decides nothing."
STRICTER = "When the answer is stricter"
HOW = (
    "yes: nobody is asked; no: it does not happen; a role: who has to agree. "
    "The first answer is the usual one. Rollout phase {phase}."
)
REFERENCE = "Found by asking the rules themselves. Reference {reference}"
MOST_ROWS, MOST_NOTES = 30, 14


def policy_message(shown: PolicyShown) -> Message:
    """Return the rules as a message."""
    blocks = [header(TITLE), _about(shown), *_paused(shown), divider()]
    blocks += [_row(shown, *row) for row in shown.table[:MOST_ROWS]]
    if shown.notes:
        notes = (said(note, 400) for note in shown.notes[:MOST_NOTES])
        blocks += [divider(), rich(paragraph(leaf(STRICTER, bold=True)), bullets(notes))]
    reference = REFERENCE.format(reference=shown.reference)
    blocks.append(fine_print(HOW.format(phase=shown.phase), reference))
    return Message(for_notification(TITLE), blocks)


def _about(shown: PolicyShown) -> Block:
    leaves = [*said(shown.title, 120, bold=True), leaf(f", version {shown.version[:12]}")]
    if shown.since:
        leaves += [leaf(SINCE), moment(shown.since)]
    if shown.by:
        leaves.append(leaf(BY.format(who=name(shown.by))))
    leaves.append(leaf("."))
    if shown.shadow:
        leaves.append(leaf(f"\n{SHADOW.format(version=shown.shadow)}"))
    return rich(paragraph(*leaves))


def _paused(shown: PolicyShown) -> list[Block]:
    if not shown.pauses:
        return [rich(paragraph(leaf(NOTHING_PAUSED)))]
    lines = bullets(pause_line(pause) for pause in shown.pauses)
    return [rich(paragraph(leaf(PAUSED, bold=True)), lines)]


def _row(shown: PolicyShown, what: str, where: str, answers: tuple[str, ...]) -> Block:
    """Return one kind of action in a few lines: capabilities with the same answer stand together."""
    together: dict[str, list[str]] = {}
    for capability, answer in zip(shown.capabilities, answers, strict=True):
        together.setdefault(answer, []).append(capability)
    leaves = [*said(what, 200, bold=True), leaf("\n"), *said(where, 200)]
    for answer, capabilities in together.items():
        leaves += [leaf(f"\n{', '.join(capabilities)}: "), leaf(answer, bold=True)]
    return rich(paragraph(*leaves))
