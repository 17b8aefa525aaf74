"""A drift alarm as people see it: what drifted, the evidence, who answers for it, and what can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast, get_args

from pydantic import TypeAdapter

from handlers.outcomes import AlarmCard, AlarmChoice
from handlers.ports import Colleague
from handlers.rules.roll_back_model import WrittenBy, earlier_prompt, written_by
from policy.action_words import ACTION_WORDS
from policy.canonical import canonical_json
from policy.decision_facts import ActionKind, Capability
from policy.drift import Drift
from storage.drift_alarms import DriftAlarm
from storage.transaction import Transaction

CHOICES: TypeAdapter[tuple[AlarmChoice, ...]] = TypeAdapter(tuple[AlarmChoice, ...])
FEWER_ACCEPTED = "Fewer proposals of the kind “{what}” are right than before."
MORE_REMOVED = "More sentences in {what} do not match the records than before."
BEFORE = "Before: {bad} of {of}{share} {happened}, the first {of} {things} under this version."
SINCE_THEN = "Since then: {bad} of {of}{share} {happened}."
HOW = "More than chance: the rise is larger than what steady work shows about once in 2,000 decisions."
WITHOUT_MODEL = "CRM records alone, without a model"
WITH = "{model}, prompt {prompt}"
FEWEST_FOR_A_SHARE = 20
"""Of fewer there is no percentage: three of four is not 75 %."""
NOTHING_WRITTEN_BY_A_MODEL = "No model wrote these, so there is no prompt to roll back."
NONE_BEFORE = "No other prompt was promoted for this model before, so there is none to roll back to."
MOVED_ON = "Another prompt is in force since, so there is nothing to roll back."


def card_of_alarm(
    tx: Transaction,
    alarm: DriftAlarm,
    owner: Colleague | None,
    paused: frozenset[Capability],
    ships: Callable[[str, str], bool],
) -> AlarmCard:
    """Return the card of an alarm as it stands; *paused* is what somebody has paused now."""
    drift, capability = drift_of(alarm), capability_of(alarm)
    is_open = alarm.acknowledged_at is None
    back, why_not = _going_back(tx, alarm, ships)
    return AlarmCard(
        alarm_id=alarm.id,
        headline=headline(alarm),
        since=drift.since,
        at=alarm.at,
        evidence=evidence(drift),
        version=version_words(written_by(alarm)),
        owner_user_id=owner.id if owner else None,
        owner=owner.name if owner else "",
        pause=capability if is_open and capability not in paused else None,
        roll_back=back if is_open else None,
        no_roll_back=why_not if is_open else "",
        choices=choices_of(alarm),
        is_open=is_open,
        reference=reference_of(alarm),
    )


def drift_of(alarm: DriftAlarm) -> Drift:
    """Return the figures an alarm was raised on."""
    return Drift.model_validate_json(alarm.evidence)


def capability_of(alarm: DriftAlarm) -> Capability:
    """Return what to pause: proposing, or writing texts with a model."""
    return "recommend" if alarm.measure == "acceptance" else "draft"


def reference_of(alarm: DriftAlarm) -> str:
    """Return the short reference of an alarm."""
    return alarm.id[-6:].lower()


def choices_of(alarm: DriftAlarm) -> tuple[AlarmChoice, ...]:
    """Return who chose what about an alarm, the first choice first."""
    return CHOICES.validate_json(alarm.choices) if alarm.choices else ()


def with_choice(alarm: DriftAlarm, choice: AlarmChoice) -> bytes:
    """Return the choices about an alarm with one more, as they are stored."""
    return canonical_json([each.model_dump(mode="json") for each in (*choices_of(alarm), choice)])


def headline(alarm: DriftAlarm) -> str:
    """Say in a sentence what drifted."""
    if alarm.measure == "acceptance":
        return FEWER_ACCEPTED.format(what=_called(alarm.kind))
    return MORE_REMOVED.format(what=_texts(alarm.kind))


def evidence(drift: Drift) -> tuple[str, ...]:
    """Return the figures in sentences: the baseline, what came since, and how sure that is."""
    judged = drift.measure == "acceptance"
    words = {
        "happened": "were overruled" if judged else "could not be verified",
        "things": "decisions" if judged else "sentences",
    }
    before = BEFORE.format(
        bad=drift.baseline_bad,
        of=drift.baseline_of,
        share=_share(drift.baseline_bad, drift.baseline_of),
        **words,
    )
    now = SINCE_THEN.format(
        bad=drift.recent_bad, of=drift.recent_of, share=_share(drift.recent_bad, drift.recent_of), **words
    )
    return (before, now, HOW)


def version_words(writer: WrittenBy | None) -> str:
    """Name who wrote what an alarm is about."""
    return WITH.format(model=writer.model, prompt=short(writer.prompt)) if writer else WITHOUT_MODEL


def short(version: str) -> str:
    """Return the version of a prompt as people can compare it: v1+1a2b3c4d."""
    name, plus, digest = version.partition("+")
    return f"{name}{plus}{digest[:8]}"


def _going_back(
    tx: Transaction, alarm: DriftAlarm, ships: Callable[[str, str], bool]
) -> tuple[str | None, str]:
    writer = written_by(alarm)
    if writer is None:
        return None, NOTHING_WRITTEN_BY_A_MODEL
    in_force = tx.promotions.in_force(writer.use, writer.model)
    if in_force and in_force.prompt_version != writer.prompt:
        return None, MOVED_ON
    earlier = earlier_prompt(tx.promotions.history(writer.use, writer.model), writer.prompt, ships)
    return (short(earlier.prompt_version), "") if earlier else (None, NONE_BEFORE)


def _share(bad: int, of: int) -> str:
    return f" ({round(100 * bad / of)} %)" if of >= FEWEST_FOR_A_SHARE else ""


def _texts(kind: str) -> str:
    return "summaries" if kind not in get_args(ActionKind) else f"the reasons for “{_called(kind)}”"


def _called(kind: str) -> str:
    return ACTION_WORDS[cast("ActionKind", kind)].lower() if kind in get_args(ActionKind) else kind


def listed(alarms: Sequence[DriftAlarm]) -> list[dict[str, object]]:
    """Return alarms as plain data, the latest first."""
    return [
        {
            "id": alarm.id,
            "reference": reference_of(alarm),
            "at": alarm.at.isoformat(),
            "what": headline(alarm),
            "version": version_words(written_by(alarm)),
            "evidence": list(evidence(drift_of(alarm))[:2]),
            "open": alarm.acknowledged_at is None,
            "choices": [each.model_dump(mode="json") for each in choices_of(alarm)],
        }
        for alarm in reversed(alarms)
    ]
