"""What one entry of the audit adds to the figures: the interactions in it, and what they came of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol

from pydantic import AwareDatetime, ValidationError

from policy.interactions import Interaction, Kind, Recommended
from policy.money import Money
from policy.value import Value

Response = Literal["gave", "replied"]

_NO_MODEL = frozenset({"", "no_model"})


class Recorded(Protocol):
    """What is counted of an audit entry besides its payload."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def at(self) -> datetime:
        """When it happened."""

    @property
    def kind(self) -> str:
        """Its dotted kind."""

    @property
    def correlation_id(self) -> str:
        """What it came of."""

    @property
    def subject(self) -> str | None:
        """The donor it is about."""

    @property
    def actor(self) -> str:
        """Who did it."""


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
    "timeline.shown": Kind.TIMELINE,
    "summary.shared": Kind.SHARED,
    "evidence.shown": Kind.LOOKED,
    "card.read_in_full": Kind.LOOKED,
    "feedback.reason_given": Kind.REASON_GIVEN,
    "escalation.opened": Kind.OPENED,
    "escalation.approved": Kind.APPROVED,
    "escalation.approval_given": Kind.APPROVAL_GIVEN,
    "escalation.allowed": Kind.UNASKED,
    "escalation.edited": Kind.EDITED,
    "escalation.declined": Kind.DECLINED,
    "escalation.sent_back": Kind.SENT_BACK,
    "escalation.deferred": Kind.DEFERRED,
    "escalation.passed_on": Kind.PASSED_ON,
    "escalation.expired": Kind.EXPIRED,
    "escalation.superseded": Kind.WITHDRAWN,
    "escalation.withdrawn": Kind.WITHDRAWN,
    "action.executed": Kind.EXECUTED,
    "action.undone": Kind.UNDONE,
    "action.stopped": Kind.STOPPED,
    "action.given_up": Kind.GIVEN_UP,
    "action.outcome_unknown": Kind.OUTCOME_UNKNOWN,
    "click.refused": Kind.REFUSED,
    "request.refused": Kind.REFUSED,
    "evidence.refused": Kind.REFUSED,
    "policy.click_refused": Kind.REFUSED,
    "capability.paused": Kind.PAUSED,
    "policy.activated": Kind.RULES_CHANGED,
    "policy.refused": Kind.RULES_FAULTY,
    "policy.unreadable": Kind.RULES_FAULTY,
    "donor.erased": Kind.ERASED,
    "retention.applied": Kind.RETENTION,
    "checkpoint.signed": Kind.CHECKPOINT,
    "checkpoint.refused": Kind.CHECKPOINT_FAILED,
    "export.made": Kind.EXPORTED,
}
_CONSIDERED = frozenset({"escalation.approved", "escalation.approval_given"})
_RESPONSES: dict[str, Response] = {
    "donation.received": "gave",
    "reply.received": "replied",
    "meeting.completed": "replied",
}
_HELD = {"deny": Kind.HELD_BY, "require_approval": Kind.ASKED_BY}
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
            useful = Kind.USEFUL if payload.get("value") == "useful" else Kind.NOT_USEFUL
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
        yield Interaction(kind=Kind.MEASURED)
    if considered.get("faster_than_reading"):
        yield Interaction(kind=Kind.FASTER)


@lru_cache(1024)
def _one(kind: Kind, reason: str) -> tuple[Interaction]:
    return (Interaction(kind=kind, reason=reason),)


def _summary(person: str, payload: Mapping[str, Any]) -> Counted:
    summary = _part(payload, "summary")
    about = _written(summary, stage=_text(payload, "stage"), action_kind="", outcome="", event_at=None)
    found = (Interaction(kind=Kind.SUMMARY), *_of_the_text(summary))
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
    found = [Interaction(kind=Kind.RECOMMENDED, reason=outcome), *_of_the_text(recommendation)]
    found += _gates(decision, outcome)
    if recommendation.get("suspected_injection"):
        found.append(Interaction(kind=Kind.INJECTION))
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
    """Name the gates that decided; an outcome is called as the effect of the gates it comes of."""
    held = _HELD.get(outcome)
    if held is None:
        return []
    gates = [each for each in decision.get("gates") or [] if isinstance(each, dict)]
    named = [Interaction(kind=held, reason=_text(g, "id")) for g in gates if g.get("kind") == outcome]
    return named or ([Interaction(kind=Kind.HELD_BY, reason="no_grant")] if outcome == "deny" else [])


def _of_the_text(text: Mapping[str, Any]) -> list[Interaction]:
    origin, found = _part(text, "origin"), []
    tokens = _number(origin.get("input_tokens")) + _number(origin.get("output_tokens"))
    if tokens:
        found.append(Interaction(kind=Kind.TOKENS, amount=tokens))
    if removed := _number(text.get("removed")):
        found.append(Interaction(kind=Kind.REMOVED, amount=removed))
    why = _text(origin, "fallback_reason")
    if why not in _NO_MODEL:
        found.append(Interaction(kind=Kind.WITHOUT_MODEL, reason=why))
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
    same = Interaction(kind=Kind.REPLAY_SAME, amount=_number(result.get("same")))
    differ = _number(result.get("differ"))
    return (same, Interaction(kind=Kind.REPLAY_DIFFERENT, amount=differ)) if differ else (same,)


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
