"""Answer a question about the donor a conversation is about, from the same record under the same rules."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.answers.donor_header import donor_header
from handlers.answers.donor_search import NOT_VISIBLE, crm_unavailable, read_donor
from handlers.answers.grounding import STOPPED, grounded_answer, heard_until_stopped
from handlers.answers.live_answers import LiveShow, show_live, stopped, write_stop
from handlers.answers.sources import sources
from handlers.answers.summarise_donor import summarise_donor
from handlers.answers.threads import donor_spoken_of
from handlers.commands import FollowUpAsked, SummaryRequested
from handlers.context import Arrived, Context, Write
from handlers.long_histories import donor_facts
from handlers.outcomes import FollowUpShown, Notice
from handlers.ports import DonorUnknown, Unavailable
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.record.model_answers import write_what_was_said
from handlers.rules.pausable_assistant import Stopped, assistant_unless_paused
from policy.asked_about_others import somebody_else
from policy.canonical import digest
from policy.claims import Origin, VerifiedClaim
from policy.donor import DonorRecord
from policy.draft import Heard
from policy.facts import DonorFacts
from policy.questions import Answered, answer_question, is_question
from policy.verifier import verify
from storage.transaction import Transaction

ABOUT_WHOM = Notice(
    text="About which donor are you asking?",
    next_step="Write a name first, then ask in the thread of the summary.",
)
ASKING = "Asking the AI service"
NOT_ANSWERED = "I could not answer this from the record. Ask in English, for example about {known}."
NEEDS_A_MODEL = "This is more than I can answer without an AI service. What I know by rules: {known}."
ABOUT_ANOTHER = (
    "I answer from the record of {donor} alone, and this asks about {name}. Write /donor {name} and ask in "
    "the thread of that summary."
)
KNOWN = (
    "gifts (last, first, largest, totals, by year or campaign), pledges, standing gifts, consent, contacts, "
    "asks, tasks, thanks, household, owner and stage"
)


@dataclass(frozen=True, slots=True)
class _Found:
    claims: tuple[VerifiedClaim, ...]
    notes: tuple[str, ...]
    origin: Origin
    removed: int = 0
    heard: Heard | None = None


async def answer_follow_up(command: FollowUpAsked, arrived: Arrived, context: Context) -> Write:
    """Answer, or take what was written for the name of another donor."""
    asker = await admit(command.by.id, command.reply_to, context)
    if isinstance(asker, Notice):
        return _tell(command, arrived, asker)
    now = context.clock.now()
    donor_id = await context.database.read(lambda tx: donor_spoken_of(tx, command.reply_to, now))
    if donor_id is None:
        return await _as_a_name(command, arrived, context)
    try:
        record = await read_donor(donor_id, context)
    except DonorUnknown:
        return _tell(command, arrived, NOT_VISIBLE)
    except Unavailable:
        return _tell(command, arrived, crm_unavailable(arrived.reference))
    facts = await donor_facts(record, context)
    by_rules = _by_rules(command.text, record, facts)
    if not command.text.rstrip().endswith("?") and not by_rules.understood:
        return await _as_a_name(command, arrived, context)
    if by_rules.understood:
        return _answer(command, arrived, _found_by_rules(by_rules, record, facts), record, facts, context)
    show = await show_live(command.reply_to, record, arrived, context)
    try:
        found = await _asked_of_model(command.text, record, facts, show, context)
    except Stopped as stop:
        origin, heard = heard_until_stopped(stop, record, facts)
        if not show.said:
            to = await show.close(command.reply_to)
            return lambda tx: stopped(tx, arrived, record.donor.id, command.by.id, to, heard)
        origin = origin.model_copy(update={"finished": len(show.said)})
        found = _Found(show.said, (), origin, len(heard.removed) if heard else 0, heard)
    command = command.model_copy(update={"reply_to": await show.close(command.reply_to)})
    return _answer(command, arrived, found, record, facts, context)


def _by_rules(question: str, record: DonorRecord, facts: DonorFacts) -> Answered:
    """Answer by rules; a question about somebody else gets no figure of this donor's."""
    other = somebody_else(question, record)
    if other is None or not is_question(question):
        return answer_question(question, record, facts)
    return Answered(notes=(ABOUT_ANOTHER.format(donor=record.donor.name, name=other),))


def _answer(
    command: FollowUpAsked,
    arrived: Arrived,
    found: _Found,
    record: DonorRecord,
    facts: DonorFacts,
    context: Context,
) -> Write:
    shown = FollowUpShown(
        answer_id=arrived.ids.new(),
        donor=donor_header(record, context.organisation),
        question=command.text,
        claims=found.claims,
        sources=sources(found.claims, record, facts, context.organisation),
        notes=found.notes,
        removed=found.removed,
        origin=found.origin,
        as_of=context.today(),
        reference=arrived.reference,
    )
    return lambda tx: _write(tx, command, arrived, shown, found, record)


def _tell(command: FollowUpAsked, arrived: Arrived, notice: Notice) -> Write:
    return lambda tx: answer(tx, arrived, notice, command.reply_to)


async def _as_a_name(command: FollowUpAsked, arrived: Arrived, context: Context) -> Write:
    """Take it for a donor's name; a question that names nobody is asked about whom it is."""
    if command.text.rstrip().endswith("?"):
        return _tell(command, arrived, ABOUT_WHOM)
    asked = SummaryRequested(query=command.text, by=command.by, reply_to=command.reply_to)
    return await summarise_donor(asked, arrived, context)


def _found_by_rules(answered: Answered, record: DonorRecord, facts: DonorFacts) -> _Found:
    """Return what rules answer, exactly, at once and without a model; checked like everything else."""
    checked = verify(answered.claims, record, facts)
    return _Found(checked.kept, answered.notes, Origin(kind="facts"), len(checked.removed))


async def _asked_of_model(
    text: str, record: DonorRecord, facts: DonorFacts, show: LiveShow, context: Context
) -> _Found:
    assistant = await assistant_unless_paused(context, show.is_stopped)
    if assistant is not None:
        await show.step(ASKING)
    checked, origin, heard = await grounded_answer(text, record, facts, assistant, show.hears)
    await show.say(checked.kept, len(checked.removed))
    notes: tuple[str, ...] = ()
    if not checked.kept:
        words = NOT_ANSWERED if origin.kind == "model" else NEEDS_A_MODEL
        notes = (words.format(known=KNOWN),)
    return _Found(checked.kept, notes, origin, len(checked.removed), heard)


def _write(
    tx: Transaction,
    command: FollowUpAsked,
    arrived: Arrived,
    shown: FollowUpShown,
    found: _Found,
    record: DonorRecord,
) -> None:
    donor_id = record.donor.id
    write_what_was_said(tx, arrived, found.heard, subject=donor_id, use="summary")
    if found.origin.broke_off == STOPPED:
        write_stop(tx, arrived, donor_id, command.by.id)
    write_down(
        tx,
        arrived,
        "summary.asked_about",
        subject=donor_id,
        actor=slack_actor(command.by.id),
        answer_id=shown.answer_id,
        question=command.text,
        record_digest=digest(record),
        claims=[each.model_dump(mode="json") for each in shown.claims],
        notes=list(shown.notes),
        removed=shown.removed,
    )
    answer(tx, arrived, shown, command.reply_to, donor_id=donor_id, answer_id=shown.answer_id)
