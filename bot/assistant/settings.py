"""Which model may see which donor, how long an answer may take and what it may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

ANYWHERE = "any"
EU_ONLY = "eu_only"
# A model on the organisation's own machines is inside every border.
OWN_MACHINES = "local"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server: OpenAI, Azure OpenAI, Ollama, vLLM, llama.cpp.

    *base_url* None is OpenAI itself; *region* is where it processes data: "us", "eu", "local" or another.
    """

    model: str
    base_url: str | None = None
    api_key: str = field(default="", repr=False)
    region: str = "us"

    @property
    def name(self) -> str:
        """Tell endpoints apart in capability memory and logs."""
        return f"{self.base_url or 'openai'}#{self.model}@{self.region}"

    @property
    def keeps_answers_unless_told(self) -> bool:
        """Say whether the provider stores prompts and answers when not told otherwise."""
        host = (self.base_url or "https://api.openai.com").lower()
        return any(known in host for known in ("openai.com", "openai.azure.com", "azure.com"))

    @property
    def provider(self) -> str:
        """Name the provider as telemetry does."""
        host = (self.base_url or "https://api.openai.com").lower()
        if "azure.com" in host:
            return "azure.ai.openai"
        return "openai" if "openai.com" in host else "openai_compatible"


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in the organisation's currency of account for AI."""

    input_per_million: Decimal
    output_per_million: Decimal

    def micros(self, input_tokens: int, output_tokens: int) -> int:
        """Return what so many tokens cost, in millionths of the currency, rounded half up."""
        cost = self.input_per_million * input_tokens + self.output_per_million * output_tokens
        return int(cost.to_integral_value(ROUND_HALF_UP))


FREE = Price(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class AiSettings:
    """All endpoints in order of preference and the limits for one question; times are in seconds.

    *deadline_s* bounds the whole question with its retries and repair. *send_notes* lets masked notes of
    plain categories reach the model; records and facts are always sent pseudonymised. *prices* are by model.
    Budgets are in millionths of the prices' currency, None for no limit. With *only_rehearsed* a model that
    was never promoted is not asked.
    """

    endpoints: tuple[Endpoint, ...] = ()
    timeout_s: float = 20.0
    deadline_s: float = 30.0
    max_retries: int = 1
    max_output_tokens: int = 2000
    failures_until_open: int = 3
    cool_down_s: float = 60.0
    send_notes: bool = False
    prices: Mapping[str, Price] = field(default_factory=dict)
    hourly_budget_micros: int | None = None
    daily_budget_micros: int | None = None
    only_rehearsed: bool = False

    def endpoint_for(self, processing_region: str) -> Endpoint | None:
        """Return the first endpoint that may process a donor's data; None when none may."""
        return next((e for e in self.endpoints if is_permitted(processing_region, e.region)), None)

    def price_of(self, model: str) -> Price:
        """Return the price of a model; without one in the settings it counts as free."""
        return self.prices.get(model, FREE)


def is_permitted(processing_region: str, endpoint_region: str) -> bool:
    """Say whether data bound to a region may go to an endpoint; an unknown region only to its own name."""
    if processing_region == ANYWHERE or endpoint_region == OWN_MACHINES:
        return True
    wanted = "eu" if processing_region == EU_ONLY else processing_region.lower()
    return endpoint_region.lower() == wanted
