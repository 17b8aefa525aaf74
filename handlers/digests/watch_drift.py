"""Watch whether people accept less, or more sentences fail to verify, than when a version began; say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast, get_args

from handlers.answers.answering import post
from handlers.commands import DriftDue
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from policy.action_words import ACTION_WORDS
from policy.decision_facts import ActionKind
from policy.drift import Drift, Observation, find_drift
from storage.assistance import CheckedText, DriftAlarm, Judgement
from storage.transaction import Transaction

LOOK_BACK = timedelta(days=365)
ONCE_IN = timedelta(days=7)
FEWER_ACCEPTED = "Fewer proposals of the kind “{what}” are right than before. {evidence}"
MORE_REMOVED = "More sentences than before do not match the records ({what}). {evidence}"
SINCE = " It began on {day}."
WHAT_TO_DO = (
    "Look at the latest ones with /donor why, and ask the people who decided. /donor pause recommend stops "
    "proposals; countersign eval tries the model and the prompt on known cases."
)
SUMMARIES = "summaries"


async def watch_drift(command: DriftDue, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Raise each new alarm once, in the operations channel and in the audit."""
    return lambda tx: _raise_alarms(tx, arrived, context)


def _raise_alarms(tx: Transaction, arrived: Arrived, context: Context) -> None:
    since = arrived.now - LOOK_BACK
    found = (*_of_judgements(tx.judgements.since(since)), *_of_texts(tx.texts.since(since)))
    raised = tx.alarms.all()
    for drift in found:
        if not _is_known(drift, raised):
            _raise(tx, arrived, context, drift)


def _is_known(drift: Drift, raised: Sequence[DriftAlarm]) -> bool:
    """Say whether it was raised already; where old rows have gone, the same rise is found a little later."""
    return any(
        (each.measure, each.kind, each.version) == (drift.measure, drift.kind, drift.version)
        and abs(drift.at - each.at) < ONCE_IN
        for each in raised
    )


def _raise(tx: Transaction, arrived: Arrived, context: Context, drift: Drift) -> None:
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
    words = FEWER_ACCEPTED if drift.measure == "acceptance" else MORE_REMOVED
    text = words.format(what=_called(drift.kind), evidence=drift.words)
    notice = Notice(
        text=text + SINCE.format(day=f"{drift.since.day} {drift.since:%b %Y}"),
        next_step=WHAT_TO_DO,
        reference=arrived.reference,
    )
    post(tx, arrived, notice, context.organisation.operations, by=SYSTEM)


def _called(kind: str) -> str:
    return ACTION_WORDS[cast("ActionKind", kind)].lower() if kind in get_args(ActionKind) else SUMMARIES


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
