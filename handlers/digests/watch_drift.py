"""Watch whether people accept less, or more sentences fail to verify, than when a version began; say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from handlers.commands import DriftDue
from handlers.context import Arrived, Context, Write
from handlers.record.evidence import record as write_down
from handlers.refreshing import show_alarm_card
from policy.drift import Drift, Observation, find_drift
from storage.checked_texts import CheckedText
from storage.drift_alarms import DriftAlarm
from storage.judgements import Judgement
from storage.transaction import Transaction

LOOK_BACK = timedelta(days=365)
ONCE_IN = timedelta(days=7)


async def watch_drift(command: DriftDue, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Raise each new alarm once, in the operations channel and in the audit."""
    return lambda tx: _raise_alarms(tx, arrived)


def _raise_alarms(tx: Transaction, arrived: Arrived) -> None:
    since = arrived.now - LOOK_BACK
    found = (*_of_judgements(tx.judgements.since(since)), *_of_texts(tx.texts.since(since)))
    raised = tx.alarms.all()
    for drift in found:
        if not _is_known(drift, raised):
            _raise(tx, arrived, drift)


def _is_known(drift: Drift, raised: Sequence[DriftAlarm]) -> bool:
    """Say whether it was raised already; where old rows have gone, the same rise is found a little later."""
    return any(
        (each.measure, each.kind, each.version) == (drift.measure, drift.kind, drift.version)
        and abs(drift.at - each.at) < ONCE_IN
        for each in raised
    )


def _raise(tx: Transaction, arrived: Arrived, drift: Drift) -> None:
    alarm = DriftAlarm(
        id=arrived.ids.new(),
        at=drift.at,
        measure=drift.measure,
        kind=drift.kind,
        version=drift.version,
        evidence=drift.model_dump_json().encode(),
    )
    tx.alarms.add(alarm)
    write_down(
        tx, arrived, "drift.alarmed", subject=None, alarm_id=alarm.id, drift=drift.model_dump(mode="json")
    )
    show_alarm_card(tx, arrived, alarm.id, "raised")


def _of_judgements(judgements: Sequence[Judgement]) -> list[Drift]:
    found: list[Drift] = []
    for kind in sorted({each.action_kind for each in judgements}):
        seen = (
            Observation(each.at, f"{_writer(each)} {each.policy_version}", int(not each.accepted))
            for each in judgements
            if each.action_kind == kind
        )
        found += find_drift("acceptance", kind, seen)
    return found


def _of_texts(texts: Sequence[CheckedText]) -> list[Drift]:
    found: list[Drift] = []
    for kind in sorted({each.kind for each in texts}):
        seen = (
            Observation(each.at, _writer(each), each.removed, each.kept + each.removed)
            for each in texts
            if each.kind == kind
        )
        found += find_drift("unsupported", kind, seen)
    return found


def _writer(each: Judgement | CheckedText) -> str:
    return f"{each.model} {each.prompt_version}" if each.origin == "model" else "facts"
