"""Ask everybody who uses it, once a month and in their working time, how far they trust the suggestions."""

from __future__ import annotations

from datetime import datetime

from handlers.absence.working_hours import working_time_of
from handlers.answers.answering import answer
from handlers.commands import PulseDue, ReplyAddress
from handlers.context import Arrived, Context, Write
from handlers.outcomes import PulseAsked
from handlers.record.evidence import record as write_down
from policy.digest_adoption import USES
from policy.pulse import ACTIVE_WITHIN, FEWEST_USES, QUESTION, Pulse, may_ask
from policy.working_time import is_quiet
from storage.transaction import Transaction


async def ask_pulse(command: PulseDue, arrived: Arrived, context: Context) -> Write:
    """Ask whoever is at work now and has not been asked this month."""
    del command
    people, away = await context.database.read(lambda tx: _candidates(tx, arrived.now))
    due = [found for each in people if (found := await _due(each, away, arrived, context))]

    def write(tx: Transaction) -> None:
        for pulse in due:
            _ask(tx, arrived, pulse)

    return write


def _candidates(tx: Transaction, now: datetime) -> tuple[list[str], frozenset[str]]:
    """Return whoever used it lately and may be asked, and the e-mail addresses of those who are away."""
    people = tx.pulses.active_people(USES, now - ACTIVE_WITHIN, FEWEST_USES)
    wanted = [each for each in people if not tx.pulses.refused(each)]
    return wanted, frozenset(absence.email.casefold() for absence in tx.absences.at(now))


async def _due(person: str, away: frozenset[str], arrived: Arrived, context: Context) -> Pulse | None:
    """Return the question for somebody; None while they are away, off work, or were asked not long ago."""
    colleague = await context.chat.colleague(person)
    if colleague is None or not colleague.is_full_member or colleague.email.casefold() in away:
        return None
    working = working_time_of(colleague, context)
    local = arrived.now.astimezone(working.zone)
    if not working.is_working(arrived.now) or is_quiet(local.hour, context.organisation.quiet_hours):
        return None
    month = f"{local:%Y-%m}"
    latest = await context.database.read(lambda tx: tx.pulses.latest(person))
    if not may_ask(latest, month, arrived.now):
        return None
    return Pulse(id=arrived.ids.new(), person=person, month=month, asked_at=arrived.now)


def _ask(tx: Transaction, arrived: Arrived, pulse: Pulse) -> None:
    if tx.pulses.refused(pulse.person) or not tx.pulses.ask(pulse):
        return
    write_down(tx, arrived, "pulse.asked", subject=None, pulse_id=pulse.id, month=pulse.month)
    to = ReplyAddress(channel_id="", user_id=pulse.person)
    answer(tx, arrived, PulseAsked(pulse_id=pulse.id, question=QUESTION), to)
