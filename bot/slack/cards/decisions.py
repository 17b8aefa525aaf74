"""The decisions behind a manager's figures, in a window; no line names a donor."""

from __future__ import annotations

from collections.abc import Mapping
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
from policy.decided import LABELS, OF_NO_TEAM

TITLE, CLOSE = "Decisions", "Close"
READING = "Reading the decisions…"
WHICH = "{label}: {total} in the last {days} days, {team}. Page {page} of {pages}."
TEAM, EVERYBODY = "team {team}", "all teams"
NONE = "There was none in this time."
CHOOSE = "Show only…"
TIME, OF_WHICH, ALL_OF_THEM = "Over which time…", "Of which action or reason…", "All actions and reasons"
ONLY = {"a": "Action: {label}", "r": "Because of: {label}"}
LAST = {1: "Last day", 7: "Last 7 days", 28: "Last 4 weeks", 91: "Last 13 weeks", 364: "Last 52 weeks"}
SEPARATOR, LONGEST_DAYS = "~", 4
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
    blocks = [fine_print(about), actions("cs:decisions", *_menus(shown)), divider()]
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


def packed(behind: str, days: int, by: str = "", only: str = "") -> str:
    """Write what a list shows as one word, which a button or a choice carries."""
    return SEPARATOR.join((behind, str(days), by, only))


def unpacked(word: str) -> dict[str, object]:
    """Read it again; raises ValueError."""
    behind, days, by, only = word.split(SEPARATOR)
    if by not in ("", "a", "r") or not days.isdecimal() or len(days) > LONGEST_DAYS:
        raise ValueError("days")
    return {"behind": behind, "days": int(days), "narrowed_by": by, "only": only}


def _menus(shown: DecisionsShown) -> list[dict[str, Any]]:
    """Return what can be chosen: what was done, over which time, and of which action, reason or rule."""
    named = {name: label for name, label in LABELS.items() if not shown.team or name not in OF_NO_TEAM}
    which = {packed(name, shown.days): label for name, label in named.items()}
    when = {packed(shown.behind, days, shown.narrowed_by, shown.only): LAST[days] for days in LAST}
    menus = [
        _menu(CHOOSE, "which", which, packed(shown.behind, shown.days)),
        _menu(TIME, "when", when, packed(shown.behind, shown.days, shown.narrowed_by, shown.only)),
    ]
    only = {packed(shown.behind, shown.days): ALL_OF_THEM}
    for each in shown.choices:
        word = packed(shown.behind, shown.days, each.by, each.value)
        if ids.split(ids.joined(word, "0")):
            only[word] = ONLY[each.by].format(label=each.label)
    if len(only) > 1:
        chosen = packed(shown.behind, shown.days, shown.narrowed_by, shown.only)
        menus.append(_menu(OF_WHICH, "only", only, chosen))
    return menus


def _menu(placeholder: str, name: str, words: Mapping[str, str], chosen: str) -> dict[str, Any]:
    choices = {word: option(label, ids.joined(word, "0")) for word, label in words.items()}
    found = menu(placeholder, f"{ids.DECISIONS_PAGE}:{name}", list(choices.values()))
    return found | ({"initial_option": choices[chosen]} if chosen in choices else {})


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
    return button(label, f"{ids.DECISIONS_PAGE}:{way}", ids.joined(_word(shown), str(page)))


def _word(shown: DecisionsShown) -> str:
    return packed(shown.behind, shown.days, shown.narrowed_by, shown.only)
