"""The decisions behind a manager's figures, in a window; no line names a donor."""

from __future__ import annotations

from typing import Any

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Leaf,
    View,
    actions,
    button,
    divider,
    fine_print,
    leaf,
    menu,
    moment,
    option,
    paragraph,
    person,
    plain_text,
    rich,
    said,
)
from bot.slack.cards.queue import EARLIER, LATER
from bot.slack.cards.queue_lines import WHY
from bot.slack.text import one_line
from handlers.outcomes import DecisionLine, DecisionsShown
from policy.decided import LABELS

TITLE, CLOSE = "Decisions", "Close"
READING = "Reading the decisions…"
WHICH = "{label}: {total} in the last {days} days, {team}. Page {page} of {pages}."
TEAM, EVERYBODY = "team {team}", "all teams"
NONE = "There was none in this time."
CHOOSE = "Show only…"
CONFIDENCE = "Confidence {score} or more of 100. "
BECAUSE = "Because: {reason}. "
REFERENCE = "Reference {reference}"
WITHOUT_NAMES = "No donor is named here. “Why?” shows the whole path of one decision; looking is recorded."


def decisions_view(shown: DecisionsShown) -> View:
    """Return the window with one page of them."""
    team = TEAM.format(team=one_line(shown.team)) if shown.team else EVERYBODY
    about = WHICH.format(
        label=LABELS[shown.behind],
        total=shown.total,
        days=shown.days,
        team=team,
        page=shown.page + 1,
        pages=shown.pages,
    )
    blocks = [fine_print(about), actions("cs:decisions", _which(shown)), divider()]
    for number, line in enumerate(shown.lines):
        blocks += _listed(line, number)
    if not shown.lines:
        blocks.append(rich(paragraph(leaf(NONE))))
    turning = _turning(shown)
    blocks += [actions(f"cs:decisions_page:{shown.page}", *turning)] if turning else []
    return {
        "type": "modal",
        "callback_id": ids.EVIDENCE_VIEW,
        "title": plain_text(TITLE, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": [*blocks, fine_print(WITHOUT_NAMES)],
    }


def _which(shown: DecisionsShown) -> dict[str, Any]:
    choices = [option(label, ids.joined(name, "0")) for name, label in LABELS.items()]
    chosen = next(each for each in choices if each["value"] == ids.joined(shown.behind, "0"))
    return menu(CHOOSE, f"{ids.DECISIONS_PAGE}:which", choices) | {"initial_option": chosen}


def _listed(line: DecisionLine, number: int) -> list[Block]:
    leaves: list[Leaf] = [*said(line.what, 80, bold=True), leaf(": "), *said(line.proposal, 120), leaf("\n")]
    leaves += [person(line.person), leaf(", ")] if ids.is_user(line.person) else []
    leaves += [moment(line.at), leaf(f", {one_line(line.stage)}. " if line.stage else ". ")]
    leaves += [leaf(CONFIDENCE.format(score=line.confidence))] if line.confidence is not None else []
    leaves += said(BECAUSE.format(reason=line.reason), 200) if line.reason else []
    leaves += [leaf(" "), leaf(REFERENCE.format(reference=line.reference))] if line.reference else []
    row: list[Block] = [rich(paragraph(*leaves))]
    if line.escalation_id and ids.is_opaque(line.escalation_id):
        pressed = button(WHY, ids.DECISION_WHY, line.escalation_id)
        row.append(actions(f"cs:decided:{number}:{line.escalation_id}", pressed))
    return row


def _turning(shown: DecisionsShown) -> list[dict[str, Any]]:
    pressed = []
    if shown.page > 0:
        pressed.append(_page(EARLIER, shown, shown.page - 1, "back"))
    if shown.page + 1 < shown.pages:
        pressed.append(_page(LATER, shown, shown.page + 1, "more"))
    return pressed


def _page(label: str, shown: DecisionsShown, page: int, way: str) -> dict[str, Any]:
    return button(label, f"{ids.DECISIONS_PAGE}:{way}", ids.joined(shown.behind, str(page)))
