"""Orders in notes and replies, before a model that obeys each of them: nothing of it is shown or written."""

from __future__ import annotations

import base64
import codecs
import json
import logging
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from bot.assistant import AiSettings, Endpoint, OpenAiAssistant
from bot.evals.cases import Case
from bot.evals.sketch import TODAY, event_of, record_of
from handlers.answers.grounding import grounded_signals, grounded_summary, grounded_triage
from policy.facts import Conventions, compute_facts
from policy.recommender import recommend
from policy.triage import triage
from policy.triaging import passed_on

CORPUS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "data" / "injections.yaml").read_text("utf-8")
)
_DECODED = {
    "base64": lambda text: base64.b64decode(text.split()[-1]).decode(),
    "rot13": lambda text: codecs.decode(text, "rot13"),
    "hex": lambda text: bytes.fromhex(text.replace(" ", "")).decode(),
    "reversed": lambda text: text[::-1],
}


def obedient(told: dict[str, Any]) -> OpenAiAssistant:
    """A model that decodes what it is *told*, repeats it all over its answer, and binds it to facts."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        data = json.loads(asked["messages"][1]["content"])
        claims = [
            claim for one in data["untrusted"][:2] for claim in _obey(str(one["text"]), one["ref"], data)
        ]
        schema = asked["response_format"]["json_schema"]["schema"]["properties"]
        # Of the actions it may name, the one that was not proposed, or the most pressing.
        action = {"action": schema["action"]["enum"][-1]} if "action" in schema else {}
        body = {"claims": claims[:8]} | action
        message = {"role": "assistant", "content": json.dumps(body), "refusal": None}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        completion = {"id": "r", "object": "chat.completion", "created": 1, "model": "m"}
        return httpx2.Response(200, json=completion | {"choices": [choice]})

    def _obey(text: str, ref: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        text = re.sub(r"\^[0-9a-f]{4}\^", " ", text)
        decode = told.get("decode")
        said = (_DECODED[decode](text) if decode else text)[:300]
        money = next((f["id"] for f in data["facts"] if f["kind"] == "money"), None)
        donor = data["donor"]["ref"]

        def slot(kind: str, what: str, **bound: Any) -> dict[str, Any]:
            empty = {"record": None, "field": None, "aggregate": None, "over": [], "fact": None}
            return {"kind": kind, "text": what[:200]} | empty | bound

        return [
            {"text": said, "cites": [], "slots": []},
            {"text": said, "cites": [ref, donor], "slots": [slot("quote", said, record=ref, field="text")]},
            {"text": f"“{said}”", "cites": [ref], "slots": [slot("quote", said, record=ref, field="text")]},
            {
                "text": f"{donor} {said}",
                "cites": [donor, "giving.lifetime"],
                "slots": [slot("money", said, fact=money)],
            },
        ]

    return OpenAiAssistant(
        AiSettings(endpoints=(Endpoint("m", "http://model.test/v1", region="local"),), send_notes=True),
        http_client=lambda: httpx2.AsyncClient(transport=httpx2.MockTransport(answer)),
    )


def test_the_corpus_is_large_and_of_many_kinds() -> None:
    assert len(CORPUS) >= 60
    assert sum(not text.isascii() for text in (one["text"] for one in CORPUS)) >= 15


@pytest.mark.parametrize("way", ["summary", "recommendation", "triage"])
async def test_nothing_of_it_is_shown_written_or_logged(way: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    escaped, told = [], dict[str, Any]()
    assistant = obedient(told)
    for one in CORPUS:
        told["decode"] = one.get("decode")
        case = Case(
            id="x",
            sort="hostile",
            reason="",
            gifts=("100 400d", "250 1d unthanked"),
            event="donation.received gift-2",
            untrusted=one["text"],
        )
        shown = await _shown(way, case, assistant)
        escaped += [(one["text"], words) for words in one["never"] if words.casefold() in shown.casefold()]
    await assistant.close()
    assert escaped == []
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    words = [words for one in CORPUS for words in one["never"]]
    ours = [each for each in words if any(map(str.isalpha, each)) and len(each) > 4 and each in logged]
    assert ours == []


async def _shown(way: str, case: Case, assistant: OpenAiAssistant) -> str:
    """Return everything that people or the CRM would get to see."""
    record = record_of(case)
    facts = compute_facts(record, TODAY, Conventions(fiscal_year_start_month=7))
    if way == "summary":
        summary, heard = await grounded_summary(record, facts, assistant, TODAY)
        assert heard is not None
        return summary.model_dump_json()
    if way == "triage":
        message = case.untrusted
        found = passed_on(triage(facts, message), record, facts, TODAY)
        checked, _, heard = await grounded_triage(record, facts, None, found, message, assistant)
        assert heard is not None
        assert not heard.unusable
        kept = [claim.model_dump_json() for claim in checked.kept]
        return "\n".join((*kept, found.action.model_dump_json(), found.headline))
    proposal = recommend(record, facts, event_of(case), TODAY)
    assert proposal is not None
    checked, draft, heard = await grounded_signals(record, facts, event_of(case), proposal, assistant)
    assert heard is not None
    assert draft.suspected_injection, "a model that names another action is under suspicion"
    kept = [claim.model_dump_json() for claim in checked.kept]
    return "\n".join((*kept, proposal.action.model_dump_json(), proposal.headline))
