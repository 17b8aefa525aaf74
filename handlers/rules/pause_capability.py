"""`/donor pause` and `/donor resume`: the emergency stop, refused kindly to whoever may not use it."""

from __future__ import annotations

from datetime import timedelta

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import PauseEnded, PauseRequested, ResumeRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice, PausesShown
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.rules.pausing import Operator, end, pause, resume, shown_now
from storage.transaction import Transaction

NOT_ADMIN = Notice(
    text="Only admins and compliance can pause what I do.",
    next_step="Nothing was changed. Tell one of them at once if something goes wrong; /donor pause shows the "
    "present state.",
)
NOT_RESUMER = Notice(
    text="Only admins can resume what was paused.",
    next_step="Nothing was changed. Whoever is admin in your organisation can type /donor resume.",
)


async def pause_capability(command: PauseRequested, arrived: Arrived, context: Context) -> Write:
    """Pause what was asked for, or show what is paused."""
    by = await _operator(command, context)
    if isinstance(by, Notice):
        return _refuse(command, arrived, by)
    if _names_nothing(command):
        return _show(command, arrived)
    if not by.may_pause:
        return _refuse(command, arrived, NOT_ADMIN)
    until = arrived.now + timedelta(minutes=command.minutes) if command.minutes else None

    def write(tx: Transaction) -> None:
        done = pause(tx, arrived, by, command.capabilities, command.reason, until)
        answer(tx, arrived, done, command.reply_to)

    return write


async def resume_capability(command: ResumeRequested, arrived: Arrived, context: Context) -> Write:
    """Resume what was asked for; without a name, show what there is to resume."""
    by = await _operator(command, context)
    if isinstance(by, Notice):
        return _refuse(command, arrived, by)
    if _names_nothing(command):
        return _show(command, arrived)
    if not by.may_resume:
        return _refuse(command, arrived, NOT_RESUMER)
    return lambda tx: answer(tx, arrived, resume(tx, arrived, by, command.capabilities), command.reply_to)


async def pause_ended(command: PauseEnded, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Let go on what was paused for a time that is over."""
    return lambda tx: end(tx, arrived, command.change_id)


def _names_nothing(command: PauseRequested | ResumeRequested) -> bool:
    return bool(command.unknown) or not command.capabilities


def _show(command: PauseRequested | ResumeRequested, arrived: Arrived) -> Write:
    said = PausesShown(not_understood=command.unknown)
    return lambda tx: answer(tx, arrived, shown_now(tx, arrived, said), command.reply_to)


async def _operator(command: PauseRequested | ResumeRequested, context: Context) -> Operator | Notice:
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return colleague
    roles = frozenset(context.organisation.roles_of(colleague.email))
    return Operator(slack_actor(colleague.id), colleague.name, roles)


def _refuse(command: PauseRequested | ResumeRequested, arrived: Arrived, refusal: Notice) -> Write:
    def write(tx: Transaction) -> None:
        write_down(
            tx,
            arrived,
            f"{command.type}.refused",
            subject=None,
            actor=slack_actor(command.by.id),
            capabilities=list(command.capabilities),
            reason=refusal.text,
        )
        answer(tx, arrived, refusal, command.reply_to)

    return write
