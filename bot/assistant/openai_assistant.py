"""The assistant over OpenAI-compatible endpoints: it drafts, the verifier decides what of it is said."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.assistant.answer import Answer, UnreadableAnswerError, answer_schema, read_answer
from bot.assistant.circuit import CircuitBreaker
from bot.assistant.completion import ChatEndpoint, Completion, Messages
from bot.assistant.material import material, mentions_orders
from bot.assistant.prompt import Prompt, read_prompt
from bot.assistant.pseudonyms import Pseudonyms
from bot.assistant.settings import AiSettings
from handlers.ports import AssistantUnavailable
from policy.claims import Origin
from policy.donor import DonorRecord
from policy.draft import Draft
from policy.events import CrmEvent
from policy.facts import DonorFacts
from policy.situation import Proposal

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger(__name__)

SUMMARISE = ("summarise", "v1")
RECOMMEND = ("recommend", "v1")


class OpenAiAssistant:
    """Asks the first endpoint that may process the donor's data; raises AssistantUnavailable with a code.

    *monotonic* returns seconds, for latency and the circuit breakers; *http_client* makes the HTTP client.
    """

    def __init__(
        self,
        settings: AiSettings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        http_client: Callable[[], httpx2.AsyncClient] | None = None,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._endpoints = {e.name: ChatEndpoint(e, settings, http_client) for e in settings.endpoints}
        self._circuits = {
            e.name: CircuitBreaker(
                monotonic, failures_until_open=settings.failures_until_open, cool_down_s=settings.cool_down_s
            )
            for e in settings.endpoints
        }

    async def summarise(self, record: DonorRecord, facts: DonorFacts, *, region: str | None = None) -> Draft:
        """Draft a summary; *region* overrides where the donor's data may be processed."""
        names = Pseudonyms(record)
        data = material(record, facts, names, with_notes=self._settings.send_notes)
        draft, _ = await self._draft(read_prompt(*SUMMARISE), data, (), names, record, region)
        return draft

    async def recommend(
        self,
        record: DonorRecord,
        facts: DonorFacts,
        event: CrmEvent | None,
        proposal: Proposal,
        *,
        region: str | None = None,
    ) -> Draft:
        """Draft the reasons for *proposal*; a model that names another action is under suspicion."""
        names = Pseudonyms(record)
        data = material(
            record, facts, names, event=event, proposal=proposal, with_notes=self._settings.send_notes
        )
        actions = (proposal.action.kind, "other")
        draft, answer = await self._draft(read_prompt(*RECOMMEND), data, actions, names, record, region)
        led_astray = answer.action != proposal.action.kind
        return draft.model_copy(update={"suspected_injection": draft.suspected_injection or led_astray})

    async def close(self) -> None:
        """Close all connections."""
        for endpoint in self._endpoints.values():
            await endpoint.close()

    async def _draft(
        self,
        prompt: Prompt,
        data: dict[str, Any],
        actions: tuple[str, ...],
        names: Pseudonyms,
        record: DonorRecord,
        region: str | None,
    ) -> tuple[Draft, Answer]:
        endpoint = self._permitted(region or record.donor.processing_region)
        began = self._monotonic()
        messages: Messages = [
            {"role": "system", "content": prompt.text},
            {"role": "user", "content": json.dumps(data, ensure_ascii=False)},
        ]
        answer, completion = await self._answered(endpoint, messages, actions)
        latency_ms = round((self._monotonic() - began) * 1000)
        draft = Draft(
            claims=tuple(names.claim(claim) for claim in answer.claims),
            origin=_origin(prompt, endpoint, completion),
            suspected_injection=mentions_orders(record),
            latency_ms=latency_ms,
        )
        return draft, answer

    def _permitted(self, region: str) -> ChatEndpoint:
        endpoint = self._settings.endpoint_for(region)
        if endpoint is None:
            raise AssistantUnavailable("no_permitted_endpoint")
        if not self._circuits[endpoint.name].admits():
            raise AssistantUnavailable("circuit_open")
        return self._endpoints[endpoint.name]

    async def _answered(
        self, endpoint: ChatEndpoint, messages: Messages, actions: tuple[str, ...]
    ) -> tuple[Answer, Completion]:
        circuit = self._circuits[endpoint.endpoint.name]
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                found = await _ask_and_repair(endpoint, messages, actions)
        except TimeoutError:
            circuit.failed()
            raise AssistantUnavailable("deadline") from None
        except AssistantUnavailable as unavailable:
            circuit.failed()
            log.warning("model did not help", extra={"code": unavailable.code})
            raise
        circuit.succeeded()
        return found


async def _ask_and_repair(
    endpoint: ChatEndpoint, messages: Messages, actions: tuple[str, ...]
) -> tuple[Answer, Completion]:
    schema = answer_schema(actions)
    first = await endpoint.ask(messages, schema)
    try:
        return read_answer(first.text, actions), first
    except UnreadableAnswerError as error:
        complaint = "Your answer was cut off." if first.truncated else "Your answer does not fit the schema."
        request = (
            f"{complaint} {'; '.join(error.complaints)}. Answer again with the JSON object only, shorter."
        )
    again = [
        *messages,
        {"role": "assistant", "content": first.text[:8000]},
        {"role": "user", "content": request},
    ]
    second = await endpoint.ask(again, schema)
    try:
        return read_answer(second.text, actions), _added(first, second)
    except UnreadableAnswerError:
        raise AssistantUnavailable("truncated" if second.truncated else "invalid_output") from None


def _added(first: Completion, second: Completion) -> Completion:
    return Completion(
        text=second.text,
        response_id=second.response_id,
        model=second.model,
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        truncated=second.truncated,
    )


def _origin(prompt: Prompt, endpoint: ChatEndpoint, completion: Completion) -> Origin:
    return Origin(
        kind="model",
        model=completion.model or endpoint.endpoint.model,
        prompt=prompt.name,
        prompt_version=prompt.version,
        response_id=completion.response_id,
        input_tokens=completion.input_tokens,
        output_tokens=completion.output_tokens,
        endpoint_region=endpoint.endpoint.region,
    )
