"""What the assistant says: sentences with citations and figures bound to CRM records."""

from __future__ import annotations

from datetime import date
from enum import StrEnum, unique
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from policy.actions import Action
from policy.value import Value


@unique
class SlotKind(StrEnum):
    """What a bound piece of text is."""

    MONEY = "money"
    DATE = "date"
    COUNT = "count"
    NAME = "name"
    ENUM = "enum"
    QUOTE = "quote"


@unique
class Aggregate(StrEnum):
    """How a figure is computed over several cited records."""

    SUM = "sum"
    COUNT = "count"
    MAX = "max"
    MIN = "min"
    FIRST = "first"
    LAST = "last"


class Slot(Value):
    """A literal of the sentence (*text*) bound to a *field* of one *record*, to a fact, or to an aggregate.

    With *fact*, the literal must equal that donor fact. With *aggregate*, it is computed from *field* of all
    records in *over*. Otherwise it must equal *field* of *record*; a quote must stand in it word for word.
    """

    kind: SlotKind
    text: str
    record: str | None = None
    field: str | None = None
    aggregate: Aggregate | None = None
    over: tuple[str, ...] = ()
    fact: str | None = None


class Claim(Value):
    """One sentence, what it rests on, and every figure, date, name or status in it.

    A citation is a record id, or a fact id that stands for all records the fact was computed from
    (`DonorFacts.sources` resolves them).
    """

    text: Annotated[str, Field(min_length=1, max_length=600)]
    cites: tuple[str, ...] = ()
    slots: tuple[Slot, ...] = ()


@unique
class Verdict(StrEnum):
    """What recomputation says about a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNSUPPORTED = "unsupported"
    OPINION = "opinion"


class VerifiedClaim(Value):
    """A claim with its verdict and, unless supported, the reason in one sentence."""

    claim: Claim
    verdict: Verdict
    reason: str = ""


class Origin(Value):
    """Who wrote the text: a model, or the deterministic facts summariser (*fallback_reason* says why).

    *broke_off* says why a model did not finish; its sentences are then the first *finished* of the text.

    *endpoint_region* is where the model that answered processes data; empty without one. *unrehearsed* says
    that this model was not promoted with this prompt. *cost_micros* is in millionths of the currency in which
    prices are configured.
    """

    kind: Literal["model", "facts"]
    model: str = ""
    prompt: str = ""
    prompt_version: str = ""
    response_id: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    fallback_reason: str = ""
    broke_off: str = ""
    finished: Annotated[int, Field(ge=0)] = 0
    endpoint_region: str = ""
    unrehearsed: bool = False
    cost_micros: int = 0


class Confidence(Value):
    """How far the evidence carries, computed and never asked of the model: 0 to 100 with plain reasons.

    *track_record* says what people made of such proposals so far, or that there are too few to say.
    """

    score: Annotated[int, Field(ge=0, le=100)]
    level: Literal["high", "medium", "low"]
    reasons: tuple[str, ...] = ()
    track_record: str = ""


class Verification(Value):
    """All claims with their verdicts; only *kept* may be shown."""

    kept: tuple[VerifiedClaim, ...]
    removed: tuple[VerifiedClaim, ...] = ()


class Contradiction(Value):
    """What does not agree, in one sentence that cites both sides."""

    text: str
    cites: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _once_a_sentence(cls, stored: Any) -> Any:
        """Read what was stored when it was a sentence alone."""
        return {"text": stored} if isinstance(stored, str) else stored


class Summary(Value):
    """At most six cited sentences about a donor, what could not be seen, and what contradicts."""

    claims: tuple[VerifiedClaim, ...]
    removed: int = 0
    not_seen: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    confidence: Confidence
    origin: Origin
    as_of: date


class Recommendation(Value):
    """One recommended next action with the signals behind it and what else was considered."""

    action: Action
    headline: str
    signals: tuple[VerifiedClaim, ...]
    removed: int = 0
    alternatives: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    confidence: Confidence
    origin: Origin
    suspected_injection: bool = False
