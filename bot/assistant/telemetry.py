"""What OpenTelemetry is told of a question to a model: names and numbers, and never a word of it.

Only the API is used: without an SDK installed and set up beside Countersign nothing is recorded. The names
follow the semantic conventions for generative AI, which are still in development; they stand here alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from opentelemetry import metrics, trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from bot.assistant.settings import Endpoint

SCOPE = "countersign.assistant"
OPERATION = "chat"
OPERATION_NAME = "gen_ai.operation.name"
PROVIDER_NAME = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_ID = "gen_ai.response.id"
RESPONSE_FINISH = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
OUTPUT_TYPE = "gen_ai.output.type"
PROMPT_NAME = "gen_ai.prompt.name"
TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105 - a name of the conventions
ERROR_TYPE = "error.type"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
TOKEN_USAGE = "gen_ai.client.token.usage"  # noqa: S105 - a name of the conventions
DURATION = "gen_ai.client.operation.duration"
OUR_PROMPT_VERSION = "countersign.prompt.version"


@dataclass(slots=True)
class Observed:
    """What is known of a question in the end; *tokens* are those of the question and of the answer.

    *said* is every answer, word for word, and *partial* what has come of one that is not there yet;
    telemetry leaves both alone.
    """

    tokens: tuple[int, int] = (0, 0)
    model: str = ""
    response_id: str = ""
    finish: str = ""
    said: tuple[str, ...] = ()
    partial: str = ""
    code: str = "ok"


class Telemetry:
    """Spans and metrics of one assistant; *monotonic* returns seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._tracer = trace.get_tracer(SCOPE)
        meter = metrics.get_meter(SCOPE)
        self._tokens = meter.create_histogram(TOKEN_USAGE, unit="{token}")
        self._duration = meter.create_histogram(DURATION, unit="s")

    @contextmanager
    def question(
        self, endpoint: Endpoint, prompt: str, prompt_version: str, most_tokens: int, observed: Observed
    ) -> Iterator[None]:
        """Observe one question with its retries and repair; the caller fills *observed* meanwhile."""
        address = urlsplit(endpoint.base_url or "https://api.openai.com/v1")
        known: dict[str, str | int] = {
            OPERATION_NAME: OPERATION,
            PROVIDER_NAME: endpoint.provider,
            REQUEST_MODEL: endpoint.model,
            SERVER_ADDRESS: address.hostname or "",
            SERVER_PORT: address.port or (443 if address.scheme == "https" else 80),
        }
        asked: dict[str, str | int] = {
            REQUEST_MAX_TOKENS: most_tokens,
            OUTPUT_TYPE: "json",
            PROMPT_NAME: prompt,
            OUR_PROMPT_VERSION: prompt_version,
        }
        began = self._monotonic()
        with self._tracer.start_as_current_span(
            f"{OPERATION} {endpoint.model}",
            kind=SpanKind.CLIENT,
            attributes={**known, **asked},
            # An exception's text may quote an answer.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            finally:
                failed: dict[str, str | int] = {} if observed.code == "ok" else {ERROR_TYPE: observed.code}
                _finish(span, observed)
                self._duration.record(self._monotonic() - began, {**known, **failed})
                for kind, count in zip(("input", "output"), observed.tokens, strict=True):
                    if count:
                        self._tokens.record(count, {**known, TOKEN_TYPE: kind})


def _finish(span: Span, observed: Observed) -> None:
    span.set_attribute(INPUT_TOKENS, observed.tokens[0])
    span.set_attribute(OUTPUT_TOKENS, observed.tokens[1])
    for name, value in ((RESPONSE_MODEL, observed.model), (RESPONSE_ID, observed.response_id)):
        if value:
            span.set_attribute(name, value)
    if observed.finish:
        span.set_attribute(RESPONSE_FINISH, [observed.finish])
    if observed.code != "ok":
        span.set_attribute(ERROR_TYPE, observed.code)
        span.set_status(StatusCode.ERROR)
