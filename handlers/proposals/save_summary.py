"""Keep a summary as a note in the CRM: by the rules, decisions and undo of anything that is written there."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.answers.donor_search import NOT_VISIBLE, crm_unavailable, read_donor
from handlers.answers.share_summary import GONE, NOT_YOURS
from handlers.answers.suggest_next_step import PAUSED, proposing_is_paused
from handlers.commands import NoteWanted
from handlers.context import Arrived, Context, Write
from handlers.long_histories import donor_facts
from handlers.outcomes import OUTCOME, Notice, SummaryShown
from handlers.ports import Colleague, DonorUnknown, Unavailable
from handlers.proposals.considered import Considered
from handlers.proposals.recommend_next_step import Weighed, put_forward, weigh
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.actions import AddNote
from policy.changes import spell_date
from policy.claims import Recommendation, VerifiedClaim
from policy.decision import Outcome
from policy.donor import DonorRecord
from policy.facts import DonorFacts
from policy.organisation import Organisation
from policy.situation import Proposal
from policy.verifier import verify
from storage.transaction import Transaction

NOTHING_LEFT = Notice(
    text="The record changed since this summary was written, and none of it can be confirmed any more.",
    next_step="Nothing was saved. Ask for a new summary.",
)
WAITS = Notice(text="A decision about saving this waits already.", next_step="/donor queue lists what waits.")
HEADING = (
    "Summary of {day}, asked for by {name} and written by {author}. Every figure was checked against the CRM."
)
SENTENCE = "- {text} [{sources}]"
CLOSING = "The references in brackets are the CRM records that a sentence rests on."


async def save_summary(command: NoteWanted, arrived: Arrived, context: Context) -> Write:
    """Put the note before whoever the rules name, or write it where they let that be done unasked."""
    asker = await admit(command.by.id, command.reply_to, context)
    if isinstance(asker, Notice):
        return _tell(command, arrived, asker)
    stored = await context.database.read(lambda tx: tx.answers.get(command.answer_id))
    shown = OUTCOME.validate_json(stored.body) if stored else None
    if stored is None or stored.donor_id is None or not isinstance(shown, SummaryShown):
        return _tell(command, arrived, GONE)
    if stored.asked_by != command.by.id:
        return _tell(command, arrived, NOT_YOURS)
    if await proposing_is_paused(context):
        return _tell(command, arrived, PAUSED)
    try:
        record = await read_donor(stored.donor_id, context)
    except DonorUnknown:
        return _tell(command, arrived, NOT_VISIBLE)
    except Unavailable:
        return _tell(command, arrived, crm_unavailable(arrived.reference))
    weighed = await _weighed(shown, asker, record, context)
    if weighed is None:
        return _tell(command, arrived, NOTHING_LEFT)
    return lambda tx: _put_forward(tx, command, arrived, weighed, context.organisation)


def _tell(command: NoteWanted, arrived: Arrived, notice: Notice) -> Write:
    return lambda tx: answer(tx, arrived, notice, command.reply_to)


async def _weighed(
    shown: SummaryShown, asker: Colleague, record: DonorRecord, context: Context
) -> Weighed | None:
    """Weigh the note with what still holds of the summary by the record of now; None when nothing does."""
    facts = await donor_facts(record, context)
    kept = verify((each.claim for each in shown.summary.claims), record, facts).kept
    if not kept:
        return None
    waiting = await context.database.read(lambda tx: tx.escalations.open_for_donor(record.donor.id))
    summary = shown.summary
    proposal = Proposal(
        action=AddNote(donor_id=record.donor.id, text=_note(shown, kept, asker, facts)),
        headline=f"Keep the summary of {record.donor.name} as a note",
        signals=tuple(each.claim for each in kept),
        alternatives=("Leave it in Slack: colleagues who read the CRM would not see it.",),
        rule="save_summary",
    )
    considered = Considered(
        None,
        record,
        facts,
        proposal,
        Recommendation(
            action=proposal.action,
            headline=proposal.headline,
            signals=kept,
            removed=len(summary.claims) - len(kept),
            alternatives=proposal.alternatives,
            unknowns=summary.not_seen,
            confidence=summary.confidence,
            origin=summary.origin,
        ),
        f"{asker.name} wants to keep a summary of {record.donor.name} as a note in the CRM.",
        requested_by=None if _owns(asker, record) else asker.id,
        waiting=tuple(waiting),
    )
    return await weigh(considered, context)


def _owns(asker: Colleague, record: DonorRecord) -> bool:
    """Say whether the donor's own officer asks: the text is not theirs, and the record is theirs to keep."""
    return record.owner is not None and record.owner.email.casefold() == asker.email.casefold()


def _note(shown: SummaryShown, kept: tuple[VerifiedClaim, ...], asker: Colleague, facts: DonorFacts) -> str:
    origin = shown.summary.origin
    author = "Countersign, without AI"
    if origin.kind == "model":
        author = f"{origin.model or 'an AI model'} (AI-generated, check before use)"
    heading = HEADING.format(day=spell_date(shown.summary.as_of), name=asker.name, author=author)
    lines = [
        SENTENCE.format(text=each.claim.text, sources=", ".join(_few(facts.sources(each.claim.cites))))
        for each in kept
    ]
    return "\n".join((heading, *lines, CLOSING))


def _few(record_ids: tuple[str, ...]) -> tuple[str, ...]:
    most = 8
    rest = len(record_ids) - most
    return (*record_ids[:most], f"and {rest} more") if rest > 0 else record_ids


def _put_forward(
    tx: Transaction, command: NoteWanted, arrived: Arrived, weighed: Weighed, organisation: Organisation
) -> None:
    donor, decision = weighed.considered.record.donor, weighed.ruling.decision
    by = slack_actor(command.by.id)
    write_down(tx, arrived, "summary.note_wanted", subject=donor.id, actor=by, answer_id=command.answer_id)
    opened = put_forward(tx, arrived, weighed, organisation)
    to = weighed.destination
    told = WAITS
    if decision.outcome is Outcome.DENY:
        reasons = " ".join(decision.reasons) or "no rule allows it."
        told = Notice(text=f"Policy does not allow this note now: {reasons}", next_step="Nothing was saved.")
    elif opened is not None and decision.outcome is Outcome.ALLOW:
        told = Notice(
            text="The note is on its way to the CRM; policy lets that be done without asking.",
            next_step="The card shows the result and has Undo.",
            reference=arrived.reference,
        )
    elif opened is not None:
        told = Notice(
            text=f"The note waits for {to.decider} ({to.why}).",
            next_step="The card tells what became of it, and has Undo afterwards.",
            reference=arrived.reference,
        )
    answer(tx, arrived, told, command.reply_to, donor_id=donor.id)
