"""Models and servers as they are: the ladder of formats, repairs, limits, regions and failures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from bot.assistant import AiSettings, AssistantUnavailable, Endpoint, OpenAiAssistant
from bot.assistant.answer import answer_schema
from bot.assistant.circuit import CircuitBreaker
from bot.assistant.openai_assistant import marked
from bot.assistant.prompt import read_prompt
from bot.assistant.settings import Price, is_permitted
from policy.donor import DonorRecord
from policy.events import CrmEvent, CrmEventType
from policy.facts import DonorFacts
from policy.recommender import Proposal, recommend
from storage.limits import LocalLimits

GOOD = json.dumps(
    {"claims": [{"text": "A warm call would be a good way to say thanks.", "cites": [], "slots": []}]}
)
Handler = Callable[[dict[str, Any]], httpx2.Response]


def completion(content: str | None, finish: str = "stop", refusal: str | None = None) -> httpx2.Response:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    body = {
        "id": "response-1",
        "object": "chat.completion",
        "created": 1,
        "model": "served-model",
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    return httpx2.Response(200, json=body)


def refused(message: str) -> httpx2.Response:
    return httpx2.Response(400, json={"error": {"message": message, "type": "invalid_request_error"}})


class Server:
    """An endpoint that answers as told and keeps what it was asked."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.asked: list[dict[str, Any]] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        self.asked.append(body)
        return self.handler(body)

    def assistant(self, **settings: Any) -> OpenAiAssistant:
        endpoints = settings.pop("endpoints", (Endpoint(model="m", base_url="http://model.test/v1"),))
        own = {
            name: settings.pop(name)
            for name in ("ledger", "limits", "monotonic", "prompts")
            if name in settings
        }
        return OpenAiAssistant(
            AiSettings(endpoints=endpoints, **({"max_retries": 0} | settings)),
            http_client=lambda: httpx2.AsyncClient(transport=httpx2.MockTransport(self)),
            token=lambda: "k7f3",
            **own,
        )


async def code_of(assistant: OpenAiAssistant, record: DonorRecord, facts: DonorFacts) -> str:
    with pytest.raises(AssistantUnavailable) as raised:
        await assistant.summarise(record, facts)
    await assistant.close()
    return raised.value.code


async def test_an_answer_carries_its_origin(record: DonorRecord, facts: DonorFacts) -> None:
    server = Server(lambda _: completion(GOOD))
    assistant = server.assistant()
    draft = await assistant.summarise(record, facts)
    await assistant.close()
    prompt = read_prompt("summarise", "v1")
    assert [claim.text for claim in draft.claims] == ["A warm call would be a good way to say thanks."]
    assert draft.origin.model_dump() == {
        "kind": "model",
        "model": "served-model",
        "prompt": "summarise",
        "prompt_version": prompt.version,
        "response_id": "response-1",
        "input_tokens": 10,
        "output_tokens": 5,
        "fallback_reason": "",
        "broke_off": "",
        "finished": 0,
        "endpoint_region": "us",
        "unrehearsed": True,
        "cost_micros": 0,
    }
    assert server.asked[0]["response_format"]["json_schema"]["schema"] == answer_schema(())
    assert server.asked[0]["messages"][0] == {
        "role": "system",
        "content": prompt.guarded(mark="^k7f3^", code_word="CS-k7f3"),
    }


async def test_the_ladder_of_formats_is_remembered(record: DonorRecord, facts: DonorFacts) -> None:
    def old_server(body: dict[str, Any]) -> httpx2.Response:
        for word in ("store", "temperature", "max_completion_tokens"):
            if word in body:
                return refused(f"Unrecognized request argument: {word}")
        if "response_format" in body:
            return refused(f"response_format {body['response_format']['type']} is not supported")
        return completion(f"```json\n{GOOD}\n```")

    server = Server(old_server)
    assistant = server.assistant()
    assert (await assistant.summarise(record, facts)).claims
    asked = len(server.asked)
    assert (await assistant.summarise(record, facts)).claims
    await assistant.close()
    assert len(server.asked) == asked + 1
    last = server.asked[-1]
    assert "response_format" not in last
    assert "max_tokens" in last
    assert "It must fit this JSON schema" in last["messages"][-1]["content"]


async def test_a_provider_that_keeps_answers_is_always_told_not_to(
    record: DonorRecord, facts: DonorFacts
) -> None:
    server = Server(lambda _: refused("store is not allowed"))
    endpoint = Endpoint(model="m", base_url="https://eu.api.openai.com/v1", api_key="k")
    assert await code_of(server.assistant(endpoints=(endpoint,)), record, facts) == "request_refused"
    assert all(body["store"] is False for body in server.asked)


async def test_one_repair_is_asked_for(record: DonorRecord, facts: DonorFacts) -> None:
    answers = iter(["Certainly! Here it is.", GOOD])
    server = Server(lambda _: completion(next(answers)))
    assistant = server.assistant()
    draft = await assistant.summarise(record, facts)
    await assistant.close()
    assert draft.origin.input_tokens == 20
    assert server.asked[1]["messages"][-1]["content"].startswith("Your answer does not fit the schema.")
    assert draft.call is not None
    assert draft.call.answers == ("Certainly! Here it is.", GOOD)
    assert draft.call.asked == server.asked[0]["messages"][1]["content"]
    assert draft.call.instructions == read_prompt("summarise", "v1").text


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (completion("no JSON at all"), "invalid_output"),
        (completion('{"claims": [{"text": "x", "kind": "poem"}]}'), "invalid_output"),
        (completion('{"claims": [], "send_mail": true}'), "invalid_output"),
        (completion('{"claims": [], "claims": []}'), "invalid_output"),
        (completion("[" * 90_000), "invalid_output"),
        (completion(GOOD + " " * 100_000), "invalid_output"),
        (completion(f"```json\n{GOOD}\n```\nor\n```json\n{GOOD}\n```"), "invalid_output"),
        (completion('{"claims": [{"text": "The code word is CS-k7f3."}]}'), "instructions_leaked"),
        (refused("context_length_exceeded: this model's maximum context length is 4096"), "request_too_long"),
        (refused("The response was filtered: content_filter"), "refused"),
        (completion('{"claims": [{"text": 5}]}'), "invalid_output"),
        (
            completion('{"claims": [{"text": "x", "slots": [{"kind": "poem", "text": "x"}]}]}'),
            "invalid_output",
        ),
        (completion('{"claims": [{"te', finish="length"), "truncated"),
        (completion(None, refusal="I cannot help with that."), "refused"),
        (completion(None, finish="content_filter"), "refused"),
        (completion("  "), "empty_answer"),
        (httpx2.Response(200, json={"id": "x", "choices": []}), "empty_answer"),
        (httpx2.Response(200, json={}), "empty_answer"),
        (httpx2.Response(200, text="<html>proxy</html>"), "invalid_output"),
        (httpx2.Response(401, json={"error": {"message": "bad key"}}), "not_authorised"),
        (httpx2.Response(403, json={"error": {"message": "no"}}), "not_authorised"),
        (httpx2.Response(404, json={"error": {"message": "no model"}}), "model_not_found"),
        (httpx2.Response(429, json={"error": {"message": "slow down"}}), "rate_limited"),
        (httpx2.Response(500, text="oops"), "endpoint_error"),
    ],
)
async def test_what_does_not_help_is_named(
    answer: httpx2.Response, code: str, record: DonorRecord, facts: DonorFacts
) -> None:
    def fresh(_: dict[str, Any]) -> httpx2.Response:
        return httpx2.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)

    assert await code_of(Server(fresh).assistant(), record, facts) == code


async def test_an_unreachable_endpoint(record: DonorRecord, facts: DonorFacts) -> None:
    def broken(_: dict[str, Any]) -> httpx2.Response:
        raise httpx2.ConnectError("nobody there")

    assert await code_of(Server(broken).assistant(), record, facts) == "unreachable"


async def test_a_stalled_endpoint_meets_the_deadline(record: DonorRecord, facts: DonorFacts) -> None:
    class Stalled(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            await asyncio.Event().wait()
            raise AssertionError

    assistant = OpenAiAssistant(
        AiSettings(endpoints=(Endpoint(model="m", base_url="http://model.test/v1"),), deadline_s=0.05),
        http_client=lambda: httpx2.AsyncClient(transport=Stalled()),
    )
    assert await code_of(assistant, record, facts) == "deadline"


def test_the_circuit_opens_and_tries_again() -> None:
    now = [0.0]
    circuit = CircuitBreaker(lambda: now[0], failures_until_open=2, cool_down_s=60)
    circuit.failed()
    assert circuit.admits()
    circuit.failed()
    assert not circuit.admits()
    now[0] = 61
    assert [circuit.admits(), circuit.admits()] == [True, False]
    circuit.succeeded()
    assert circuit.admits()


async def test_a_failing_endpoint_is_left_alone(record: DonorRecord, facts: DonorFacts) -> None:
    server = Server(lambda _: httpx2.Response(500, text="oops"))
    assistant = server.assistant(failures_until_open=2)
    codes = []
    for _ in range(4):
        with pytest.raises(AssistantUnavailable) as raised:
            await assistant.summarise(record, facts)
        codes.append(raised.value.code)
    await assistant.close()
    assert codes == ["endpoint_error", "endpoint_error", "circuit_open", "circuit_open"]
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("processing", "endpoint", "permitted"),
    [
        ("any", "us", True),
        ("eu_only", "us", False),
        ("eu_only", "eu", True),
        ("eu_only", "local", True),
        ("uk", "eu", False),
        ("uk", "UK", True),
        ("", "us", False),
    ],
)
def test_region_decides(processing: str, endpoint: str, permitted: bool) -> None:
    assert is_permitted(processing, endpoint) is permitted


async def test_a_donor_bound_to_europe_never_reaches_another_endpoint(
    record: DonorRecord, facts: DonorFacts
) -> None:
    bound = record.model_copy(
        update={"donor": record.donor.model_copy(update={"processing_region": "eu_only"})}
    )
    server = Server(lambda _: completion(GOOD))
    assert await code_of(server.assistant(), bound, facts) == "no_permitted_endpoint"
    assert server.asked == []
    both = (
        Endpoint(model="m", base_url="http://us.test/v1"),
        Endpoint(model="e", base_url="http://eu.test/v1", region="eu"),
    )
    assistant = server.assistant(endpoints=both)
    await assistant.summarise(bound, facts)
    await assistant.close()
    assert [body["model"] for body in server.asked] == ["e"]


def proposal_of(record: DonorRecord, facts: DonorFacts) -> Proposal:
    proposal = recommend(record, facts, None, facts.as_of)
    assert proposal is not None
    return proposal


@pytest.mark.parametrize(("action", "suspected"), [("create_task", False), ("other", True)])
async def test_the_model_cannot_change_the_action(
    action: str, suspected: bool, record: DonorRecord, facts: DonorFacts
) -> None:
    server = Server(lambda _: completion(json.dumps({**json.loads(GOOD), "action": action})))
    assistant = server.assistant()
    draft = await assistant.recommend(record, facts, None, proposal_of(record, facts))
    await assistant.close()
    assert draft.suspected_injection is suspected


async def test_an_action_outside_the_choice_is_invalid(record: DonorRecord, facts: DonorFacts) -> None:
    server = Server(lambda _: completion(json.dumps({**json.loads(GOOD), "action": "wire_money"})))
    assistant = server.assistant()
    with pytest.raises(AssistantUnavailable, match="invalid_output"):
        await assistant.recommend(record, facts, None, proposal_of(record, facts))
    await assistant.close()


def test_prompts_are_known_by_their_hash() -> None:
    for name in ("summarise", "recommend"):
        prompt = read_prompt(name, "v1")
        assert prompt.version.startswith("v1+")
        assert len(prompt.version) == 35
        assert "untrusted" in prompt.text
    with pytest.raises(FileNotFoundError):
        read_prompt("summarise", "v0")


@pytest.mark.parametrize(
    "wrapped",
    [
        f"```json\n{GOOD}\n```",
        f"Here is the summary you asked for:\n\n```json\n{GOOD}\n```\nAnything else?",
        f"<think>The donor gave {{a lot}}. I should answer.</think>\n{GOOD}",
        f"<think>\n</think>\n\n```\n{GOOD}\n```",
    ],
)
async def test_wrappings_are_taken_off(wrapped: str, record: DonorRecord, facts: DonorFacts) -> None:
    assistant = Server(lambda _: completion(wrapped)).assistant()
    draft = await assistant.summarise(record, facts)
    await assistant.close()
    assert [claim.text for claim in draft.claims] == ["A warm call would be a good way to say thanks."]


async def test_a_question_refused_anyway_teaches_nothing_about_the_server(
    record: DonorRecord, facts: DonorFacts
) -> None:
    answers = iter([refused("no"), refused("no"), refused("no"), completion(GOOD)])
    server = Server(lambda _: next(answers))
    assistant = server.assistant()
    with pytest.raises(AssistantUnavailable, match="request_refused"):
        await assistant.summarise(record, facts)
    await assistant.summarise(record, facts)
    await assistant.close()
    assert server.asked[-1]["response_format"]["type"] == "json_schema"


async def test_an_endpoint_that_asks_for_rest_gets_it(record: DonorRecord, facts: DonorFacts) -> None:
    now = [0.0]
    busy = httpx2.Response(429, headers={"retry-after": "90"}, json={"error": {"message": "slow down"}})
    answers = iter([busy, completion(GOOD)])
    server = Server(lambda _: next(answers))
    assistant = server.assistant(monotonic=lambda: now[0])
    codes = []
    for moment in (0, 89, 91):
        now[0] = moment
        try:
            await assistant.summarise(record, facts)
            codes.append("ok")
        except AssistantUnavailable as unavailable:
            codes.append(unavailable.code)
    await assistant.close()
    assert codes == ["rate_limited", "circuit_open", "ok"]


async def test_what_an_endpoint_asks_of_one_replica_all_keep_to_however_often_it_failed(
    record: DonorRecord, facts: DonorFacts
) -> None:
    now = [0.0]
    busy = httpx2.Response(429, headers={"retry-after": "300"}, json={"error": {"message": "slow down"}})
    server = Server(lambda _: busy)
    shared = LocalLimits(lambda: now[0])
    one, other = (server.assistant(limits=shared, monotonic=lambda: now[0]) for _ in range(2))
    asked = []
    for moment in (0, 301, 602, 602 + 61, 602 + 299, 602 + 301):
        now[0] = moment
        for assistant in (one, other):
            with pytest.raises(AssistantUnavailable):
                await assistant.summarise(record, facts)
            assert (one.is_left_alone, other.is_left_alone) == (True, True)
        asked.append(len(server.asked))
    for assistant in (one, other):
        await assistant.close()
    assert asked == [1, 2, 3, 3, 3, 4]


async def test_what_is_refused_for_its_content_is_no_fault_of_the_endpoint(
    record: DonorRecord, facts: DonorFacts
) -> None:
    server = Server(lambda _: completion(None, refusal="I cannot help with that."))
    assistant = server.assistant(failures_until_open=2)
    for _ in range(4):
        with pytest.raises(AssistantUnavailable, match="refused"):
            await assistant.summarise(record, facts)
    await assistant.close()
    assert len(server.asked) == 4


class Book:
    """A ledger that can be read."""

    def __init__(self, spent: int = 0, promoted: str | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self._spent, self._promoted = spent, promoted

    async def spent(self, period: timedelta) -> int:
        return self._spent + sum(call["cost_micros"] for call in self.calls)

    async def note(self, **call: Any) -> None:
        self.calls.append(call)

    async def promoted(self, use: str, model: str) -> str | None:
        return self._promoted


async def test_every_question_is_paid_for_also_one_that_did_not_help(
    record: DonorRecord, facts: DonorFacts
) -> None:
    answers = iter([completion(GOOD), completion("no"), completion("no")])
    book = Book()
    prices = {"m": Price(Decimal("2.5"), Decimal(10))}
    assistant = Server(lambda _: next(answers)).assistant(
        ledger=book, prices=prices, hourly_budget_micros=200, daily_budget_micros=10_000
    )
    draft = await assistant.summarise(record, facts)
    with pytest.raises(AssistantUnavailable, match="invalid_output"):
        await assistant.summarise(record, facts)
    with pytest.raises(AssistantUnavailable, match="over_budget"):
        await assistant.summarise(record, facts)
    await assistant.close()
    assert draft.origin.cost_micros == 75
    paid = [(call["use"], call["code"], call["tokens"], call["cost_micros"]) for call in book.calls]
    assert paid == [("summarise", "ok", (10, 5), 75), ("summarise", "invalid_output", (20, 10), 150)]


async def test_events_leave_people_a_quarter_of_the_budget(record: DonorRecord, facts: DonorFacts) -> None:
    proposal = proposal_of(record, facts)
    opened = CrmEvent(
        id="evt-1",
        source="urn:crm",
        type=CrmEventType.EMAIL_OPENED,
        time=datetime(2026, 11, 5, 12, tzinfo=UTC),
        donor_id=record.donor.id,
    )
    answer = json.dumps({**json.loads(GOOD), "action": proposal.action.kind})
    found: dict[tuple[str, int], str] = {}
    for limits in ({"hourly_budget_micros": 400}, {"daily_budget_micros": 400}):
        for spent in (299, 300, 399, 400):
            server = Server(lambda _: completion(answer))
            assistant = server.assistant(ledger=Book(spent=spent), **limits)
            for who, event in (("event", opened), ("person", None)):
                try:
                    await assistant.recommend(record, facts, event, proposal)
                    said = "asked"
                except AssistantUnavailable as unavailable:
                    said = unavailable.code
                found[who, spent] = said
            await assistant.close()
    assert found == {
        ("event", 299): "asked",
        ("person", 299): "asked",
        ("event", 300): "over_budget",
        ("person", 300): "asked",
        ("event", 399): "over_budget",
        ("person", 399): "asked",
        ("event", 400): "over_budget",
        ("person", 400): "over_budget",
    }


async def test_only_a_promoted_prompt_is_called_rehearsed(record: DonorRecord, facts: DonorFacts) -> None:
    shipped = read_prompt("summarise", "v1").version
    found = {}
    for promoted in (shipped, None, "v1+another"):
        assistant = Server(lambda _: completion(GOOD)).assistant(ledger=Book(promoted=promoted))
        found[promoted] = (await assistant.summarise(record, facts)).origin.unrehearsed
        await assistant.close()
    assert found == {shipped: False, None: True, "v1+another": True}
    strict = Server(lambda _: completion(GOOD)).assistant(ledger=Book(), only_rehearsed=True)
    assert await code_of(strict, record, facts) == "unrehearsed"


def test_untrusted_texts_are_marked_and_nothing_else_is() -> None:
    data = {"task": "a summary", "untrusted": [{"ref": "NOTE_1", "text": "  Call her\n in May. "}]}
    assert marked(data, "^k7f3^") == {
        "task": "a summary",
        "untrusted": [{"ref": "NOTE_1", "text": "Call^k7f3^her^k7f3^in^k7f3^May."}],
    }
