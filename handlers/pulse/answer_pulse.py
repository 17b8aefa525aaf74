"""Somebody answers the monthly question, skips it, or does not want to be asked again."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import PulseAnswered, PulseSwitched
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from storage.transaction import Transaction

THANKS = Notice(
    text="Thank you.",
    next_step="Managers see sums of five answers or more, and never who answered what.",
)
SKIPPED = Notice(text="Skipped. You are asked again next month at the earliest.")
NEVER = Notice(text="You are not asked again.", next_step="/donor pulse on changes that.")
ON = Notice(
    text="Once a month you get one question: how far you trust the suggestions.",
    next_step="It can be skipped, and /donor pulse off ends it.",
)
NOT_YOURS = Notice(text="This question is for somebody else.", next_step="Nothing was kept.")
ALREADY = Notice(text="You have answered this already.", next_step="Next month you are asked anew.")


async def answer_pulse(command: PulseAnswered, arrived: Arrived, context: Context) -> Write:
    """Keep the answer of whoever was asked; the audit says that they answered, not what."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: _refuse(tx, command, arrived, colleague)
    return lambda tx: _answer(tx, command, arrived)


async def switch_pulse(command: PulseSwitched, arrived: Arrived, context: Context) -> Write:
    """Keep whether somebody wants to be asked; nobody can say so for another."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: answer(tx, arrived, colleague, command.reply_to)

    def write(tx: Transaction) -> None:
        _switch(tx, arrived, command.by.id, wanted=command.wanted)
        answer(tx, arrived, ON if command.wanted else NEVER, command.reply_to)

    return write


def _answer(tx: Transaction, command: PulseAnswered, arrived: Arrived) -> None:
    pulse = tx.pulses.get(command.pulse_id)
    if pulse is None or pulse.person != command.by.id:
        _refuse(tx, command, arrived, NOT_YOURS)
        return
    given = int(command.choice) if command.choice.isdecimal() else None
    if not tx.pulses.end(pulse.id, given, arrived.now) and command.choice != "never":
        answer(tx, arrived, ALREADY, command.reply_to)
        return
    kind = "pulse.answered" if given else "pulse.skipped"
    write_down(tx, arrived, kind, subject=None, actor=slack_actor(command.by.id), pulse_id=pulse.id)
    if command.choice == "never":
        _switch(tx, arrived, command.by.id, wanted=False)
    said = THANKS if given else NEVER if command.choice == "never" else SKIPPED
    answer(tx, arrived, said, command.reply_to)


def _switch(tx: Transaction, arrived: Arrived, person: str, *, wanted: bool) -> None:
    if wanted:
        tx.pulses.allow(person)
    else:
        tx.pulses.refuse(person, arrived.now)
    write_down(tx, arrived, "pulse.switched", subject=None, actor=slack_actor(person), wanted=wanted)


def _refuse(tx: Transaction, command: PulseAnswered, arrived: Arrived, why: Notice) -> None:
    write_down(tx, arrived, "click.refused", subject=None, actor=slack_actor(command.by.id), reason=why.text)
    # What is refused must not take the place of the question.
    answer(tx, arrived, why, command.reply_to.model_copy(update={"replace": False}))
