"""What is counted of the audit: one entry read as the interactions that managers' figures are made of.

Everything a digest, the Home tab or the dashboard says is counted from interactions, and an interaction is
made of nothing but an audit entry. Whoever has the audit can therefore count every figure again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from pydantic import AwareDatetime, ValidationError

from policy.money import Money
from policy.value import Value

Response = Literal["gave", "replied"]

NO_CONFIDENCE = -1
TOP_DECILE = 9
NO_MODEL = frozenset({"", "no_model"})


@unique
class Kind(StrEnum):
    """What happened. *amount* of an interaction is in the unit named here, else it has none."""

    SUMMARY = "summary"
    TIMELINE = "timeline"
    SHARED = "shared"
    LOOKED = "looked"
    USEFUL = "useful"
    NOT_USEFUL = "not_useful"
    REASON_GIVEN = "reason_given"
    RECOMMENDED = "recommended"
    HELD_BY = "held_by"
    ASKED_BY = "asked_by"
    INJECTION = "injection"
    REMOVED = "removed"  # sentences taken out of an AI text
    TOKENS = "tokens"  # read and written by a model
    WITHOUT_MODEL = "without_model"
    OPENED = "opened"
    APPROVED = "approved"  # minutes from the event
    APPROVED_EDITED = "approved_edited"  # minutes from the event
    DECLINED = "declined"  # minutes from the event
    SENT_BACK = "sent_back"  # minutes from the event
    EXPIRED = "expired"
    UNASKED = "unasked"
    APPROVAL_GIVEN = "approval_given"
    EDITED = "edited"
    DEFERRED = "deferred"
    PASSED_ON = "passed_on"
    FASTER = "faster"
    MEASURED = "measured"
    EXECUTED = "executed"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    GIVEN_UP = "given_up"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REFUSED = "refused"
    PAUSED = "paused"
    RULES_CHANGED = "rules_changed"
    RULES_FAULTY = "rules_faulty"
    ERASED = "erased"
    RETENTION = "retention"
    CHECKPOINT = "checkpoint"
    CHECKPOINT_FAILED = "checkpoint_failed"
    REPLAY_SAME = "replay_same"  # decisions that came out the same
    REPLAY_DIFFERENT = "replay_different"  # decisions that came out differently
    EXPORTED = "exported"


K = Kind
CONCLUDED = (K.APPROVED, K.APPROVED_EDITED, K.DECLINED, K.SENT_BACK, K.EXPIRED)
"""How a proposal that was put before somebody ends; the shares of these add up to one."""
ACTED = frozenset({K.APPROVED, K.APPROVED_EDITED, K.UNASKED})
NOT_ACTED = frozenset({K.DECLINED, K.SENT_BACK, K.EXPIRED})
BY_PEOPLE = (K.APPROVED, K.APPROVED_EDITED, K.DECLINED, K.SENT_BACK)
OVERRIDES = (K.EDITED, K.DEFERRED, K.DECLINED, K.SENT_BACK, K.PASSED_ON, K.UNDONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One thing that happened; *reason* is a code, *amount* is in the unit of its kind."""

    kind: Kind
    reason: str = ""
    amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """What was proposed and on what grounds; *confidence* is from 0 to 100."""

    event_at: datetime | None
    outcome: str
    action_kind: str
    stage: str
    model: str
    prompt: str
    confidence: int | None


class CampaignTold(Value):
    """The campaign a proposal belonged to, as the CRM had it then; it runs until before *ends_at*."""

    id: str
    name: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class Counted(NamedTuple):
    """What one audit entry adds to the figures.

    *person* is a Slack user id, empty for Countersign itself. *owner* is the e-mail address of whoever was
    asked to decide. *about* is what else it can be counted by where no recommendation is behind it.
    *event_id* is of the CRM event behind it; *after_gift* says that it was a gift, *gift* what it came to.
    """

    interactions: tuple[Interaction, ...] = ()
    person: str = ""
    escalation_id: str | None = None
    recommended: Recommended | None = None
    opens: bool = False
    owner: str = ""
    response: tuple[Response, datetime] | None = None
    event_id: str = ""
    about: Recommended | None = None
    household_id: str | None = None
    campaign: CampaignTold | None = None
    after_gift: bool = False
    gift: Money | None = None


PLAINLY_COUNTED: dict[str, Kind] = {
    "timeline.shown": K.TIMELINE,
    "summary.shared": K.SHARED,
    "evidence.shown": K.LOOKED,
    "card.read_in_full": K.LOOKED,
    "feedback.reason_given": K.REASON_GIVEN,
    "escalation.opened": K.OPENED,
    "escalation.approved": K.APPROVED,
    "escalation.approval_given": K.APPROVAL_GIVEN,
    "escalation.allowed": K.UNASKED,
    "escalation.edited": K.EDITED,
    "escalation.declined": K.DECLINED,
    "escalation.sent_back": K.SENT_BACK,
    "escalation.deferred": K.DEFERRED,
    "escalation.passed_on": K.PASSED_ON,
    "escalation.expired": K.EXPIRED,
    "escalation.superseded": K.WITHDRAWN,
    "escalation.withdrawn": K.WITHDRAWN,
    "action.executed": K.EXECUTED,
    "action.undone": K.UNDONE,
    "action.stopped": K.STOPPED,
    "action.given_up": K.GIVEN_UP,
    "action.outcome_unknown": K.OUTCOME_UNKNOWN,
    "click.refused": K.REFUSED,
    "request.refused": K.REFUSED,
    "evidence.refused": K.REFUSED,
    "policy.click_refused": K.REFUSED,
    "capability.paused": K.PAUSED,
    "policy.activated": K.RULES_CHANGED,
    "policy.refused": K.RULES_FAULTY,
    "policy.unreadable": K.RULES_FAULTY,
    "donor.erased": K.ERASED,
    "retention.applied": K.RETENTION,
    "checkpoint.signed": K.CHECKPOINT,
    "checkpoint.refused": K.CHECKPOINT_FAILED,
    "export.made": K.EXPORTED,
}
_CONSIDERED = frozenset({"escalation.approved", "escalation.approval_given"})
_RESPONSES: dict[str, Response] = {
    "donation.received": "gave",
    "reply.received": "replied",
    "meeting.completed": "replied",
}
COUNTED_KINDS = (
    *PLAINLY_COUNTED,
    "summary.generated",
    "recommendation.decided",
    "event.noted",
    "feedback.given",
    "replay.done",
)
"""The kinds of audit entry that are counted."""


def counted(kind: str, actor: str, payload: Mapping[str, Any]) -> Counted | None:
    """Return what an audit entry adds to the figures; None when it adds nothing."""
    person = actor.removeprefix("slack:") if actor.startswith("slack:") else ""
    match kind:
        case "summary.generated":
            return _summary(person, payload)
        case "recommendation.decided":
            return _recommended(payload)
        case "event.noted":
            event = _part(payload, "event")
            return Counted(
                response=_response(event), event_id=_text(event, "id"), gift=_gift(_part(payload, "gift"))
            )
        case "feedback.given":
            useful = K.USEFUL if payload.get("value") == "useful" else K.NOT_USEFUL
            said = Interaction(kind=useful, reason=str(payload.get("reason") or ""))
            return Counted(
                interactions=(said,), person=person, escalation_id=_text(payload, "escalation_id") or None
            )
        case "replay.done":
            return Counted(interactions=_replay(payload.get("result")))
        case _ if kind in PLAINLY_COUNTED:
            return _plain(kind, person, payload)
        case _:
            return None


def decile(confidence: int | None) -> int:
    """Return the tenth that a confidence of 0 to 100 falls in: 0 for 0-9, 9 for 90-100; -1 without one."""
    return NO_CONFIDENCE if confidence is None else min(confidence // 10, TOP_DECILE)


def _plain(kind: str, person: str, payload: Mapping[str, Any]) -> Counted:
    found = _one(PLAINLY_COUNTED[kind], _text(payload, "reason_code"))
    considered = payload.get("considered") if kind in _CONSIDERED else None
    return Counted(
        found if not isinstance(considered, dict) else (*found, *_considered(considered)),
        person,
        _text(payload, "escalation_id") or None,
        opens=kind == "escalation.opened",
        owner=_text(payload, "owner_email"),
    )


def _considered(considered: Mapping[str, Any]) -> Iterator[Interaction]:
    if considered.get("seconds_since_shown") is not None:
        yield Interaction(kind=K.MEASURED)
    if considered.get("faster_than_reading"):
        yield Interaction(kind=K.FASTER)


@lru_cache(1024)
def _one(kind: Kind, reason: str) -> tuple[Interaction]:
    return (Interaction(kind=kind, reason=reason),)


def _summary(person: str, payload: Mapping[str, Any]) -> Counted:
    summary = _part(payload, "summary")
    about = _written(summary, stage=_text(payload, "stage"), action_kind="", outcome="", event_at=None)
    found = (Interaction(kind=K.SUMMARY), *_of_the_text(summary))
    return Counted(interactions=found, person=person, about=about)


def _recommended(payload: Mapping[str, Any]) -> Counted:
    recommendation, decision = _part(payload, "recommendation"), _part(payload, "decision")
    event = _part(payload, "event")
    outcome = _text(decision, "outcome")
    recommended = _written(
        recommendation,
        stage=_text(_part(_part(payload, "decision_facts"), "donor"), "lifecycle_stage"),
        action_kind=_text(_part(recommendation, "action"), "kind"),
        outcome=outcome,
        event_at=_moment(event.get("time")),
    )
    found = [Interaction(kind=K.RECOMMENDED, reason=outcome), *_of_the_text(recommendation)]
    found += _gates(decision, outcome)
    if recommendation.get("suspected_injection"):
        found.append(Interaction(kind=K.INJECTION))
    response = _response(event)
    return Counted(
        interactions=tuple(found),
        recommended=recommended,
        response=response,
        event_id=_text(event, "id"),
        household_id=_text(payload, "household_id") or None,
        campaign=_campaign(_part(payload, "campaign")),
        after_gift=response is not None and response[0] == "gave",
        gift=_gift(_part(payload, "gift")),
    )


def _gift(told: Mapping[str, Any]) -> Money | None:
    try:
        return Money.model_validate(told) if told else None
    except ValidationError:
        return None


def _campaign(told: Mapping[str, Any]) -> CampaignTold | None:
    starts, ends = _moment(told.get("starts_at")), _moment(told.get("ends_at"))
    if not (_text(told, "id") and starts and ends):
        return None
    return CampaignTold(id=_text(told, "id"), name=_text(told, "name"), starts_at=starts, ends_at=ends)


def _gates(decision: Mapping[str, Any], outcome: str) -> list[Interaction]:
    wanted = {"deny": ("deny", K.HELD_BY), "require_approval": ("require_approval", K.ASKED_BY)}.get(outcome)
    if wanted is None:
        return []
    gates = [each for each in decision.get("gates") or [] if isinstance(each, dict)]
    named = [Interaction(kind=wanted[1], reason=_text(g, "id")) for g in gates if g.get("kind") == wanted[0]]
    return named or ([Interaction(kind=K.HELD_BY, reason="no_grant")] if outcome == "deny" else [])


def _of_the_text(text: Mapping[str, Any]) -> list[Interaction]:
    origin, found = _part(text, "origin"), []
    tokens = _number(origin.get("input_tokens")) + _number(origin.get("output_tokens"))
    if tokens:
        found.append(Interaction(kind=K.TOKENS, amount=tokens))
    if removed := _number(text.get("removed")):
        found.append(Interaction(kind=K.REMOVED, amount=removed))
    why = _text(origin, "fallback_reason")
    if why not in NO_MODEL:
        found.append(Interaction(kind=K.WITHOUT_MODEL, reason=why))
    return found


def _written(
    text: Mapping[str, Any], *, stage: str, action_kind: str, outcome: str, event_at: datetime | None
) -> Recommended:
    origin, score = _part(text, "origin"), _part(text, "confidence").get("score")
    prompt = f"{_text(origin, 'prompt')} {_text(origin, 'prompt_version')}".strip()
    return Recommended(
        event_at=event_at,
        outcome=outcome,
        action_kind=action_kind,
        stage=stage,
        model=_text(origin, "model") or _text(origin, "kind"),
        prompt=prompt,
        confidence=score if isinstance(score, int) else None,
    )


def _replay(result: object) -> tuple[Interaction, ...]:
    if not isinstance(result, dict):
        return ()
    same = Interaction(kind=K.REPLAY_SAME, amount=_number(result.get("same")))
    differ = _number(result.get("differ"))
    return (same, Interaction(kind=K.REPLAY_DIFFERENT, amount=differ)) if differ else (same,)


def _response(event: Mapping[str, Any]) -> tuple[Response, datetime] | None:
    response, at = _RESPONSES.get(str(event.get("type"))), _moment(event.get("time"))
    return (response, at) if response and at else None


def _part(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = payload.get(name)
    return part if isinstance(part, dict) else {}


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
