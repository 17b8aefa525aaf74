"""What is known about a proposal when it goes before policy and before people."""

from __future__ import annotations

from dataclasses import dataclass

from policy.claims import Recommendation
from policy.donor import DonorRecord
from policy.draft import Heard
from policy.events import CrmEvent
from policy.facts import DonorFacts
from policy.matters import matter_of
from policy.recommender import Proposal
from policy.triage import Triage
from storage.escalations import Escalation


@dataclass(frozen=True, slots=True)
class Considered:
    """Everything known when a proposal goes before policy; without an *event* somebody asked for it.

    *requested_by* is the Slack user who asked for it, None for what the CRM reported. *came_back* says from
    what it came back when a record was put right. *waiting* are the undecided escalations about the donor
    beside which the proposal was made. *triage* says how pressing it is, where that was asked.
    *heard* is what a model said to it, kept as evidence. *besides* says of the latest of
    *folded* further events that it answers what happened.
    """

    event: CrmEvent | None
    record: DonorRecord
    facts: DonorFacts
    proposal: Proposal
    recommendation: Recommendation
    happened: str
    requested_by: str | None = None
    came_back: str = ""
    waiting: tuple[Escalation, ...] = ()
    heard: Heard | None = None
    triage: Triage | None = None
    besides: tuple[str, ...] = ()
    folded: int = 0

    @property
    def is_awaited(self) -> bool:
        """Say whether somebody waits for the card: who asked for the step, or sent the record back."""
        return self.event is None or bool(self.came_back)

    @property
    def fold_key(self) -> str:
        """Return what decisions about the same matter have in common."""
        return f"{self.record.donor.id}:{matter_of(self.proposal)}"
