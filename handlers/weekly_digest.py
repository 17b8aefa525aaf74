"""Tell managers every week what was proposed, what people made of it, and how long it took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from handlers.answering import post
from handlers.commands import DigestDue
from handlers.context import Arrived, Context, Discard, Write
from handlers.evidence import SYSTEM
from handlers.evidence import record as write_down
from handlers.outcomes import DigestFigure, DigestShown
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction

_S = EscalationState
ACCEPTED = (_S.APPROVED, _S.EXECUTING, _S.EXECUTED, _S.OUTCOME_UNKNOWN, _S.FAILED, _S.UNDONE)
SMALLEST_RATE = 10
LATE = timedelta(hours=6)

STANDING = {
    _S.OPEN: "waiting for a decision",
    _S.DEFERRED: "put off",
    _S.ESCALATED: "passed on",
    _S.APPROVED: "approved, about to be written",
    _S.EXECUTING: "approved, being written",
    _S.OUTCOME_UNKNOWN: "approved, being checked",
    _S.EXECUTED: "approved and written to the CRM",
    _S.FAILED: "approved, not carried out",
    _S.UNDONE: "written and undone again",
    _S.SENT_BACK: "sent back",
    _S.DECLINED: "declined",
    _S.EXPIRED: "nobody decided in time",
    _S.SUPERSEDED: "replaced or withdrawn",
}

METHOD = (
    "Counted from Countersign's own audit. Time to decision is the median from the card to the decision.",
    f"Rates are shown from {SMALLEST_RATE} decisions on; with fewer, only the counts.",
)


@dataclass(frozen=True, slots=True)
class Week:
    """What happened in one period."""

    escalations: tuple[Escalation, ...]
    summaries: int
    readers: int
    feedback: Counter[str]

    @property
    def decided(self) -> tuple[Escalation, ...]:
        """The escalations somebody decided."""
        return tuple(e for e in self.escalations if e.state in (*ACCEPTED, _S.DECLINED) and e.decided_at)

    @property
    def accepted(self) -> int:
        """How many were approved."""
        return sum(e.state in ACCEPTED for e in self.decided)


async def weekly_digest(command: DigestDue, arrived: Arrived, context: Context) -> Write:
    """Post the digest of the period that ended when the schedule fired."""
    schedule = next((s for s in context.organisation.digests if s.id == command.schedule_id), None)
    if schedule is None:
        raise Discard("schedule_unknown")
    end = datetime.fromisoformat(command.period_key)
    days = timedelta(days=schedule.days)
    now, before = await context.database.read(
        lambda tx: (_week(tx, end - days, end), _week(tx, end - 2 * days, end - days))
    )
    digest = _digest(end - days, end, now, before, late=arrived.now - end > LATE)

    def write(tx: Transaction) -> None:
        write_down(
            tx, arrived, "digest.delivered", subject=None, schedule=schedule.id, period=command.period_key
        )
        post(tx, arrived, digest, schedule.channel, by=SYSTEM)

    return write


def _week(tx: Transaction, start: datetime, end: datetime) -> Week:
    entries = tx.audit.between(start, end)
    summaries = [e for e in entries if e.kind == "summary.generated"]
    opinions = Counter(str(e.payload["value"]) for e in entries if e.kind == "feedback.given" and e.payload)
    return Week(
        escalations=tuple(tx.escalations.between(start, end)),
        summaries=len(summaries),
        readers=len({e.actor for e in summaries}),
        feedback=opinions,
    )


def _digest(start: datetime, end: datetime, now: Week, before: Week, *, late: bool) -> DigestShown:
    states = Counter(STANDING[e.state] for e in now.escalations)
    return DigestShown(
        title="Weekly digest: what was proposed, and what people made of it",
        period_start=start,
        period_end=end,
        headline=_headline(now),
        figures=(
            _figure("Decisions asked for", len(now.escalations), len(before.escalations)),
            _figure("Approved", now.accepted, before.accepted),
            _figure("Declined", len(now.decided) - now.accepted, len(before.decided) - before.accepted),
            DigestFigure(label="Share approved", value=_rate(now), before=_rate(before)),
            DigestFigure(label="Time to decision", value=_waiting(now), before=_waiting(before)),
            _figure("Donor summaries", now.summaries, before.summaries),
            _figure("People who asked for one", now.readers, before.readers),
            _figure("Found useful", now.feedback["useful"], before.feedback["useful"]),
            _figure("Found not useful", now.feedback["not_useful"], before.feedback["not_useful"]),
        ),
        decisions=tuple(sorted(states.items(), key=lambda item: (-item[1], item[0]))),
        footnotes=METHOD,
        late=late,
    )


def _headline(week: Week) -> str:
    if not week.escalations and not week.summaries:
        return "Nothing was proposed and nobody asked for a summary in this period."
    number, decided = len(week.escalations), len(week.decided)
    proposals = "1 proposal" if number == 1 else f"{number} proposals"
    still_open = sum(e.state is _S.OPEN for e in week.escalations)
    return f"{proposals}: {decided} decided, {week.accepted} of them approved, {still_open} still open."


def _figure(label: str, now: int, before: int) -> DigestFigure:
    return DigestFigure(label=label, value=str(now), before=str(before))


def _rate(week: Week) -> str:
    if len(week.decided) < SMALLEST_RATE:
        return "too few to say"
    return f"{round(100 * week.accepted / len(week.decided))} %"


def _waiting(week: Week) -> str:
    minutes = [
        (e.decided_at - e.created_at).total_seconds() / 60 for e in week.decided if e.decided_at is not None
    ]
    if not minutes:
        return "no decisions"
    middle = round(median(minutes))
    return f"{middle} min" if middle < 120 else f"{round(middle / 60)} h"
