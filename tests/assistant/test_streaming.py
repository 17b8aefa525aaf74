"""Answers that are seen coming: complete sentences only, whatever a server sends, and stopped for good."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx2
import pytest

from bot.assistant import AiSettings, AssistantUnavailable, Endpoint, OpenAiAssistant
from bot.assistant.answer import ClaimAnswer
from bot.assistant.streaming import ClaimStream
from bot.slack.cards.claims import FALLBACK_UNKNOWN, FALLBACKS, origin_line
from handlers.answers.grounding import grounded_answer, grounded_summary, verified
from handlers.ports import CutShort
from policy.claims import VerifiedClaim
from policy.donor import DonorRecord
from policy.facts import DonorFacts
from tests.assistant.test_answering_models import Book

TODAY = date(2026, 11, 5)


def said(text: str, fact: str | None = None, figure: str = "", kind: str = "money") -> dict[str, Any]:
    slot = {"kind": kind, "text": figure, "record": None, "field": None, "aggregate": None, "over": []}
    return {
        "text": text,
        "cites": [fact] if fact else [],
        "slots": [{**slot, "fact": fact}] if fact else [],
    }


TRUE = said("The largest gift on record is $9,000.", "giving.largest_amount", "$9,000")
ALSO = said("The most recent gift was $1,200.", "giving.last_amount", "$1,200")
FALSE = said("The most recent gift was $12,000.", "giving.last_amount", "$12,000")
WHOLE = json.dumps({"claims": [TRUE, FALSE, ALSO]})
SHOWN = [TRUE["text"], ALSO["text"]]
FIRST = json.dumps({"claims": [TRUE]})[:-2]


class Body(httpx2.AsyncByteStream):
    """Events one after the other; None never comes, an exception breaks the connection."""

    def __init__(self, events: list[Any]) -> None:
        self._events, self.closed = events, asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for each in self._events:
            if each is None:
                await asyncio.Event().wait()
            if isinstance(each, Exception):
                raise each
            yield each if isinstance(each, bytes) else f"data: {json.dumps(each)}\n\n".encode()

    async def aclose(self) -> None:
        self.closed.set()


def piece(content: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": content} | delta, "finish_reason": finish}
    common = {"id": "r-1", "object": "chat.completion.chunk", "created": 1, "model": "served"}
    return common | {"choices": [choice]}


def pieces(text: str, finish: str = "stop", size: int = 7) -> list[Any]:
    parts = [piece(text[at : at + size]) for at in range(0, len(text), size)]
    return [*parts, piece(None, finish), b"data: [DONE]\n\n"]


class Server:
    """Answers one body after the other, the last one for ever."""

    def __init__(self, *bodies: Any) -> None:
        self._bodies, self.asked, self.streams = list(bodies), [], []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(json.loads(request.content))
        body = self._bodies.pop(0) if len(self._bodies) > 1 else self._bodies[0]
        if isinstance(body, httpx2.Response):
            return httpx2.Response(body.status_code, headers=dict(body.headers), content=body.content)
        self.streams.append(Body(body))
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=self.streams[-1])

    def assistant(self, **settings: Any) -> OpenAiAssistant:
        ledger = settings.pop("ledger", None)
        options = {"max_retries": 0, "endpoints": (Endpoint(model="m", base_url="http://model.test/v1"),)}
        return OpenAiAssistant(
            AiSettings(**options | settings),
            http_client=lambda: httpx2.AsyncClient(transport=httpx2.MockTransport(self)),
            token=lambda: "k7f3",
            ledger=ledger,
        )


class Reader:
    """Whoever sees the answer come."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.something = asyncio.Event()

    async def say(self, claim: VerifiedClaim) -> None:
        self.seen.append(claim.claim.text)
        self.something.set()


@pytest.mark.parametrize("before", ["", "```json\n", "<think>{hm}</think>\n"])
@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_every_sentence_comes_once_when_it_is_complete(before: str, size: int) -> None:
    stream, text = ClaimStream(), before + json.dumps({"action": "other", "claims": [TRUE, FALSE]}, indent=1)
    found: list[ClaimAnswer] = []
    for at in range(0, len(text), size):
        found += stream.feed(text[at : at + size])
        assert all(text.find(json.dumps(each.text)) < at + size for each in found)
    assert [each.text for each in found] == [TRUE["text"], FALSE["text"]]


@pytest.mark.parametrize(
    "text",
    [
        '{"claims": [{"text": "a", "text": "b"}, {"text": "c"}]}',
        '{"claims": [{"text": "a", "cites": NaN}, {"text": "c"}]}',
        '{"claims": [{"text": "a", "kind": "poem"}, {"text": "c"}]}',
        '{"claims": [{"text": 1e999}, {"text": "c"}]}',
        '{"claims": ["a", {"text": "c"}]}',
        '{"other": {"claims": [{"text": "c"}]}}',
        '[{"claims": [{"text": "c"}]}]',
        "{" * 5000 + "}",
    ],
)
def test_what_does_not_fit_ends_it(text: str) -> None:
    assert ClaimStream().feed(text) == ()


async def test_sentences_are_seen_as_they_come_and_only_what_is_borne_out(
    record: DonorRecord, facts: DonorFacts
) -> None:
    usage = piece() | {
        "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
    }
    server, reader, book = Server([*pieces(WHOLE)[:-1], usage, b"data: [DONE]\n\n"]), Reader(), Book()
    assistant = server.assistant(ledger=book)
    summary, heard = await grounded_summary(record, facts, assistant, TODAY, reader.say)
    await assistant.close()
    assert reader.seen == SHOWN
    assert [each.claim.text for each in summary.claims] == SHOWN
    assert (summary.removed, summary.origin.kind, summary.origin.broke_off) == (1, "model", "")
    assert server.asked[0]["stream_options"] == {"include_usage": True}
    assert [call["tokens"] for call in book.calls] == [(9, 4)]
    assert heard is not None
    assert heard.call.answers == (WHOLE,)


async def test_a_sentence_is_seen_before_the_next_one_is_written_and_stopping_hangs_up(
    record: DonorRecord, facts: DonorFacts
) -> None:
    server, reader, book = Server([piece(FIRST), piece(', {"text": "The'), None]), Reader(), Book()
    assistant = server.assistant(ledger=book)
    hear = verified(record, facts, reader.say)
    writing = asyncio.ensure_future(assistant.summarise(record, facts, hear))
    async with asyncio.timeout(5):
        await reader.something.wait()
        writing.cancel()
        with pytest.raises(CutShort) as cut:
            await writing
        await server.streams[0].closed.wait()
    await assistant.close()
    assert reader.seen == [TRUE["text"]]
    [call] = book.calls
    assert (call["code"], call["tokens"][1]) == ("cancelled", len(FIRST + ', {"text": "The') // 4)
    assert cut.value.call.answers == (FIRST + ', {"text": "The',)
    assert [each.text for each in cut.value.left.claims] == [TRUE["text"]]


def _patience(body: Any) -> float:
    """Wait for what never comes as briefly as what did come lets us, and for anything else for ever."""
    stalls = isinstance(body, list) and None in body
    return 30 if not stalls else 0.5 if len(body) > 1 else 0.01


BROKEN: list[tuple[list[Any], str]] = [
    ([piece(FIRST), piece(', {"te', "length")], "truncated"),
    ([piece(FIRST), None], "deadline"),
    ([piece(FIRST), httpx2.ReadTimeout("stalled")], "timeout"),
    ([piece(FIRST), httpx2.RemoteProtocolError("gone")], "unreachable"),
    ([piece(FIRST)], "truncated"),
    ([piece(FIRST), {"error": {"message": "overloaded", "code": 529}}], "endpoint_error"),
    ([piece(FIRST), b"data: {oops\n\n"], "invalid_output"),
    ([piece(FIRST), b'data: "text"\n\n'], "invalid_output"),
    ([piece(FIRST), b'data: {"choices": 7}\n\n'], "invalid_output"),
    ([piece(FIRST), piece(', {"text": 5}]}', "stop")], "invalid_output"),
    ([piece(FIRST), piece('], "send_mail": true}', "stop")], "invalid_output"),
    ([piece(FIRST), piece(None, refusal="I must not.")], "refused"),
    ([piece(FIRST), piece(None, "content_filter")], "refused"),
    ([piece(FIRST), piece(" " * 100_001)], "invalid_output"),
]


@pytest.mark.parametrize(("events", "code"), BROKEN)
async def test_what_was_verified_stays_when_it_breaks_off(
    events: list[Any], code: str, record: DonorRecord, facts: DonorFacts
) -> None:
    reader, book = Reader(), Book()
    assistant = Server(events).assistant(deadline_s=_patience(events), ledger=book)
    summary, heard = await grounded_summary(record, facts, assistant, TODAY, reader.say)
    await assistant.close()
    assert reader.seen == [TRUE["text"]]
    assert (summary.origin.kind, summary.origin.broke_off, summary.origin.finished) == ("model", code, 1)
    assert summary.claims[0].claim.text == TRUE["text"]
    assert 2 < len(summary.claims) <= 6
    told = f"It did not finish because {FALLBACKS[code]}: 1 sentence is its own"
    assert told in origin_line(summary.origin)
    assert heard is not None
    assert (heard.unusable, [each.claim.text for each in heard.kept]) == (code, reader.seen)
    assert heard.call.answers[0].startswith(FIRST)
    assert all(len(each) < 100_100 for each in heard.call.answers)
    assert [call["code"] for call in book.calls] == [code]
    assert book.calls[0]["tokens"][1] > 0


NOTHING: list[tuple[Any, str]] = [
    (pieces('{"claims": [{"text": "a", "slots": [{"kind": "poem", "text": "a"}]}]}'), "invalid_output"),
    (pieces('{"claims": [{"text": "a", "text": "b"}]}'), "invalid_output"),
    (pieces('{"claims": [{"text": "a", "cites": NaN}]}'), "invalid_output"),
    (pieces('{"claims": [{"text": 1e400}]}'), "invalid_output"),
    (pieces(json.dumps({"claims": [FALSE]})), "nothing_verified"),
    (pieces('{"claims": []}'), "nothing_verified"),
    (pieces(json.dumps({"claims": [said("The code word is CS-k7f3."), TRUE]})), "instructions_leaked"),
    (pieces("Certainly! Here you go."), "invalid_output"),
    (pieces(""), "empty_answer"),
    ([None], "deadline"),
    ([b": keep-alive\n\n", None], "deadline"),
    (
        httpx2.Response(200, text="<html>proxy</html>", headers={"content-type": "text/html"}),
        "invalid_output",
    ),
    (httpx2.Response(200, content=b"\xff\xfe", headers={"content-type": "image/png"}), "invalid_output"),
    (httpx2.Response(200, json={"choices": []}), "empty_answer"),
    (httpx2.Response(200, json={"choices": [{"message": None}]}), "invalid_output"),
    (httpx2.Response(200, json=[1, 2]), "invalid_output"),
    (httpx2.Response(204), "invalid_output"),
    (httpx2.Response(302, headers={"location": "http://model.test/login"}), "endpoint_error"),
    (httpx2.Response(400, text="<html>no</html>"), "request_refused"),
    (httpx2.Response(413, text="too large"), "endpoint_error"),
    (httpx2.Response(429, headers={"retry-after": "soon"}), "rate_limited"),
    (httpx2.Response(503, headers={"retry-after": "9"}), "endpoint_error"),
]


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(("body", "code"), NOTHING)
async def test_whatever_it_sends_the_facts_are_told_and_the_true_reason(
    body: Any, code: str, streamed: bool, record: DonorRecord, facts: DonorFacts
) -> None:
    reader = Reader()
    if not streamed and not isinstance(body, httpx2.Response):
        text = "".join(
            each["choices"][0]["delta"]["content"] or "" for each in body if isinstance(each, dict)
        )
        message = {"role": "assistant", "content": text}
        whole = {"id": "r", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
        body = [json.dumps(whole).encode()] if None not in body else [None]
    assistant, say = Server(body).assistant(deadline_s=_patience(body)), reader.say if streamed else None
    summary, _ = await grounded_summary(record, facts, assistant, TODAY, say)
    checked, origin, _ = await grounded_answer("Why?", record, facts, assistant, say)
    await assistant.close()
    assert reader.seen == []
    assert (summary.origin.kind, summary.origin.fallback_reason) == ("facts", code)
    assert summary.claims
    assert FALLBACKS[code] in origin_line(summary.origin)
    assert FALLBACK_UNKNOWN not in origin_line(summary.origin)
    assert (checked.kept, origin.fallback_reason or "nothing_verified") == ((), code)


async def test_what_a_server_cannot_stream_is_asked_for_whole_and_remembered(
    record: DonorRecord, facts: DonorFacts
) -> None:
    def refused(word: str) -> httpx2.Response:
        return httpx2.Response(400, json={"error": {"message": f"{word} is not supported"}})

    message = {"role": "assistant", "content": WHOLE}
    whole = {"id": "r", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
    plain = httpx2.Response(200, json=whole)
    for bodies, kinds in (
        ((refused("stream_options"), pieces(WHOLE)), [(True, True), (True, False), (True, False)]),
        (
            (refused("stream_options"), refused("stream"), plain),
            [(True, True), (True, False), *[(False, False)] * 2],
        ),
        ((plain,), [(True, True), (False, False), (False, False)]),
    ):
        server, reader = Server(*bodies), Reader()
        assistant = server.assistant()
        for _ in range(2):
            summary, _ = await grounded_summary(record, facts, assistant, TODAY, reader.say)
            assert [each.claim.text for each in summary.claims] == SHOWN
        await assistant.close()
        assert [(bool(each.get("stream")), "stream_options" in each) for each in server.asked] == kinds


async def test_a_repaired_answer_says_nothing_twice(record: DonorRecord, facts: DonorFacts) -> None:
    reader = Reader()
    assistant = Server([piece(FIRST), piece(', {"x', "length")], pieces(WHOLE)).assistant()
    summary, _ = await grounded_summary(record, facts, assistant, TODAY, reader.say)
    await assistant.close()
    assert (reader.seen, summary.origin.broke_off) == (SHOWN, "")


async def test_an_unstreamed_answer_that_was_cut_off_keeps_what_is_whole(
    record: DonorRecord, facts: DonorFacts
) -> None:
    message = {"role": "assistant", "content": f'{FIRST}, {{"te'}
    cut = {"id": "r", "choices": [{"index": 0, "finish_reason": "length", "message": message}]}
    assistant = Server(httpx2.Response(200, json=cut)).assistant()
    summary, _ = await grounded_summary(record, facts, assistant, TODAY)
    checked, origin, _ = await grounded_answer("Why?", record, facts, assistant)
    with pytest.raises(AssistantUnavailable, match="truncated"):
        await assistant.summarise(record, facts)
    await assistant.close()
    assert (summary.claims[0].claim.text, summary.origin.broke_off) == (TRUE["text"], "truncated")
    assert ([each.claim.text for each in checked.kept], origin.broke_off) == ([TRUE["text"]], "truncated")
