"""The assistant over OpenAI-compatible endpoints: it drafts, the verifier decides what of it is said."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.assistant.answer import Answer
from bot.assistant.circuit import CircuitBreaker
from bot.assistant.completion import ChatEndpoint, Messages, RateLimited
from bot.assistant.ledger import Ledger, NoLedger, within_budget
from bot.assistant.masking import masked
from bot.assistant.material import material, mentions_orders
from bot.assistant.prompt import Prompt, prompt_in_version, read_prompt
from bot.assistant.pseudonyms import Pseudonyms
from bot.assistant.question import Question
from bot.assistant.settings import OWN_MACHINES, AiSettings, Endpoint
from bot.assistant.telemetry import Observed, Telemetry
from handlers.ports import AssistantUnavailable, CutShort, Hear
from policy.claims import Claim, Origin
from policy.donor import DonorRecord
from policy.draft import Draft, ModelCall
from policy.events import CrmEvent
from policy.facts import DonorFacts
from policy.situation import Proposal
from policy.triage import LEVELS
from storage.limits import Limits, LocalLimits

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger(__name__)

SUMMARISE = ("summarise", "v1")
RECOMMEND = ("recommend", "v1")
_MARK = re.compile(r"\^[0-9a-f]{4}\^")
# What says more about the question than about the endpoint is no reason to leave the endpoint alone.
_NO_FAULT = frozenset({"refused", "request_refused", "request_too_long", "instructions_leaked"})
_HELD = "model:"
_LONGEST_REST_S = 600.0
TRIAGE = ("triage", "v1")
ANSWER = ("answer", "v1")


class OpenAiAssistant:
    """Asks the first endpoint that may process the donor's data; raises AssistantUnavailable with a code.

    *monotonic* returns seconds, for latency and the circuit breakers; *http_client* makes the HTTP client.
    *ledger* keeps what was spent and knows which prompts were promoted; *token* returns a few random letters
    and digits; *prompts* replaces the shipped version of a prompt, for a rehearsal. What an endpoint asks
    to wait for is kept in *limits*, which all replicas share.
    """

    def __init__(
        self,
        settings: AiSettings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        http_client: Callable[[], httpx2.AsyncClient] | None = None,
        ledger: Ledger | None = None,
        token: Callable[[], str] = lambda: secrets.token_hex(4),
        prompts: dict[str, Prompt] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._ledger = ledger or NoLedger()
        self._token = token
        self._prompts = prompts or {}
        self._limits = limits or LocalLimits(monotonic)
        self._telemetry = Telemetry(monotonic)
        self._endpoints = {e.name: ChatEndpoint(e, settings, http_client) for e in settings.endpoints}
        self._circuits = {
            e.name: CircuitBreaker(
                monotonic, failures_until_open=settings.failures_until_open, cool_down_s=settings.cool_down_s
            )
            for e in settings.endpoints
        }

    async def summarise(self, record: DonorRecord, facts: DonorFacts, hear: Hear | None = None) -> Draft:
        """Draft a summary, streamed where somebody hears it."""
        names = Pseudonyms(record)
        data = material(record, facts, names, with_notes=self._settings.send_notes)
        draft, _ = await self._draft(read_prompt(*SUMMARISE), data, (), names, record, hear)
        return draft

    async def recommend(
        self,
        record: DonorRecord,
        facts: DonorFacts,
        event: CrmEvent | None,
        proposal: Proposal,
    ) -> Draft:
        """Draft the reasons for *proposal*; a model that names another action is under suspicion."""
        names = Pseudonyms(record)
        data = material(
            record, facts, names, event=event, proposal=proposal, with_notes=self._settings.send_notes
        )
        actions = (proposal.action.kind, "other")
        draft, answer = await self._draft(
            read_prompt(*RECOMMEND), data, actions, names, record, for_people=event is None
        )
        led_astray = answer.action != proposal.action.kind
        return draft.model_copy(update={"suspected_injection": draft.suspected_injection or led_astray})

    @property
    def is_left_alone(self) -> bool:
        """Say whether an endpoint failed so often, or asked for it, that it is not asked for a while."""
        is_open = any(circuit.is_open for circuit in self._circuits.values())
        return is_open or self._limits.is_held(_HELD)

    def may_see(self, region: str) -> bool:
        """Say whether what was processed in *region* may be asked about again here."""
        return any(
            region in (each.region, OWN_MACHINES) or each.region == OWN_MACHINES
            for each in self._settings.endpoints
        )

    async def ask_again(self, prompt: str, asked: str, actions: tuple[str, ...]) -> Answer:
        """Ask what was *asked* before, word for word, another model or prompt; nothing is shown of it."""
        endpoint = self._endpoints[self._settings.endpoints[0].name]
        told = _MARK.search(asked)
        code_word = f"CS-{self._token()}"
        text = self._prompts[prompt].guarded(mark=told[0] if told else "^", code_word=code_word)
        messages: Messages = [{"role": "system", "content": text}, {"role": "user", "content": asked}]
        question = Question(messages, actions, code_word, Observed())
        return await self._answered(endpoint, self._prompts[prompt], question)

    async def triage(
        self,
        record: DonorRecord,
        facts: DonorFacts,
        event: CrmEvent | None,
        proposal: Proposal,
        message: str = "",
    ) -> Draft:
        """Draft what whoever deals with it should know, and say how pressing it is."""
        names = Pseudonyms(record)
        with_notes = self._settings.send_notes
        data = material(record, facts, names, event=event, proposal=proposal, with_notes=with_notes)
        data["task"] = "triage"
        if message and with_notes:
            data["untrusted"] = [*data["untrusted"], {"ref": "MESSAGE", "text": masked(message, names.masks)}]
        draft, answer = await self._draft(
            read_prompt(*TRIAGE), data, LEVELS, names, record, for_people=event is None
        )
        pressing = next((level for level in LEVELS if level == answer.action), None)
        return draft.model_copy(update={"urgency": pressing})

    async def answer(
        self,
        record: DonorRecord,
        facts: DonorFacts,
        question: str,
        hear: Hear | None = None,
    ) -> Draft:
        """Draft an answer to a colleague's *question*, in which known names are masked like everywhere."""
        names = Pseudonyms(record)
        data = material(record, facts, names, with_notes=self._settings.send_notes)
        data |= {"task": "answer", "question": masked(question, names.masks)}
        draft, _ = await self._draft(read_prompt(*ANSWER), data, (), names, record, hear)
        return draft

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
        hear: Hear | None = None,
        *,
        for_people: bool = True,
    ) -> tuple[Draft, Answer]:
        endpoint = await self._permitted(record.donor.processing_region)
        prompt, rehearsed = await self._in_force(prompt, endpoint)
        await within_budget(self._settings, self._ledger, for_people=for_people)
        mark, code_word = f"^{self._token()[:4]}^", f"CS-{self._token()}"
        messages: Messages = [
            {"role": "system", "content": prompt.guarded(mark=mark, code_word=code_word)},
            {"role": "user", "content": json.dumps(marked(data, mark), ensure_ascii=False)},
        ]
        observed, began = Observed(), self._monotonic()
        question = Question(messages, actions, code_word, observed, names, hear)

        def drafted(claims: tuple[Claim, ...], broke_off: str = "") -> Draft:
            origin = self._origin(prompt, endpoint, observed, rehearsed=rehearsed)
            took = self._milliseconds_since(began)
            return Draft(
                claims=claims,
                origin=origin.model_copy(update={"broke_off": broke_off}),
                latency_ms=took,
                call=_heard(prompt, endpoint, messages, observed, took),
            )

        try:
            answer = await self._answered(endpoint, prompt, question)
        except AssistantUnavailable as unavailable:
            left = drafted(question.left_of(unavailable.code), broke_off=unavailable.code)
            call = left.call if observed.said else None
            raise AssistantUnavailable(unavailable.code, call, left if left.claims else None) from None
        except asyncio.CancelledError:
            left = drafted(question.left_of(observed.code), broke_off=observed.code)
            if left.call is None or not observed.said:
                raise
            raise CutShort(left.call, left) from None
        draft = drafted(tuple(names.claim(claim) for claim in answer.claims))
        return draft.model_copy(update={"suspected_injection": mentions_orders(record)}), answer

    def _milliseconds_since(self, began: float) -> int:
        return round((self._monotonic() - began) * 1000)

    def _origin(
        self, prompt: Prompt, endpoint: ChatEndpoint, observed: Observed, *, rehearsed: bool
    ) -> Origin:
        asked = endpoint.endpoint
        return Origin(
            kind="model",
            model=observed.model or asked.model,
            prompt=prompt.name,
            prompt_version=prompt.version,
            response_id=observed.response_id,
            input_tokens=observed.tokens[0],
            output_tokens=observed.tokens[1],
            endpoint_region=asked.region,
            unrehearsed=not rehearsed,
            cost_micros=self._settings.price_of(asked.model).micros(*observed.tokens),
        )

    async def _in_force(self, shipped: Prompt, endpoint: ChatEndpoint) -> tuple[Prompt, bool]:
        """Return the prompt that was promoted for the endpoint's model, or the shipped one, unrehearsed."""
        if shipped.name in self._prompts:
            return self._prompts[shipped.name], True
        promoted = await self._ledger.promoted(shipped.name, endpoint.endpoint.model)
        found = prompt_in_version(shipped.name, promoted) if promoted else None
        if found is None and self._settings.only_rehearsed:
            raise AssistantUnavailable("unrehearsed")
        return found or shipped, found is not None

    async def _permitted(self, region: str) -> ChatEndpoint:
        endpoint = self._settings.endpoint_for(region)
        if endpoint is None:
            raise AssistantUnavailable("no_permitted_endpoint")
        if await self._limits.held(_held(endpoint)) > 0 or not self._circuits[endpoint.name].admits():
            raise AssistantUnavailable("circuit_open")
        return self._endpoints[endpoint.name]

    async def _answered(self, endpoint: ChatEndpoint, prompt: Prompt, question: Question) -> Answer:
        circuit, asked, observed = (
            self._circuits[endpoint.endpoint.name],
            endpoint.endpoint,
            question.observed,
        )
        began, most = self._monotonic(), self._settings.max_output_tokens
        with self._telemetry.question(asked, prompt.name, prompt.version, most, observed):
            try:
                async with asyncio.timeout(self._settings.deadline_s):
                    found = await question.ask_and_repair(endpoint)
            except TimeoutError:
                observed.code = "deadline"
            except asyncio.CancelledError:
                observed.code = "cancelled"
                question.broke_off()
                await self._note(asked, prompt, observed, began)
                raise
            except AssistantUnavailable as unavailable:
                observed.code = unavailable.code
                if isinstance(unavailable, RateLimited) and unavailable.retry_after_s:
                    await self._limits.hold(_held(asked), min(unavailable.retry_after_s, _LONGEST_REST_S))
            question.broke_off()
        await self._note(asked, prompt, observed, began)
        if observed.code == "ok" or observed.code in _NO_FAULT:
            circuit.succeeded()
        else:
            circuit.failed()
        if observed.code != "ok":
            log.warning("model did not help", extra={"code": observed.code})
            raise AssistantUnavailable(observed.code)
        return found

    async def _note(self, asked: Endpoint, prompt: Prompt, observed: Observed, began: float) -> None:
        await self._ledger.note(
            use=prompt.name,
            model=asked.model,
            prompt_version=prompt.version,
            region=asked.region,
            code=observed.code,
            tokens=observed.tokens,
            cost_micros=self._settings.price_of(asked.model).micros(*observed.tokens),
            latency_ms=self._milliseconds_since(began),
        )


def _held(endpoint: Endpoint) -> str:
    """Name what every replica leaves alone; an address may hold what is nobody's business."""
    return f"{_HELD}{hashlib.sha256(endpoint.name.encode()).hexdigest()[:16]}"


def marked(data: dict[str, Any], mark: str) -> dict[str, Any]:
    """Return *data* with every space in its untrusted texts replaced by *mark*."""
    texts = data.get("untrusted")
    if not texts:
        return data
    return data | {
        "untrusted": [{**one, "text": re.sub(r"\s+", mark, str(one["text"]).strip())} for one in texts]
    }


def _heard(
    prompt: Prompt, endpoint: ChatEndpoint, messages: Messages, observed: Observed, latency_ms: int
) -> ModelCall:
    return ModelCall(
        prompt=prompt.name,
        prompt_version=prompt.version,
        instructions=prompt.text,
        asked=messages[1]["content"],
        answers=observed.said,
        model=observed.model or endpoint.endpoint.model,
        endpoint_region=endpoint.endpoint.region,
        response_id=observed.response_id,
        input_tokens=observed.tokens[0],
        output_tokens=observed.tokens[1],
        latency_ms=latency_ms,
    )
