"""What people choose about a drift alarm: pause, roll back, acknowledge; by whoever may, and written down."""

from __future__ import annotations

from typing import Any

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import AlarmAcknowledged, AlarmPauseClicked, AlarmRollBackClicked
from handlers.context import Arrived, Context, Write
from handlers.outcomes import AlarmChoice, Notice
from handlers.ports import Colleague, Unavailable
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.refreshing import show_alarm_card
from handlers.rules.alarms import capability_of, choices_of, headline, reference_of, short, with_choice
from handlers.rules.pausing import Operator, pause
from handlers.rules.promote_model import may_promote
from handlers.rules.roll_back_model import earlier_prompt, roll_back, written_by
from policy.decision import Role
from storage.drift_alarms import DriftAlarm
from storage.transaction import Transaction

Chosen = AlarmPauseClicked | AlarmRollBackClicked | AlarmAcknowledged

NOTHING_CHANGED = "Nothing was changed by your click."
MAY_ACKNOWLEDGE = frozenset({Role.MANAGER.value, Role.ADMIN.value, Role.COMPLIANCE.value})
UNKNOWN = Notice(
    text="I do not know this alarm. It may belong to a database that was replaced.",
    next_step="countersign eval alarms lists the alarms there are.",
)
NOT_FOR_YOU = Notice(
    text="Alarms are acknowledged by managers, admins and compliance.",
    next_step=f"{NOTHING_CHANGED} Tell them in the thread of the card what you know.",
)
MAY_NOT_PAUSE = Notice(
    text="Only admins and compliance can pause what I do.",
    next_step=f"{NOTHING_CHANGED} Tell one of them in the thread of the card.",
)
MAY_NOT_ROLL_BACK = Notice(
    text="Only admins can change which prompt is in force.",
    next_step=f"{NOTHING_CHANGED} Tell one of them in the thread of the card.",
)
PAUSED_ALREADY = Notice(text="This is paused already.", next_step=f"{NOTHING_CHANGED} /donor pause shows it.")
NOTHING_EARLIER = Notice(
    text="There is nothing to roll back to: another prompt is in force, or none was promoted before.",
    next_step=f"{NOTHING_CHANGED} countersign eval rehearse tries another one.",
)
PAUSED = Notice(
    text="Paused.", next_step="/donor resume ends it. Acknowledge the alarm when it is dealt with."
)
ROLLED_BACK = "Rolled back: {prompt} is in force again, from the next text on, on every replica."
ACKNOWLEDGE_LATER = "Acknowledge the alarm when it is dealt with."
REASON = "Drift alarm {reference}: {headline}"
CLOSED = "This alarm is closed: {who} acknowledged it."


async def pause_for_alarm(command: AlarmPauseClicked, arrived: Arrived, context: Context) -> Write:
    """Pause the capability that an alarm is about, as `/donor pause` does."""
    who = await admit(command.by.id, None, context)
    if isinstance(who, Notice):
        return lambda tx: _refuse(tx, command, arrived, who)
    return lambda tx: _pause(tx, command, arrived, who, context)


async def roll_back_for_alarm(command: AlarmRollBackClicked, arrived: Arrived, context: Context) -> Write:
    """Put the prompt in force again that was promoted before the one that an alarm is about."""
    who = await admit(command.by.id, None, context)
    if isinstance(who, Notice):
        return lambda tx: _refuse(tx, command, arrived, who)
    return lambda tx: _roll_back(tx, command, arrived, who, context)


async def acknowledge_alarm(command: AlarmAcknowledged, arrived: Arrived, context: Context) -> Write:
    """Close an alarm with a note."""
    who = await admit(command.by.id, None, context)
    if isinstance(who, Notice):
        return lambda tx: _refuse(tx, command, arrived, who)
    return lambda tx: _acknowledge(tx, command, arrived, who, context)


def _pause(
    tx: Transaction, command: AlarmPauseClicked, arrived: Arrived, who: Colleague, context: Context
) -> None:
    alarm = _open_alarm(tx, command)
    if isinstance(alarm, Notice):
        _refuse(tx, command, arrived, alarm)
        return
    acting, capability = _operator(who, context), capability_of(alarm)
    if not acting.may_pause:
        _refuse(tx, command, arrived, MAY_NOT_PAUSE)
        return
    if any(each.capability == capability for each in tx.pauses.in_force(arrived.now)):
        _refuse(tx, command, arrived, PAUSED_ALREADY)
        return
    reason = REASON.format(reference=reference_of(alarm), headline=headline(alarm))
    pause(tx, arrived, acting, (capability,), reason, None)
    _choose(tx, arrived, alarm, AlarmChoice(what="paused", **_by(who, arrived)))
    answer(tx, arrived, PAUSED, command.reply_to)


def _roll_back(
    tx: Transaction, command: AlarmRollBackClicked, arrived: Arrived, who: Colleague, context: Context
) -> None:
    alarm = _open_alarm(tx, command)
    if isinstance(alarm, Notice):
        _refuse(tx, command, arrived, alarm)
        return
    acting, writer = _operator(who, context), written_by(alarm)
    if not may_promote(acting):
        _refuse(tx, command, arrived, MAY_NOT_ROLL_BACK)
        return
    in_force = tx.promotions.in_force(writer.use, writer.model) if writer else None
    history = tx.promotions.history(writer.use, writer.model) if writer else []
    earlier = earlier_prompt(history, writer.prompt, context.ships_prompt) if writer else None
    if writer is None or earlier is None or (in_force and in_force.prompt_version != writer.prompt):
        _refuse(tx, command, arrived, NOTHING_EARLIER)
        return
    roll_back(tx, arrived, acting, writer, earlier)
    note = f"{short(writer.prompt)} → {short(earlier.prompt_version)}"
    _choose(tx, arrived, alarm, AlarmChoice(what="rolled_back", note=note, **_by(who, arrived)))
    done = ROLLED_BACK.format(prompt=short(earlier.prompt_version))
    answer(tx, arrived, Notice(text=done, next_step=ACKNOWLEDGE_LATER), command.reply_to)


def _acknowledge(
    tx: Transaction, command: AlarmAcknowledged, arrived: Arrived, who: Colleague, context: Context
) -> None:
    alarm = _open_alarm(tx, command)
    if isinstance(alarm, Notice):
        _refuse(tx, command, arrived, alarm)
        return
    if not MAY_ACKNOWLEDGE & _operator(who, context).roles:
        _refuse(tx, command, arrived, NOT_FOR_YOU)
        return
    choice = AlarmChoice(what="acknowledged", note=command.note, **_by(who, arrived))
    stored, by = with_choice(alarm, choice), slack_actor(who.id)
    if not tx.alarms.acknowledge(alarm.id, alarm.revision, stored, by, arrived.now):
        raise Unavailable("alarm", "chosen_meanwhile")
    _tell(tx, arrived, alarm, choice)


def _open_alarm(tx: Transaction, command: Chosen) -> DriftAlarm | Notice:
    """Return the alarm while something can be chosen about it, else why not."""
    alarm = tx.alarms.get(command.alarm_id)
    if alarm is None:
        return UNKNOWN
    if alarm.acknowledged_at is not None:
        last = next(reversed(choices_of(alarm)), None)
        closed = CLOSED.format(who=last.by_name if last else "somebody")
        return Notice(text=closed, next_step=NOTHING_CHANGED)
    return alarm


def _choose(tx: Transaction, arrived: Arrived, alarm: DriftAlarm, choice: AlarmChoice) -> None:
    if not tx.alarms.choose(alarm.id, alarm.revision, with_choice(alarm, choice)):
        raise Unavailable("alarm", "chosen_meanwhile")
    _tell(tx, arrived, alarm, choice)


def _tell(tx: Transaction, arrived: Arrived, alarm: DriftAlarm, choice: AlarmChoice) -> None:
    write_down(
        tx,
        arrived,
        f"drift.{choice.what}",
        subject=None,
        actor=slack_actor(choice.by_user_id),
        alarm_id=alarm.id,
        measure=alarm.measure,
        kind_of_action=alarm.kind,
        name=choice.by_name,
        note=choice.note,
    )
    show_alarm_card(tx, arrived, alarm.id, str(alarm.revision + 1))


def _operator(who: Colleague, context: Context) -> Operator:
    roles = frozenset(context.organisation.roles_of(who.email))
    return Operator(slack_actor(who.id), who.name, roles)


def _by(who: Colleague, arrived: Arrived) -> dict[str, Any]:
    return {"by_user_id": who.id, "by_name": who.name, "at": arrived.now}


def _refuse(tx: Transaction, command: Chosen, arrived: Arrived, why: Notice) -> None:
    write_down(
        tx,
        arrived,
        "drift.choice_refused",
        subject=None,
        actor=slack_actor(command.by.id),
        alarm_id=command.alarm_id,
        asked=command.type,
        reason=why.text,
    )
    answer(tx, arrived, why, command.reply_to)
