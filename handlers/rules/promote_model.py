"""Promote a model with a prompt that passed its rehearsal; from then on its texts count as rehearsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.context import Arrived
from handlers.record.evidence import record as write_down
from handlers.rules.pausing import Operator
from policy.canonical import canonical_json
from policy.decision import Role
from storage.promotions import Promotion
from storage.transaction import Transaction


def may_promote(acting: Operator) -> bool:
    """Say whether somebody may decide which model writes."""
    return Role.ADMIN.value in acting.roles


def promote(
    tx: Transaction, arrived: Arrived, acting: Operator, prompt: str, rehearsal: Mapping[str, Any]
) -> None:
    """Put the model and the version of *prompt* in force that *rehearsal* names, which is kept as evidence.

    *rehearsal* is JSON data without floats and without donor data: model, prompt_version and what was found.
    """
    tx.promotions.add(
        Promotion(
            id=arrived.ids.new(),
            at=arrived.now,
            use=prompt,
            model=str(rehearsal["model"]),
            prompt_version=str(rehearsal["prompt_version"]),
            promoted_by=acting.actor,
            report=canonical_json(dict(rehearsal)),
        )
    )
    write_down(
        tx,
        arrived,
        "model.promoted",
        subject=None,
        actor=acting.actor,
        prompt=prompt,
        rehearsal=dict(rehearsal),
    )
