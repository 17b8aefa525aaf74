"""The emergency stop: pausing and resuming what Countersign may do, for whoever may, from any door."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from handlers.commands import PauseEnded
from handlers.context import Arrived
from handlers.effects import AnnouncePause, RefreshCards
from handlers.enqueueing import PEOPLE_FIRST, WHEN_DUE, WHEN_QUIET, enqueue
from handlers.outcomes import PausesShown
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.refreshing import show_alarm_card
from handlers.rules.paused import PAUSED, shown
from handlers.waking import TIMER
from policy.canonical import canonical_json
from policy.decision import Role
from policy.decision_facts import Capability
from storage.pauses import Pause
from storage.queue import Received
from storage.transaction import Transaction

LATEST_CHANGE = "latest_pause_of_execute"
ORDER = "pauses"


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever acts: *actor* as the audit names them, *roles* as the organisation file gives them."""

    actor: str
    name: str
    roles: frozenset[str]

    @property
    def may_pause(self) -> bool:
        """Stopping is safe, so compliance may do it as well as admins."""
        return bool(self.roles & {Role.ADMIN, Role.COMPLIANCE})

    @property
    def may_resume(self) -> bool:
        """Going on again is for admins."""
        return Role.ADMIN in self.roles


def pause(
    tx: Transaction,
    arrived: Arrived,
    by: Operator,
    capabilities: Collection[Capability],
    reason: str,
    until: datetime | None,
) -> PausesShown:
    """Pause *capabilities*, in force for every decision from this commit on; return what is paused then.

    A pause that lasts longer already is left as it is for whoever may not resume: ending it sooner would be
    resuming.
    """
    change_id = arrived.ids.new()
    longer = set() if by.may_resume else _lasting_longer(tx, arrived.now, until)
    stopped = tuple(each for each in capabilities if each not in longer)
    for capability in stopped:
        tx.pauses.put(
            Pause(
                capability=capability,
                change_id=change_id,
                by=by.actor,
                by_name=by.name,
                reason=reason,
                since=arrived.now,
                until=until,
            )
        )
    if not stopped:
        return shown_now(tx, arrived)
    write_down(
        tx,
        arrived,
        "capability.paused",
        subject=None,
        actor=by.actor,
        name=by.name,
        capabilities=list(stopped),
        reason=reason,
        until=until.isoformat() if until else None,
    )
    if until:
        _end_at(tx, arrived, change_id, until)
    return _announce(tx, arrived, change_id, PausesShown(what="paused", changed=stopped, by_name=by.name))


def resume(
    tx: Transaction, arrived: Arrived, by: Operator, capabilities: Collection[Capability]
) -> PausesShown:
    """End the pause of *capabilities*: what waited goes on at once; return what is still paused."""
    in_force = {pause.capability for pause in tx.pauses.in_force(arrived.now)}
    lifted = tuple(each for each in capabilities if tx.pauses.lift(each) and each in in_force)
    if not lifted:
        return shown_now(tx, arrived)
    write_down(
        tx,
        arrived,
        "capability.resumed",
        subject=None,
        actor=by.actor,
        name=by.name,
        capabilities=list(lifted),
    )
    _go_on(tx, arrived)
    done = PausesShown(what="resumed", changed=lifted, by_name=by.name)
    return _announce(tx, arrived, arrived.ids.new(), done)


def end(tx: Transaction, arrived: Arrived, change_id: str) -> None:
    """End what was paused under *change_id* and only until now, unless it was paused anew meanwhile."""
    ended = tuple(
        each
        for each in ("recommend", "draft", "auto_route", "execute")
        if tx.pauses.lift(each, change_id=change_id)
    )
    if not ended:
        return
    write_down(tx, arrived, "capability.pause_ended", subject=None, actor=SYSTEM, capabilities=list(ended))
    _go_on(tx, arrived)
    _announce(tx, arrived, arrived.ids.new(), PausesShown(what="ended", changed=ended))


def shown_now(tx: Transaction, arrived: Arrived, said: PausesShown | None = None) -> PausesShown:
    """Return what is paused now, together with what was *said* about it."""
    pauses = tuple(shown(pause) for pause in tx.pauses.in_force(arrived.now))
    told = {"pauses": pauses, "reference": arrived.reference}
    return (said or PausesShown()).model_copy(update=told)


def _lasting_longer(tx: Transaction, now: datetime, until: datetime | None) -> set[Capability]:
    if until is None:
        return set()
    return {
        pause.capability for pause in tx.pauses.in_force(now) if pause.until is None or pause.until > until
    }


def _announce(tx: Transaction, arrived: Arrived, change_id: str, said: PausesShown) -> PausesShown:
    """Have operations told and, when writing to the CRM is concerned, the cards brought up to date."""
    told = shown_now(tx, arrived, said)
    effect = AnnouncePause(change_id=change_id, announcement=told)
    enqueue(tx, effect, key=f"pause:{change_id}", order=ORDER, arrived=arrived, priority=PEOPLE_FIRST)
    for alarm in tx.alarms.open():
        show_alarm_card(tx, arrived, alarm.id, f"{alarm.revision}:{change_id}")
    if "execute" in said.changed:
        tx.settings.put(LATEST_CHANGE, change_id, arrived.now)
        cards = RefreshCards(change_id=change_id)
        enqueue(tx, cards, key=f"refresh:{change_id}", order=None, arrived=arrived, priority=WHEN_QUIET)
    return told


def _go_on(tx: Transaction, arrived: Arrived) -> None:
    tx.inbox.wake(PAUSED, arrived.now)
    tx.outbox.wake(PAUSED, arrived.now)


def _end_at(tx: Transaction, arrived: Arrived, change_id: str, moment: datetime) -> None:
    due = PauseEnded(change_id=change_id)
    tx.inbox.accept(
        Received(
            id=arrived.ids.new(),
            source=TIMER,
            dedupe_key=f"{due.type}:{change_id}",
            kind=due.type,
            entity_key=None,
            body=canonical_json(due),
            correlation_id=arrived.correlation_id,
            received_at=arrived.now,
            available_at=moment,
            priority=WHEN_DUE,
        )
    )
