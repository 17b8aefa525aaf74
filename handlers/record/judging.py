"""How texts held up and what people made of proposals: what confidence and drift are computed from."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.context import Arrived
from policy.calibration import Reliability, reliability, track_record
from policy.claims import Confidence, Origin
from storage.checked_texts import CheckedText
from storage.escalations import Escalation
from storage.judgements import Judgement
from storage.transaction import Transaction

LOOK_BACK = timedelta(days=365)
"""Decisions of longer ago say little about the work of today."""
MOST = 1_000


def note_text(tx: Transaction, arrived: Arrived, kind: str, origin: Origin, kept: int, removed: int) -> None:
    """Count how one text held up; *kind* is "summary" or the kind of action it gives reasons for."""
    tx.texts.add(
        CheckedText(
            id=arrived.ids.new(),
            at=arrived.now,
            kind=kind,
            origin=origin.kind,
            model=origin.model,
            prompt_version=origin.prompt_version,
            kept=kept,
            removed=removed,
        )
    )


def note_judgement(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    confidence: Confidence,
    origin: Origin,
    *,
    accepted: bool,
) -> None:
    """Count what a person made of a proposal; of several decisions about one, the last counts.

    What was edited before it was approved does not count as accepted: it was not right as it stood.
    """
    tx.judgements.put(
        Judgement(
            id=arrived.ids.new(),
            escalation_id=escalation.id,
            at=arrived.now,
            action_kind=escalation.action.kind,
            accepted=accepted,
            score=confidence.score,
            origin=origin.kind,
            model=origin.model,
            prompt_version=origin.prompt_version,
            policy_version=escalation.policy_version,
        )
    )


def with_track_record(tx: Transaction, confidence: Confidence, action_kind: str, now: datetime) -> Confidence:
    """Add what past decisions about this kind of action say, or that there are too few of them."""
    found = track_record(tx.judgements.latest_scores(action_kind, now - LOOK_BACK, MOST))
    return confidence.model_copy(update={"track_record": found.said_of(confidence.score)})


def reliability_by_class(tx: Transaction, now: datetime) -> dict[str, Reliability]:
    """Return for managers how each kind of action fared in the last year."""
    found = tx.judgements.scores_since(now - LOOK_BACK)
    return {kind: reliability(scores) for kind, scores in sorted(found.items())}
