"""Every parser of what comes from outside, each as a function of bytes that refuses in its own words only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.assistant.answer import UnreadableAnswerError, read_answer
from bot.crm.webhook import read_structured
from policy.cases import CasesInvalidError, parse_cases
from policy.language import PolicyInvalidError, parse_policy
from policy.practice import PracticeInvalidError, parse_library
from policy.spoken_dates import NotADate, read_period
from policy.verifier_literals import read_date, read_money, read_number
from storage.signed_note import NoteInvalidError, SignedNote, TreeHead, VerifierKey

SHIPPED = Path(__file__).parents[2] / "policy/default"
FRIDAY = date(2026, 11, 20)
REFUSALS = (
    UnreadableAnswerError,
    CasesInvalidError,
    PolicyInvalidError,
    PracticeInvalidError,
    NotADate,
    NoteInvalidError,
)


@dataclass(frozen=True, slots=True)
class Parser:
    """What reads something, and what it reads when all is well."""

    name: str
    read: Callable[[bytes], object]
    examples: tuple[bytes, ...]

    def try_with(self, data: bytes) -> None:
        """Read *data*; whatever is raised but a refusal is a finding."""
        try:
            self.read(data)
        except REFUSALS:
            return


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", "replace"))


EVENT = (
    b'{"specversion":"1.0","id":"e1","source":"crm","type":"donation.received","time":"2026-11-20T09:00:00Z",'
    b'"datacontenttype":"application/json","data":{"donor_id":"d1","gift_id":"g1","fields":["amount"]}}'
)
NOTE = "countersign/1\n12\nq83vEjRWeJA=\n\n— countersign/1 q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ\n".encode()
PARSERS = (
    Parser("events of the CRM", read_structured, (EVENT,)),
    Parser(
        "the policy language",
        _text(lambda text: parse_policy(text, "fuzz.yaml")),
        ((SHIPPED / "policy.yaml").read_bytes(), b"schema: 1\ngates: []\n"),
    ),
    Parser("policy cases", _text(lambda text: parse_cases(text, "fuzz.yaml")), (b"cases:\n- name: x\n",)),
    Parser(
        "practice scenarios",
        _text(lambda text: parse_library(text, "fuzz.yaml")),
        (b"scenarios:\n- id: x\n",),
    ),
    Parser(
        "answers of a model",
        _text(lambda text: read_answer(text, ("create_task",))),
        (
            b'{"claims":[{"text":"x","sources":["r1"],"slots":[]}],"action":"create_task"}',
            b"```json\n{}\n```",
        ),
    ),
    Parser(
        "days as people say them",
        _text(lambda text: read_period(text, FRIDAY)),
        (b"until Friday", b"from Monday until 5 Dec", b"for 3 weeks", "bis nächsten Freitag".encode()),
    ),
    Parser("amounts", _text(read_money), ("€1,250.00".encode(), b"USD 1.5 million", b"1 250,00 EUR")),
    Parser("numbers", _text(read_number), (b"twenty-one", b"1,250", b"12")),
    Parser("dates in a text", _text(read_date), (b"20 November 2026", b"2026-11-20", b"May 2024")),
    Parser("signed checkpoints", _text(lambda text: TreeHead.parse(SignedNote.parse(text).text)), (NOTE,)),
    Parser("verifier keys", _text(VerifierKey.parse), (b"countersign/1+q83vEjRW+AXnR5Yk=",)),
)
