"""Show why a card says what it says: the audit entries of one decision in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from handlers.admission import admit
from handlers.commands import EvidenceRequested
from handlers.context import Arrived, Context, Write
from handlers.editing.fill_window import filled
from handlers.effects import FillEvidence
from handlers.enqueueing import PEOPLE_FIRST, enqueue
from handlers.outcomes import UNDO_UNSURE, EvidenceLine, EvidenceShown, Notice
from handlers.proposals.escalation_view import card_of
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from storage.audit_records import AuditRecord
from storage.considerations import Look
from storage.transaction import Transaction

Payload = Mapping[str, Any]

NOT_FOR_YOU = EvidenceShown(title="Not available", lines=(), reference="")


async def show_evidence(command: EvidenceRequested, arrived: Arrived, context: Context) -> Write:
    """Have the waiting modal filled, for members of the organisation only; looking is itself written down."""
    colleague = await admit(command.by.id, None, context)
    escalation = await context.database.read(lambda tx: tx.escalations.get(command.escalation_id))

    def write(tx: Transaction) -> None:
        refused = isinstance(colleague, Notice) or escalation is None
        write_down(
            tx,
            arrived,
            "evidence.refused" if refused else "evidence.shown",
            subject=escalation.donor_id if escalation else None,
            actor=slack_actor(command.by.id),
            correlation_id=arrived.correlation_id,
            escalation_id=command.escalation_id,
        )
        if not refused:
            tx.considerations.note_look(command.escalation_id, command.by.id, Look.EVIDENCE, arrived.now)
        shown = "" if refused else command.escalation_id
        effect = FillEvidence(escalation_id=shown, view_id=command.view_id)
        key = f"evidence:{command.view_id}"
        enqueue(tx, effect, key=key, order=None, arrived=arrived, priority=PEOPLE_FIRST)

    return write


async def fill_evidence(effect: FillEvidence, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Fill the modal with the decision's path, oldest first; one that was closed meanwhile stays closed."""
    evidence = await context.database.read(lambda tx: _evidence(tx, effect.escalation_id))
    await filled(lambda shown: context.chat.fill_view(effect.view_id, shown), evidence)
    return lambda _tx: None


def _evidence(tx: Transaction, escalation_id: str) -> EvidenceShown:
    escalation = tx.escalations.get(escalation_id) if escalation_id else None
    if escalation is None:
        return NOT_FOR_YOU
    entries = tx.audit.by_correlation(escalation.correlation_id)
    lines = tuple(line for entry in entries if (line := evidence_line(entry)))
    card = card_of(escalation)
    return EvidenceShown(title=card.donor.name, lines=lines, reference=card.reference)


def evidence_line(entry: AuditRecord) -> EvidenceLine | None:
    """Put one audit entry into words; None for kinds that are not part of a decision's story."""
    tell = _STORY.get(entry.kind)
    payload = entry.payload
    if tell is None:
        return None
    if payload is None:
        return EvidenceLine(at=entry.at, what="Erased on request", who=entry.actor)
    what, details = tell(payload)
    who = payload.get("name") or _who(entry.actor)
    if payload.get("in_place_of"):
        who = f"{who} for {payload['in_place_of']}"
    return EvidenceLine(at=entry.at, what=what, who=who, details=details)


def _who(actor: str) -> str:
    return "Countersign" if actor == "system" else actor.removeprefix("slack:")


def _decided(payload: Payload) -> tuple[str, tuple[str, ...]]:
    decision, recommendation = payload["decision"], payload["recommendation"]
    origin = recommendation["origin"]
    author = "the facts summariser, without a model"
    if origin["kind"] == "model":
        author = f"model {origin['model']}, prompt {origin['prompt']} {origin['prompt_version'][:12]}"
    score, removed = recommendation["confidence"]["score"], recommendation["removed"]
    verdict = {"allow": "allowed", "deny": "denied", "require_approval": "asked for approval"}
    details = (
        f"Trigger: {payload['event']['type']}. {payload['happened']}",
        *(f"Because: {signal['claim']['text']}" for signal in recommendation["signals"]),
        *(f"Not known: {unknown}" for unknown in recommendation["unknowns"]),
        *(f"Also considered: {other}" for other in recommendation["alternatives"]),
        f"Reasons written by: {author}",
        f"Confidence {score} of 100; {removed} sentences removed because no record bears them out",
        f"Policy {verdict[decision['outcome']]} (version {decision['policy_version'][:12]})",
        *(f"Rule {gate['id']}: {gate['reason']}" for gate in decision["gates"]),
    )
    return recommendation["headline"], details


def _answered(payload: Payload) -> tuple[str, tuple[str, ...]]:
    """Say what came of a model's answer, but none of what did not verify."""
    call = payload["call"]
    cost = f"{call['input_tokens']} tokens read, {call['output_tokens']} written, {call['latency_ms']} ms"
    who = f"Model {call['model']}, prompt {call['prompt']} {call['prompt_version'][:12]}; {cost}"
    if payload["unusable"]:
        return "The model's answer was of no use", (who, f"Why: {payload['unusable'].replace('_', ' ')}")
    removed = payload["removed"]
    count = f"{len(payload['kept'])} sentences verified, {len(removed)} removed"
    return "The model answered", (who, count, *(f"Removed: {each['reason']}" for each in removed))


def _begun(payload: Payload) -> tuple[str, tuple[str, ...]]:
    """Say what the rules answered when they were asked again before writing; older entries do not know."""
    decision = payload.get("decision")
    if decision is None:
        return "Began to write to the CRM", ()
    asked = f"Record and rules looked at again first: as approved (rules {decision['policy_version'][:12]})"
    return "Began to write to the CRM", (asked,)


def _executed(payload: Payload) -> tuple[str, tuple[str, ...]]:
    read_back = "read back and equal" if payload["verified"] else "could not be read back"
    lines = (f"{change['field']}: {change['before']} → {change['after']}" for change in payload["changes"])
    return f"Written to the CRM as {payload['ref']}, {read_back}", tuple(lines)


def _checked(payload: Payload) -> tuple[str, tuple[str, ...]]:
    verdicts = {"denied": "denied", "impossible": "not possible as it stands", "unchanged": "no change"}
    verdict = verdicts.get(payload["verdict"], "may be approved")
    reasons = (f"Rule {gate['id']}: {gate['reason']}" for gate in payload["decision"]["gates"])
    return f"Had a version of their own checked: {verdict}", (*_differences(payload), *reasons)


def _edited(payload: Payload) -> tuple[str, tuple[str, ...]]:
    void = (
        f"The approval given as {role} was for the earlier version and is void" for role in payload["void"]
    )
    why = " ".join(part for part in (f"Because: {payload['reason']}.", payload["text"]) if part)
    return "Edited the proposal", (*_differences(payload), why, *void)


def _differences(payload: Payload) -> tuple[str, ...]:
    differences = payload.get("differences", ())
    return tuple(f"{each['field']}: {each['before']} → {each['after']}" for each in differences)


def _changed_since(payload: Payload) -> tuple[str, tuple[str, ...]]:
    return "Not written: changed since the approval", (payload["note"], *_differences(payload))


def _undoing_ruled(payload: Payload) -> tuple[str, tuple[str, ...]]:
    denied = payload["decision"]["outcome"] == "deny"
    reasons = tuple(f"Rule {gate['id']}: {gate['reason']}" for gate in payload["decision"]["gates"])
    return f"The rules were asked about undoing it: {'denied' if denied else 'allowed'}", reasons


def _not_undone(payload: Payload) -> tuple[str, tuple[str, ...]]:
    differences = (
        f"{each['field']}: before us {each['before']}, we wrote {each['written']}, now {each['now']}"
        for each in payload.get("differences", ())
    )
    what = "The undo was given up" if payload["reason"] == UNDO_UNSURE else "Not undone"
    return what, (payload["reason"], *differences)


def _undone(payload: Payload) -> tuple[str, tuple[str, ...]]:
    lines = (f"{each['field']}: {each['before']} → {each['after']}" for each in payload.get("changes", ()))
    if payload.get("instead"):
        return "Made up for in the CRM, since it cannot be taken back", (payload["instead"], *lines)
    return "Undone in the CRM", (*lines, *filter(None, (payload.get("note"),)))


def _reminded(payload: Payload) -> tuple[str, tuple[str, ...]]:
    return "Reminded of the deadline", tuple(payload["reminded"])


def _plain(what: str, *keys: str) -> Callable[[Payload], tuple[str, tuple[str, ...]]]:
    return lambda payload: (what, tuple(str(payload[key]) for key in keys if payload.get(key)))


_STORY: dict[str, Callable[[Payload], tuple[str, tuple[str, ...]]]] = {
    "recommendation.decided": _decided,
    "recommendation.model_answered": _answered,
    "summary.model_answered": _answered,
    "escalation.opened": _plain("Card posted", "route"),
    "escalation.allowed": _plain("Allowed by policy without approval", "policy_version"),
    "edit.checked": _checked,
    "escalation.edited": _edited,
    "escalation.approval_given": _plain("Gave one of several approvals"),
    "escalation.approved": _plain("Approved"),
    "escalation.deferred": _plain("Put off", "until", "awaits", "reason", "text"),
    "escalation.passed_on": _plain("Passed on", "to", "reason", "text", "why"),
    "escalation.handed_over": _plain("Handed over", "decider", "route", "due_at"),
    "escalation.sent_back": _plain("Sent back for better data", "reason", "text"),
    "cleanup.reminded": _plain("Reminded of the record to put right"),
    "cleanup.fixed": _plain("Said that the record is put right"),
    "cleanup.not_fixed": _plain("Could not put the record right", "text"),
    "cleanup.rerouted": _plain("The record to put right was posted in another channel", "reason"),
    "escalation.given_back": _plain("Back for decision", "outcome"),
    "escalation.came_back": _plain("Looked at again with the record put right", "outcome"),
    "card.copy_ended": _plain("A copy of the card is gone and no longer follows", "reason"),
    "escalation.reopened": _plain("Back for decision", "why", "note"),
    "escalation.reassigned": _plain("Moved to another relationship owner", "now", "route", "due_at"),
    "decider.reminded": _reminded,
    "card.shown_to_stand_in": _plain("Card shown also to whoever stands in", "stand_in", "reason"),
    "card.stand_in_refused": _plain("Could not be shown to whoever stands in", "stand_in", "reason"),
    "escalation.declined": _plain("Declined", "reason", "text"),
    "escalation.expired": _plain("Expired: nobody decided in time, nothing was done"),
    "escalation.changed_since": _changed_since,
    "escalation.folded": _plain("Something else happened in the same matter", "happened"),
    "escalation.superseded": _plain("Replaced by a newer proposal", "proposal"),
    "escalation.listed": _plain("Put on a list, because there were many that day"),
    "escalation.card_given": _plain("Taken from the list and posted as a card"),
    "roles.informed": _plain("Others were informed of it, as the rules have it"),
    "escalation.withdrawn": _plain("Withdrawn: the donor has died"),
    "action.begun": _begun,
    "action.not_found": _plain("Looked in the CRM: the change is not there"),
    "action.executed": _executed,
    "action.outcome_unknown": _plain("The CRM's answer was lost; looking before writing again"),
    "action.given_up": _plain("Given up after repeated failures; it can be tried again"),
    "action.resumed": _plain("Taken up again, because nothing carried it out any more"),
    "action.stopped": _plain("Not carried out", "reason"),
    "undo.requested": _plain("Asked to undo it", "reason"),
    "undo.decided": _undoing_ruled,
    "undo.waits": _plain("The rules want others to agree to undoing it", "needs"),
    "undo.agreed": _plain("Agreed to undoing it", "role", "missing"),
    "undo.refused": _not_undone,
    "action.undone": _undone,
    "message.twin_taken_away": _plain("A message that Slack took twice was taken away once", "how"),
    "card.rerouted": _plain("Card moved to another channel", "reason"),
    "click.refused": _plain("A click was refused", "reason"),
}
