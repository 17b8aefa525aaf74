"""Summarise a donor for whoever asks, with the timeline under it."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.answers.donor_header import donor_header
from handlers.answers.donor_search import donor_asked_for
from handlers.answers.grounding import (
    STOPPED,
    grounded_summary,
    heard_until_stopped,
    stopped_summary,
    warnings_first,
)
from handlers.answers.live_answers import show_live, stopped, write_stop
from handlers.answers.sources import sources
from handlers.commands import SummaryRequested
from handlers.context import Arrived, Context, Write
from handlers.execution.publishing import publish_data
from handlers.long_histories import donor_facts
from handlers.outcomes import Notice, Outcome, SummaryShown
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.record.judging import note_text
from handlers.record.model_answers import write_what_was_said
from handlers.rules.pausable_assistant import Stopped, assistant_unless_paused
from policy.canonical import digest
from policy.donor import DonorRecord
from policy.draft import Heard
from policy.events import PublishedEventType
from policy.facts import DonorFacts
from policy.timeline import timeline
from storage.transaction import Transaction

EMPTY_QUERY = Notice(
    text="Whose summary would you like?",
    next_step="Type /donor summary followed by a name, an e-mail address or a donor id.",
)
TIMELINE_LENGTH = 8
WRITING = "Asking the AI service for a summary"


async def summarise_donor(command: SummaryRequested, arrived: Arrived, context: Context) -> Write:
    """Answer with a summary, a choice of donors, or near names."""
    asker = await admit(command.by.id, command.reply_to, context)
    if isinstance(asker, Notice):
        return _refuse(command, arrived, asker)
    if not command.query.strip() and command.donor_id is None:
        return lambda tx: answer(tx, arrived, EMPTY_QUERY, command.reply_to)
    found = await donor_asked_for(command.query, command.donor_id, "summary", arrived, context)
    if not isinstance(found, DonorRecord):
        return lambda tx: answer(tx, arrived, found, command.reply_to)
    return await _summary(command, arrived, context, found)


async def _summary(
    command: SummaryRequested, arrived: Arrived, context: Context, record: DonorRecord
) -> Write:
    facts = await donor_facts(record, context)
    as_of = facts.as_of
    show = await show_live(command.reply_to, record, arrived, context)
    assistant = await assistant_unless_paused(context, show.is_stopped)
    if assistant is not None:
        await show.step(WRITING)
        await show.warn(warnings_first(record, facts))
    heard: Heard | None
    try:
        summary, heard = await grounded_summary(record, facts, assistant, as_of, show.hears)
    except Stopped as stop:
        origin, heard = heard_until_stopped(stop, record, facts)
        if not show.said:
            to = await show.close(command.reply_to)
            return lambda tx: stopped(tx, arrived, record.donor.id, command.by.id, to, heard)
        summary = stopped_summary(show.said, heard, origin, record, facts, as_of)
    else:
        await show.say(summary.claims, summary.removed)
    command = command.model_copy(update={"reply_to": await show.close(command.reply_to)})
    shown = SummaryShown(
        answer_id=arrived.ids.new(),
        donor=donor_header(record, context.organisation),
        summary=summary,
        sources=sources(
            summary.claims,
            record,
            facts,
            context.organisation,
            also=(cite for each in summary.contradictions for cite in each.cites),
        ),
        timeline=timeline(record, TIMELINE_LENGTH),
        before=command.before,
        reference=arrived.reference,
    )

    def write(tx: Transaction) -> None:
        note_text(tx, arrived, "summary", summary.origin, len(summary.claims), summary.removed)
        write_what_was_said(tx, arrived, heard, subject=record.donor.id, use="summary")
        _write_summary(tx, command, arrived, shown, record, facts)
        if summary.origin.broke_off == STOPPED:
            write_stop(tx, arrived, record.donor.id, command.by.id)

    return write


def _write_summary(
    tx: Transaction,
    command: SummaryRequested,
    arrived: Arrived,
    shown: SummaryShown,
    record: DonorRecord,
    facts: DonorFacts,
) -> None:
    write_down(
        tx,
        arrived,
        "summary.generated",
        subject=record.donor.id,
        actor=slack_actor(command.by.id),
        answer_id=shown.answer_id,
        record_digest=digest(record),
        facts=facts.model_dump(mode="json"),
        summary=shown.summary.model_dump(mode="json"),
        stage=record.donor.lifecycle_stage.value,
    )
    _publish(tx, arrived, shown, before_meeting=command.before is not None)
    answer(tx, arrived, shown, command.reply_to, donor_id=record.donor.id, answer_id=shown.answer_id)


def _publish(tx: Transaction, arrived: Arrived, shown: SummaryShown, *, before_meeting: bool) -> None:
    """Tell whoever listens that there is a summary, and nothing of whom it is about."""
    summary = shown.summary
    told: dict[str, object] = {
        "confidence": summary.confidence.score,
        "model": summary.origin.model or summary.origin.kind,
        "prompt_version": summary.origin.prompt_version,
        "why_no_model": summary.origin.fallback_reason or summary.origin.broke_off,
        "sentences": len(summary.claims),
        "removed": summary.removed,
        "contradictions": len(summary.contradictions),
        "before_meeting": before_meeting,
        # A summary does nothing, so no rule has to allow it; saving it as a note is a decision of its own.
        "policy_outcome": "not_needed",
    }
    publish_data(tx, arrived, PublishedEventType.SUMMARY_GENERATED, shown.answer_id, told)


def _refuse(command: SummaryRequested, arrived: Arrived, refusal: Outcome) -> Write:
    def write(tx: Transaction) -> None:
        write_down(
            tx, arrived, "request.refused", subject=None, actor=slack_actor(command.by.id), asked="summary"
        )
        answer(tx, arrived, refusal, command.reply_to)

    return write
