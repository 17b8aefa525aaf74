"""What policy asks for besides yes or no; an obligation nobody understands means the action must not run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from policy.actions import Action, FieldChange
from policy.changes import changes
from policy.claims import SlotKind, VerifiedClaim
from policy.decision import Decision
from policy.donor import DonorRecord, TimelineEntry

AMOUNT, NOTES = "amount", "notes"
HIDDEN = "[amount not shown]"
_GRAVEST_FIRST = ("compliance", "review", "senior")
_MASKABLE = frozenset({AMOUNT, NOTES})


@dataclass(frozen=True, slots=True)
class Duties:
    """The obligations of a decision: fields to *mask*, *footers* to add, roles to *notify*, when to begin.

    *route_to* is where the rules send it, None where it goes to the owner.
    """

    mask: frozenset[str]
    footers: tuple[str, ...]
    notify: tuple[str, ...]
    not_before: datetime | None
    route_to: str | None
    unknown: tuple[str, ...]

    def without_amounts(self, text: str, record: DonorRecord) -> str:
        """Return *text* with every gift's and pledge's amount left out, where amounts are masked."""
        if AMOUNT not in self.mask:
            return text
        amounts = [gift.amount for gift in (*record.gifts, *record.soft_credited_gifts)]
        amounts += [pledge.amount for pledge in record.pledges]
        amounts += [standing.amount for standing in record.recurring_gifts]
        for amount in sorted({str(each) for each in amounts}, key=len, reverse=True):
            text = text.replace(amount, HIDDEN)
        return text

    def masked(self, change: FieldChange, record: DonorRecord | None) -> FieldChange:
        """Return *change* as it may be shown."""
        return change.model_copy(
            update={
                "before": self.masked_text(change.before, record),
                "after": self.masked_text(change.after, record),
            }
        )

    def masked_text(self, text: str, record: DonorRecord | None) -> str:
        """Return *text* as it may be shown; where amounts are hidden and unknown, nothing of it is."""
        if AMOUNT in self.mask and record is None:
            return HIDDEN
        return self.without_amounts(text, record) if record else text

    def may_show(self, claim: VerifiedClaim) -> bool:
        """Say whether a sentence may appear on the card."""
        if AMOUNT in self.mask and any(slot.kind is SlotKind.MONEY for slot in claim.claim.slots):
            return False
        return not (NOTES in self.mask and any(cite.startswith("note") for cite in claim.claim.cites))

    def may_list(self, entry: TimelineEntry) -> bool:
        """Say whether a line of the history may appear on the card."""
        if AMOUNT in self.mask and entry.kind in ("gift", "pledge", "recurring_gift", "soft_credit"):
            return False
        return not (NOTES in self.mask and entry.kind == "note")


def duties_of(decision: Decision) -> Duties:
    """Sort the obligations of *decision*."""
    by_kind: dict[str, list[str]] = {}
    for obligation in decision.obligations:
        by_kind.setdefault(obligation.kind, []).append(obligation.value)
    starts = [datetime.fromisoformat(value) for value in by_kind.get("delay_until", [])]
    masks = frozenset(by_kind.get("mask_field", []))
    known = {"mask_field", "add_footer", "notify", "delay_until", "route_to"}
    return Duties(
        mask=masks,
        footers=tuple(by_kind.get("add_footer", [])),
        notify=tuple(by_kind.get("notify", [])),
        not_before=max(starts, default=None),
        route_to=next((each for each in _GRAVEST_FIRST if each in by_kind.get("route_to", [])), None),
        unknown=tuple(sorted((set(by_kind) - known) | (masks - _MASKABLE))),
    )


def shown_changes(
    action: Action, record: DonorRecord, names: Mapping[str, str], duties: Duties
) -> tuple[FieldChange, ...]:
    """Return what the action would change, as it may be shown."""
    return tuple(duties.masked(change, record) for change in changes(action, record, names))
