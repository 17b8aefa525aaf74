"""What an assistant hands in before anything of it was verified."""

from __future__ import annotations

from policy.claims import Claim, Origin, VerifiedClaim
from policy.triage import Level
from policy.value import Value


class ModelCall(Value):
    """One question to a model and everything it answered, word for word, to be kept as evidence.

    *instructions* is the prompt's text, *asked* what was sent with it (names are pseudonyms there), *answers*
    the raw answers: a second one where the first had to be repaired.
    """

    prompt: str
    prompt_version: str
    instructions: str
    asked: str
    answers: tuple[str, ...]
    model: str = ""
    endpoint_region: str = ""
    response_id: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    latency_ms: int = 0


class Draft(Value):
    """Unverified sentences of a model with where they came from; nothing of it may be shown as it is.

    *urgency* is how pressing a model found what it was asked to triage.
    """

    claims: tuple[Claim, ...]
    origin: Origin
    suspected_injection: bool = False
    latency_ms: int = 0
    call: ModelCall | None = None
    urgency: Level | None = None


class Heard(Value):
    """What a model said and what became of it; *unusable* is the code of an answer that was of no use."""

    call: ModelCall
    unusable: str = ""
    kept: tuple[VerifiedClaim, ...] = ()
    removed: tuple[VerifiedClaim, ...] = ()
