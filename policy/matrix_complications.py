"""What can make a situation less ordinary, one thing at a time."""

from __future__ import annotations

from typing import Any

from policy.decision_facts import ActionKind
from policy.matrix_situations import OUTREACH, TOMORROW, Variant
from policy.value import Value


class Complication(Value):
    """One thing that is not as usual: *label* for people, and the *facts* that are different then."""

    id: str
    label: str
    facts: dict[str, Any]


def complications(action: ActionKind, variant: Variant) -> tuple[Complication, ...]:
    """Return what can happen to this action; consent and cadence concern contact, some of it only asks."""
    wanted = [*_ANYWHERE]
    if action in OUTREACH:
        wanted += _CONTACT
        wanted += [] if variant == "usual" else _ASKING
    return tuple(wanted)


def every_complication() -> tuple[Complication, ...]:
    """Return all complications, in the order of the legend."""
    return (*_ANYWHERE, *_CONTACT, *_ASKING)


def _complication(name: str, label: str, **facts: Any) -> Complication:
    return Complication(
        id=name, label=label, facts={key.replace("__", "."): value for key, value in facts.items()}
    )


_ANYWHERE = (
    _complication("no_owner", "nobody active has the relationship", owner__known=False, owner__active=False),
    _complication("on_hold", "the owner keeps automation away from the donor", owner__on_hold=True),
    _complication("deceased", "the donor has died", donor__deceased=True, household__any_deceased=True),
    _complication(
        "bereaved", "somebody in the household has died", household__members=2, household__any_deceased=True
    ),
    _complication(
        "do_not_contact",
        "the donor asked not to be contacted",
        donor__do_not_contact=True,
        household__any_do_not_contact=True,
    ),
    _complication(
        "household_not_contacted",
        "somebody else in the household asked not to be contacted",
        household__members=2,
        household__any_do_not_contact=True,
    ),
    _complication(
        "legal_review",
        "the record is under legal review",
        donor__legal_review=True,
        household__any_legal_review=True,
    ),
    _complication(
        "sensitive",
        "the relationship is marked as sensitive",
        donor__sensitive=True,
        household__any_sensitive=True,
    ),
    _complication("vulnerable", "the donor may be in vulnerable circumstances", donor__vulnerable=True),
    _complication(
        "incomplete",
        "part of the record could not be read",
        record__is_complete=False,
        record__gaps=["interactions"],
    ),
    _complication("stale", "the record was read two hours ago", record__age_minutes=120),
    _complication(
        "moderate", "the evidence is moderate (60 of 100)", ai__confidence=60, ai__confidence_level="medium"
    ),
    _complication("weak", "the evidence is weak (20 of 100)", ai__confidence=20, ai__confidence_level="low"),
    _complication("model", "a language model wrote the text", ai__origin="model", ai__endpoint_region="us"),
    _complication(
        "unsupported",
        "a statement of the model was found in no record",
        ai__origin="model",
        ai__endpoint_region="us",
        ai__unsupported_claims=1,
    ),
    _complication("contradictions", "records contradict each other", ai__contradictions=1),
    _complication(
        "injection",
        "a text in the record tries to steer the assistant",
        ai__origin="model",
        ai__endpoint_region="us",
        ai__suspected_injection=True,
    ),
    _complication(
        "external_text",
        "the model read a text from outside the organisation",
        ai__origin="model",
        ai__endpoint_region="us",
        ai__external_text=True,
    ),
    _complication(
        "residency",
        "data that must stay in the European Union went to a model elsewhere",
        donor__region="EU",
        donor__processing_region="eu_only",
        ai__origin="model",
        ai__endpoint_region="us",
    ),
    _complication(
        "outsiders", "people outside the organisation can read the channel", door__shared_with_outsiders=True
    ),
    _complication("stopped", "somebody pulled the emergency stop", rollout__stopped=True),
)
_CONTACT = (
    _complication("opted_out", "the donor said no to the channel", consent__status="opted_out"),
    _complication(
        "consent_unknown",
        "no consent for e-mail is on record",
        consent__status="unknown",
        consent__jurisdiction="",
        consent__days_since_captured=None,
    ),
    _complication(
        "letter",
        "no consent for letters is on record",
        action__channel="mail",
        consent__status="unknown",
        consent__jurisdiction="",
        consent__days_since_captured=None,
    ),
    _complication("consent_expired", "the consent has run out", consent__expired=True),
    _complication("often", "the household heard from us eight times this month", cadence__touches_30_days=8),
    _complication(
        "one_channel",
        "almost everything reaches the household by e-mail",
        cadence__channel_touches_30_days=4,
        cadence__touches_30_days=4,
        cadence__channel_share_90_days=90,
    ),
    _complication(
        "blackout",
        "it falls into a blackout period",
        cal__in_blackout=True,
        cal__blackouts=["Quiet week"],
        cal__blackout_ends_at=TOMORROW,
    ),
    _complication(
        "quiet_hours",
        "it is a call in the donor's quiet hours",
        action__channel="phone",
        cal__quiet_hours=True,
        cal__hour=22,
    ),
    _complication("campaign_paused", "its campaign does not run", campaign__status="paused"),
    _complication(
        "audience",
        "the donor is outside the audience of the campaign",
        campaign__status="active",
        campaign__is_running=True,
        campaign__in_audience=False,
    ),
)
_ASKING = (
    _complication(
        "asked_20", "the household was asked 20 days ago", cadence__days_since_ask=20, cadence__asks_90_days=1
    ),
    _complication(
        "asked_60", "the household was asked 60 days ago", cadence__days_since_ask=60, cadence__asks_90_days=1
    ),
    _complication("ask_waits", "another ask of the household waits", cadence__pending_asks=1),
    _complication("unthanked", "a gift has not been acknowledged", giving__unthanked_gifts=1),
    _complication(
        "gave",
        "the donor already gave to the campaign",
        campaign__status="active",
        campaign__is_running=True,
        campaign__already_gave=True,
    ),
)
