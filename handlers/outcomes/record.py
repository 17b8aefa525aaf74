"""Evidence as people read it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from policy.value import Value


class EvidenceLine(Value):
    """One audit entry in plain words."""

    at: AwareDatetime
    what: str
    who: str
    details: tuple[str, ...] = ()


class EvidenceShown(Value):
    """The whole path of one decision, oldest first."""

    type: Literal["evidence"] = "evidence"
    title: str
    lines: tuple[EvidenceLine, ...]
    reference: str


class ForDonorShown(Value):
    """An account for a donor: what was *told* of each matter, and the *disclosure* about the software."""

    type: Literal["for_donor"] = "for_donor"
    donor_name: str
    organisation: str
    as_of: date
    told: tuple[str, ...]
    disclosure: tuple[str, ...]
    reference: str


class CheckpointShown(Value):
    """A signed checkpoint of the audit log; *note* is its text, to be shown exactly."""

    type: Literal["checkpoint"] = "checkpoint"
    size: int
    note: str
