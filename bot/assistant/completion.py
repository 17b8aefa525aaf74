"""Asking one endpoint: the call all OpenAI-compatible servers share, and what each turned out to know."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from bot.assistant.answer import schema_in_words
from bot.assistant.reading import Completion, Listen, NotStreamedError, read_completion, read_stream
from bot.assistant.settings import AiSettings, Endpoint
from bot.trust import trusted_authorities
from handlers.ports import AssistantUnavailable

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

Messages = list[dict[str, str]]
_MOST_STEPS = 10


_TOO_LONG = ("context_length", "context length", "maximum context", "too many tokens", "context size")


class RateLimited(AssistantUnavailable):
    """The endpoint asks to be left alone, for *retry_after_s* seconds where it said so and 0 where not."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("rate_limited")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server is believed to know; it starts with everything and loses what it refused."""

    schema: Literal["json_schema", "json_object", "plain"] = "json_schema"
    store: bool = True
    limit: Literal["max_completion_tokens", "max_tokens", "none"] = "max_completion_tokens"
    temperature: bool = True
    stream: Literal["with_usage", "plain", "none"] = "with_usage"


class ChatEndpoint:
    """One endpoint; its client is opened at the first question, since the library is slow to import.

    *http_client* makes the HTTP client; None leaves it to the library.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        settings: AiSettings,
        http_client: Callable[[], httpx2.AsyncClient] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.capabilities = Capabilities()
        self._settings = settings
        self._http_client = http_client
        self._client: AsyncOpenAI | None = None

    async def ask(
        self, messages: Messages, schema: dict[str, Any], listen: Listen | None = None
    ) -> Completion:
        """Ask, giving up one capability after another where the server refuses it.

        With *listen* the answer is streamed to it, where the server can; what it raises ends the question.

        What it gave up is remembered once an answer came without it: a question that would have been refused
        anyway teaches nothing about the server.
        """
        import openai  # noqa: PLC0415 - the import costs most of a second

        known = self.capabilities
        for _ in range(_MOST_STEPS):
            try:
                completion = await self._answer(messages, schema, known, listen)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                known = self._without_what_was_refused(known, error)
            except openai.OpenAIError as error:
                raise _unavailable(error) from None
            except NotStreamedError:
                known = replace(known, stream="none")
            except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
                # What the library could not make sense of; its message may quote the answer.
                raise AssistantUnavailable("invalid_output") from None
            else:
                self.capabilities = known
                return completion
        raise AssistantUnavailable("request_refused")

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _answer(
        self, messages: Messages, schema: dict[str, Any], known: Capabilities, listen: Listen | None
    ) -> Completion:
        if listen is None or known.stream == "none":
            return read_completion(await self._create(messages, schema, known))
        options: dict[str, Any] = {"stream": True}
        if known.stream == "with_usage":
            options["stream_options"] = {"include_usage": True}
        async with await self._create(messages, schema, known, **options) as stream:
            return await read_stream(stream, listen)

    async def _create(
        self, messages: Messages, schema: dict[str, Any], known: Capabilities, **options: Any
    ) -> Any:
        client = self._client = self._client or self._open()
        if known.store:
            options["store"] = False
        if known.temperature:
            options["temperature"] = 0
        if known.limit != "none":
            options[known.limit] = self._settings.max_output_tokens
        if known.schema == "json_schema":
            named = {"name": "countersign_answer", "strict": True, "schema": schema}
            options["response_format"] = {"type": "json_schema", "json_schema": named}
        elif known.schema == "json_object":
            options["response_format"] = {"type": "json_object"}
        if known.schema != "json_schema":
            messages = [*messages, {"role": "system", "content": schema_in_words(schema)}]
        create: Callable[..., Awaitable[Any]] = client.chat.completions.create
        return await create(model=self.endpoint.model, messages=messages, **options)

    def _open(self) -> AsyncOpenAI:
        import openai  # noqa: PLC0415 - the import costs most of a second

        own = self._http_client or (lambda: openai.DefaultAsyncHttpxClient(verify=trusted_authorities()))
        return openai.AsyncOpenAI(
            api_key=self.endpoint.api_key or "none",
            base_url=self.endpoint.base_url or "https://api.openai.com/v1",
            timeout=self._settings.timeout_s,
            max_retries=self._settings.max_retries,
            http_client=own(),
        )

    def _without_what_was_refused(self, known: Capabilities, error: Exception) -> Capabilities:
        complaint = _complaint(error)
        if "content_filter" in complaint or "content management policy" in complaint:
            raise AssistantUnavailable("refused") from None
        if any(words in complaint for words in _TOO_LONG):
            raise AssistantUnavailable("request_too_long") from None
        # Where answers are kept unless we say otherwise, we do not ask without saying it.
        if known.store and "store" in complaint and not self.endpoint.keeps_answers_unless_told:
            return replace(known, store=False)
        if known.stream == "with_usage" and "stream_options" in complaint:
            return replace(known, stream="plain")
        if known.stream != "none" and "stream" in complaint:
            return replace(known, stream="none")
        if known.temperature and "temperature" in complaint:
            return replace(known, temperature=False)
        if known.limit != "none" and known.limit in complaint:
            return replace(known, limit="max_tokens" if known.limit == "max_completion_tokens" else "none")
        if known.schema == "json_schema":
            return replace(known, schema="json_object")
        if known.schema == "json_object":
            return replace(known, schema="plain")
        raise AssistantUnavailable("request_refused") from None


def _unavailable(error: Exception) -> AssistantUnavailable:
    """Say in one word what kept an endpoint from answering."""
    import openai  # noqa: PLC0415 - the import costs most of a second

    if isinstance(error, openai.RateLimitError):
        return RateLimited(_retry_after(error))
    codes: tuple[tuple[type[Exception], str], ...] = (
        (openai.AuthenticationError, "not_authorised"),
        (openai.PermissionDeniedError, "not_authorised"),
        (openai.NotFoundError, "model_not_found"),
        (openai.APITimeoutError, "timeout"),
        (openai.APIConnectionError, "unreachable"),
    )
    code = next((code for kind, code in codes if isinstance(error, kind)), "endpoint_error")
    return AssistantUnavailable(code)


def _retry_after(error: Exception) -> float:
    response = getattr(error, "response", None)
    said = response.headers.get("retry-after", "") if response is not None else ""
    return float(said) if re.fullmatch(r"\d{1,5}(?:\.\d{1,3})?", said) else 0.0


def _complaint(error: Exception) -> str:
    body = getattr(error, "body", None)
    try:
        return json.dumps(body).lower() if body else str(error).lower()
    except (TypeError, ValueError):
        return ""
