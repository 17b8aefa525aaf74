"""What is paused, by whom, since when and why; and the line that says so on every card it concerns."""

from __future__ import annotations

from bot.slack.blocks import (
    Block,
    Leaf,
    Message,
    bullets,
    fine_print,
    header,
    leaf,
    moment,
    paragraph,
    rich,
    said,
)
from bot.slack.text import clip, for_notification, isolated, name, one_line
from handlers.outcomes import CardStatus, PauseShown, PausesShown
from policy.decision_facts import Capability

NAMES: dict[Capability, str] = {
    "recommend": "proposing next steps",
    "draft": "writing texts with AI",
    "auto_route": "posting decision cards",
    "execute": "writing to the CRM",
}
MEANS: dict[Capability, str] = {
    "recommend": "What happens in the CRM waits, and is considered when this is resumed.",
    "draft": "Summaries and reasons are written from CRM records alone.",
    "auto_route": "What happens in the CRM waits, and is considered when this is resumed.",
    "execute": "You can go on deciding. What is approved waits, and is written when this is resumed.",
}
TITLES = {
    "shown": "What is paused",
    "paused": "Paused: {what}",
    "resumed": "Resumed: {what}",
    "ended": "Goes on, because the time of the pause is over: {what}",
}
NOTHING = "Nothing is paused."
DONE_BY = "By {name}."
SINCE, UNTIL, UNTIL_RESUMED = " since ", " until ", " until somebody resumes it"
PAUSED_BY = "⏸ Paused by {name} at "
NOT_WRITTEN = "Nothing is written to the CRM"
WAITS = ". What is approved waits, and is written by itself afterwards."
NOT_UNDERSTOOD = "I do not know “{text}”."
HOW = (
    "/donor pause execute for 2h, then why. /donor resume execute. "
    "Names: recommend, draft, auto_route, execute, all. Admins and compliance can pause, admins resume."
)
REFERENCE = "Reference {reference}"


def pauses_message(shown: PausesShown) -> Message:
    """Return what was done and what is paused now."""
    what = ", ".join(NAMES[each] for each in shown.changed)
    title = TITLES[shown.what].format(what=what)
    blocks = [header(title)]
    if shown.not_understood:
        unknown = NOT_UNDERSTOOD.format(text=isolated(clip(one_line(shown.not_understood), 100)))
        blocks.append(rich(paragraph(leaf(unknown, bold=True))))
    if shown.by_name:
        blocks.append(rich(paragraph(leaf(DONE_BY.format(name=name(shown.by_name))))))
    blocks.append(_now(shown))
    blocks.append(fine_print(HOW, *_reference(shown)))
    return Message(for_notification(title), blocks)


def paused_block(status: CardStatus) -> list[Block]:
    """Return the line for a card whose effect waits, or nothing."""
    pause = status.paused
    if pause is None:
        return []
    who = leaf(PAUSED_BY.format(name=name(pause.by_name)), bold=True)
    reason = [leaf(": "), *said(pause.reason, 300)] if pause.reason else []
    until = [leaf(UNTIL), moment(pause.until)] if pause.until else [leaf(UNTIL_RESUMED)]
    waits = [leaf(NOT_WRITTEN), *until, leaf(WAITS)]
    return [rich(paragraph(who, moment(pause.since), *reason, leaf(". "), *waits))]


def _now(shown: PausesShown) -> Block:
    if not shown.pauses:
        return rich(paragraph(leaf(NOTHING)))
    return rich(bullets(pause_line(pause) for pause in shown.pauses))


def pause_line(pause: PauseShown) -> list[Leaf]:
    """Return one pause as a line: what, by whom, since and until when, why, and what it means."""
    what = NAMES[pause.capability]
    what = what[:1].upper() + what[1:]
    who = leaf(f", by {name(pause.by_name)}")
    leaves = [leaf(what, bold=True), who, leaf(SINCE), moment(pause.since)]
    return [*leaves, *_why(pause), leaf(f" {MEANS[pause.capability]}")]


def _why(pause: PauseShown) -> list[Leaf]:
    until = [leaf(UNTIL), moment(pause.until)] if pause.until else [leaf(f",{UNTIL_RESUMED}")]
    reason = [leaf(": "), *said(pause.reason, 300)] if pause.reason else []
    return [*until, *reason, leaf(".")]


def _reference(shown: PausesShown) -> list[str]:
    return [REFERENCE.format(reference=shown.reference)] if shown.reference else []
