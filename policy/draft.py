"""What an assistant hands in before anything of it was verified."""

from __future__ import annotations

from policy.claims import Claim, Origin
from policy.value import Value


class Draft(Value):
    """Unverified sentences of a model with where they came from; nothing of it may be shown as it is."""

    claims: tuple[Claim, ...]
    origin: Origin
    suspected_injection: bool = False
    latency_ms: int = 0
