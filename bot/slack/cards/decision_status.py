"""Where a decision stands, said honestly: who, when, what changed, and what nobody knows yet."""

from __future__ import annotations

from collections.abc import Callable

from bot.slack import when
from bot.slack.blocks import Block, Leaf, leaf, link, moment, paragraph, person, rich, safe_url, said
from bot.slack.cards.folded import replaced
from bot.slack.cards.undo import undone_by
from bot.slack.cards.who import in_place_of
from bot.slack.text import clip, isolated, name, one_line
from handlers.outcomes import CardStatus, EscalationCard, Execution
from policy.escalation import EscalationState

TITLES = {
    EscalationState.OPEN: "Decision needed: {name}",
    EscalationState.DEFERRED: "Put off: {name}",
    EscalationState.ESCALATED: "Passed on: {name}",
    EscalationState.APPROVED: "Approved: {name}",
    EscalationState.EXECUTING: "Approved: {name}",
    EscalationState.EXECUTED: "Done: {name}",
    EscalationState.OUTCOME_UNKNOWN: "Being checked: {name}",
    EscalationState.FAILED: "Not done: {name}",
    EscalationState.UNDONE: "Undone: {name}",
    EscalationState.SENT_BACK: "Sent back: {name}",
    EscalationState.DECLINED: "Declined: {name}",
    EscalationState.EXPIRED: "Time ran out: {name}",
    EscalationState.SUPERSEDED: "Replaced: {name}",
}

DECIDES = " decides by "
NO_ANSWER = ". Silence changes nothing."
MOVED = "This decision has moved to another channel, and this card follows it. "
THERE = "Open it where it is decided"
PASSED_TO = "Passed on to "
PASSED_BY = " by "
SOMEBODY = "Somebody"
UNTIL = " put this off until "
OR_UNTIL = ", or until "
COMES_BACK = ". Nothing was changed. The card comes back then."
PASSED_ON = " passed this on. Nothing was changed; the next person decides by "
APPROVED = " approved this"
TO_BE_WRITTEN = ". The change is about to be written to the CRM."
WRITING = ". The change is being written to the CRM."
WRITTEN_AND_READ = ". Written to the CRM{ref} and read back to check"
WRITTEN_UNREAD = ". Written to the CRM{ref}, but it could not be read back: please look at the record"
WRITTEN_AS = " as {ref}"
UNKNOWN = (
    ". The change was sent to the CRM and no answer came back: it may or may not be there. "
    "We are checking. Please do not enter it by hand yet."
)
FAILED = ". It was not carried out: "
FAILED_UNNAMED = "no reason is known."
FAILED_NEXT = " “Why?” shows what stood in the way."
UNDONE = " undid this"
SENT_BACK = " sent this back for better data"
BEING_PUT_RIGHT = ". Nothing was changed. A fresh card follows when the record has been put right."
MADE_UP = " asked for this to be put right"
MADE_UP_TITLE = "To be put right: {name}"
DECLINED = " declined this"
NOTHING_CHANGED = ". Nothing was changed."
EXPIRED = "Nobody decided by "
NOT_A_NO = ". Nothing was changed. This is not a no: it can still be done in the CRM."
SUPERSEDED = "A newer card replaces this one. Nothing was changed by this one."
NOTHING_BY_THIS = "Nothing was changed by this card."
RECORD = "Open what was written"


def title_of(status: CardStatus) -> str:
    """Return the first words of the card; what is made up for is not called undone."""
    undo = status.execution.undo if status.execution else None
    if status.state is EscalationState.UNDONE and undo and undo.instead:
        return MADE_UP_TITLE
    return TITLES[status.state]


def status_block(card: EscalationCard, status: CardStatus) -> Block:
    """Return the line that says where the decision stands."""
    return rich(paragraph(*_LINES[status.state](card, status)))


def decided_elsewhere(status: CardStatus) -> list[Block]:
    """Lead from a copy of the card to where the decision is now; the copy follows it."""
    url = safe_url(status.elsewhere)
    return [rich(paragraph(leaf(MOVED), link(url, THERE)))] if url else []


def passed_on(status: CardStatus) -> list[Block]:
    """Return how the decision came to whoever has it now: "Passed on to Sam by Olivia: above my limit"."""
    passed = status.passed
    if passed is None:
        return []
    leaves = [leaf(PASSED_TO), leaf(name(passed.to), bold=True)]
    if passed.by:
        leaves += [leaf(PASSED_BY), leaf(name(passed.by), bold=True), *in_place_of(passed.by_for)]
    leaves += [leaf(", "), moment(passed.at)]
    return [rich(paragraph(*leaves, *_words_of(passed.reason or passed.why, passed.note)))]


def _words_of(reason: str, text: str) -> list[Leaf]:
    """Return a reason and what somebody said in their own words, as the rest of a sentence."""
    said_so = [leaf(": "), *said(reason, 200)] if reason else []
    if not text.strip():
        return said_so
    return [*said_so, leaf(", " if reason else ": "), *said(f"“{text.strip()}”", 600)]


def _open(card: EscalationCard, _status: CardStatus) -> list[Leaf]:
    return [leaf(name(card.decider), bold=True), leaf(DECIDES), moment(card.due_at), leaf(NO_ANSWER)]


def _deferred(card: EscalationCard, status: CardStatus) -> list[Leaf]:
    until = status.deferred_until or card.due_at
    awaits = [leaf(OR_UNTIL), *said(card.awaits, 200)] if card.awaits else []
    why = _words_of(status.reason, status.reason_text)
    return [*_who(status), leaf(UNTIL), moment(until), *awaits, *why, leaf(COMES_BACK)]


def _escalated(card: EscalationCard, status: CardStatus) -> list[Leaf]:
    return [*_who(status), leaf(PASSED_ON), moment(card.due_at), leaf(".")]


def _approved(_card: EscalationCard, status: CardStatus) -> list[Leaf]:
    return [*_did(status, APPROVED), leaf(TO_BE_WRITTEN)]


def _executing(_card: EscalationCard, status: CardStatus) -> list[Leaf]:
    return [*_did(status, APPROVED), leaf(WRITING)]


def _executed(card: EscalationCard, status: CardStatus) -> list[Leaf]:
    done = status.execution
    if done is None:
        return [*_did(status, APPROVED), leaf(f"{WRITTEN_UNREAD.format(ref='')}.")]
    ref = WRITTEN_AS.format(ref=isolated(clip(one_line(done.ref), 60))) if done.ref else ""
    written = WRITTEN_AND_READ if done.verified else WRITTEN_UNREAD
    leaves = [*_did(status, APPROVED), leaf(written.format(ref=ref))]
    # When it was written is told where it was not in the very minute of the approval.
    same_minute = status.at is not None and int(done.at.timestamp()) // 60 == int(status.at.timestamp()) // 60
    later = [] if same_minute else [leaf(", "), moment(done.at)]
    return [*leaves, *later, leaf("."), *_record(card, done)]


def _outcome_unknown(_card: EscalationCard, status: CardStatus) -> list[Leaf]:
    return [*_did(status, APPROVED), leaf(UNKNOWN)]


def _failed(_card: EscalationCard, status: CardStatus) -> list[Leaf]:
    problem = status.execution.problem if status.execution else status.note
    return [
        *_did(status, APPROVED),
        leaf(FAILED),
        *said(problem or FAILED_UNNAMED, 400),
        leaf(FAILED_NEXT),
    ]


def _undone(card: EscalationCard, status: CardStatus) -> list[Leaf]:
    link_to = _record(card, status.execution) if status.execution else []
    undo = status.execution.undo if status.execution else None
    if undo is None:
        return [*_did(status, UNDONE), leaf("."), *link_to]
    return [*undone_by(undo, MADE_UP if undo.instead else UNDONE), *link_to]


def _sent_back(_card: EscalationCard, status: CardStatus) -> list[Leaf]:
    why = _words_of(status.reason, status.reason_text)
    return [*_did(status, SENT_BACK), *why, leaf(BEING_PUT_RIGHT)]


def _declined(_card: EscalationCard, status: CardStatus) -> list[Leaf]:
    return [*_did(status, DECLINED), *_words_of(status.reason, status.reason_text), leaf(NOTHING_CHANGED)]


def _expired(card: EscalationCard, _status: CardStatus) -> list[Leaf]:
    return [leaf(EXPIRED), moment(card.due_at), leaf(NOT_A_NO)]


def _superseded(_card: EscalationCard, status: CardStatus) -> list[Leaf]:
    why = status.execution.problem if status.execution else ""
    said_why = [*said(why, 600), leaf(f" {NOTHING_BY_THIS}")] if why else [leaf(SUPERSEDED)]
    return [*said_why, *replaced(status)]


def _did(status: CardStatus, what: str) -> list[Leaf]:
    at = [leaf(", "), moment(status.at, when.DAY_AND_TIME)] if status.at else []
    return [*_who(status), leaf(what), *at]


def _who(status: CardStatus) -> list[Leaf]:
    if status.by_user_id and status.by_user_id.isalnum():
        who = person(status.by_user_id)
    else:
        who = leaf(name(status.by_name) if status.by_name else SOMEBODY, bold=True)
    return [who, *in_place_of(status.for_name)]


def _record(card: EscalationCard, done: Execution) -> list[Leaf]:
    url = safe_url(done.record_url)
    return [leaf(" "), link(url, RECORD)] if url and url != card.donor.record_url else []


_LINES: dict[EscalationState, Callable[[EscalationCard, CardStatus], list[Leaf]]] = {
    EscalationState.OPEN: _open,
    EscalationState.DEFERRED: _deferred,
    EscalationState.ESCALATED: _escalated,
    EscalationState.APPROVED: _approved,
    EscalationState.EXECUTING: _executing,
    EscalationState.EXECUTED: _executed,
    EscalationState.OUTCOME_UNKNOWN: _outcome_unknown,
    EscalationState.FAILED: _failed,
    EscalationState.UNDONE: _undone,
    EscalationState.SENT_BACK: _sent_back,
    EscalationState.DECLINED: _declined,
    EscalationState.EXPIRED: _expired,
    EscalationState.SUPERSEDED: _superseded,
}
