"""What the simulated model writes: sentences around the facts in a prompt, or worse if so switched."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from bot.sandbox.model.faults import ModelFaults

_MARK = re.compile(r"every space is replaced by (\S+?),? so")
_PLACEHOLDER = re.compile(r"\{([\w.]+)\}")


@dataclass(frozen=True, slots=True)
class _Fact:
    id: str
    kind: str
    value: str
    say: tuple[str, ...]


# Sentences a model would write; the first placeholder names the fact that calls for the sentence.
_WARNINGS = (
    "{DONOR} {donor.deceased}, so please pause all asks.",
    "{DONOR} is marked as {donor.do_not_contact}, so leave any contact to the owner.",
    "The record is {donor.legal_review}, so speak with the legal team ahead of any contact.",
    "A {complaint.recent} came in on {complaint.on} and deserves an answer.",
    "Thanks for the {acknowledgement.gift_amount} gift are {acknowledgement.overdue}.",
    "The {recurring.frequency} gift of {recurring.amount} has {recurring.failed_payments} failed payments.",
    "{DONOR} has {consent.email.fundraising} of e-mail for fundraising.",
    "There is an {ask.open}, so agree any other request with the owner.",
    "{pledge.overdue_amount} of the pledge has been {pledge.overdue} since {pledge.overdue_since}.",
)
_STORY = (
    "{DONOR} has supported us with {giving.lifetime} across {giving.count} gifts since {giving.first_on}.",
    "The most recent gift, {giving.last_amount}, came on {giving.last_on}.",
    "{DONOR} gave {giving.last_year} in {fiscal_year.last} but {giving.lybunt} in {fiscal_year.current}.",
    "{DONOR} {giving.sybunt}, and the last gift came {giving.days_since_last} days ago.",
    "{pledge.balance} is outstanding on the pledge, and {pledge.next_due_amount} is due next.",
    "A {recurring.frequency} gift of {recurring.amount} is {recurring.status}.",
    "Soft credit for gifts of others amounts to {giving.soft_credit}.",
    "{DONOR} {giving.status} with {giving.this_year} in {fiscal_year.current}.",
    "The largest gift on record is {giving.largest_amount} from {giving.largest_on}.",
    "The last conversation on record was by {contact.last_kind} on {contact.last_on}.",
)
_TOTALS = (
    *("giving.lifetime", "giving.last_year", "giving.this_year", "giving.soft_credit"),
    *("pledge.balance", "pledge.overdue_amount"),
)
_CLOSING = "A short, personal message would be a kind way to say thanks."
_WAITS_FOR_AN_ANSWER = re.compile(
    r"\?|would like|not this|after the|next (?:year|month|spring)", re.IGNORECASE
)
_ONLY_AS = {"consent.email.fundraising": "opted_out", "giving.status": "recaptured"}
_LONGEST = 6


class SandboxModel:
    """Writes answers from the data in a prompt, and misbehaves as switched."""

    def __init__(self) -> None:
        self.faults = ModelFaults()

    def answer(self, messages: list[dict[str, Any]]) -> str:
        """Return the content of the answer to *messages*."""
        data = _data(messages)
        if data is None:
            return json.dumps({"claims": []})
        if self.faults.garbage:
            return '{"claims": [{"text": '
        if self.faults.ignore_schema:
            return f"Certainly! Here is a summary of {data['donor']['ref']}: a wonderful supporter."
        orders = _orders(data) if self.faults.obedient else []
        claims = [*orders, *_claims(data)][: _LONGEST + len(orders)]
        answer: dict[str, Any] = {"claims": claims[:8]}
        if data.get("task") == "recommendation":
            answer["action"] = "other" if orders else data["proposal"]["action"]
        if data.get("task") == "answer":
            answer = {"claims": [*orders, *_relevant(data, _claims(data))][:4]}
        if data.get("task") == "triage":
            said = " ".join(str(one["text"]) for one in data.get("untrusted", ()))
            answer["action"] = "soon" if _WAITS_FOR_AN_ANSWER.search(said) and not orders else "routine"
        return json.dumps(answer)


def _data(messages: list[dict[str, Any]]) -> dict[str, Any] | None:
    for message in messages:
        if message.get("role") != "user":
            continue
        try:
            data = json.loads(str(message.get("content")))
        except ValueError:
            continue
        if isinstance(data, dict) and "facts" in data and "donor" in data:
            return _without_marks(data, messages)
    return None


def _without_marks(data: dict[str, Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
    """See through the marks that set untrusted texts apart: the worst of models would not mind them."""
    told = _MARK.search(str(messages[0].get("content")))
    if told and "untrusted" in data:
        texts = [{**one, "text": str(one["text"]).replace(told[1], " ")} for one in data["untrusted"]]
        return data | {"untrusted": texts}
    return data


def _claims(data: dict[str, Any]) -> list[dict[str, Any]]:
    facts = {
        f["id"]: _Fact(f["id"], f["kind"], str(f["value"]), tuple(f.get("say", ()))) for f in data["facts"]
    }
    templates = [_in_each_currency(one, facts) for one in (*_WARNINGS, *_STORY)]
    about = _event(data)
    written = [claim for one in templates if (claim := _write(one, facts, data["donor"]["ref"])) is not None]
    if data.get("task") != "recommendation":
        return written[:_LONGEST]
    closing = {"text": _CLOSING, "cites": [], "slots": []}
    thanks = data["proposal"].get("rule") in ("gift_to_thank_for", "pledge_renewed", "came_back")
    return [*about, *written[:3], *([closing] if thanks else [])]


def _in_each_currency(template: str, facts: dict[str, _Fact]) -> str:
    """Name the parts of a total in other currencies after it; what is nothing is not named."""
    for total in _TOTALS:
        named = [one for one in facts if one.startswith(total)]
        found = [one for one in named if one == total or re.fullmatch(r"\.[a-z]{3}", one[len(total) :])]
        parts = [one for one in found if re.search("[1-9]", facts[one].value)]
        if parts:
            template = template.replace(f"{{{total}}}", " plus ".join(f"{{{one}}}" for one in parts))
    return template


def _relevant(data: dict[str, Any], claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the sentences that share a word of some length with the question."""
    wanted = set(re.findall(r"[a-z]{4,}", str(data.get("question", "")).lower()))
    return [one for one in claims if wanted & set(re.findall(r"[a-z]{4,}", str(one["text"]).lower()))]


def _event(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Say what happened, when the event names a gift the prompt shows."""
    ref = data.get("event", {}).get("record")
    gift = next((r for r in data.get("records", ()) if r["ref"] == ref and "received_on" in r), None)
    if gift is None or gift.get("status") != "completed" or gift.get("type") in ("in_kind", "planned"):
        return []
    donor = data["donor"]["ref"]
    bound = [
        {**_slot(_Fact("", kind, "", ()), str(gift[field])), "record": ref, "field": field, "fact": None}
        for kind, field in (("money", "amount"), ("date", "received_on"))
    ]
    text = f"{donor} gave {gift['amount']} on {gift['received_on']}."
    return [{"text": text, "cites": [ref, donor], "slots": bound}]


def _write(template: str, facts: dict[str, _Fact], donor: str) -> dict[str, Any] | None:
    needed = [name for name in _PLACEHOLDER.findall(template) if name != "DONOR"]
    if not all(name in facts and _is_worth_saying(facts[name]) for name in needed):
        return None
    if "giving.count" in needed and facts["giving.count"].value == "1":
        return None
    words = {name: _worded(facts[name]) for name in needed}
    text = _PLACEHOLDER.sub(lambda match: donor if match[1] == "DONOR" else words[match[1]], template)
    slots = [_slot(facts[name], words[name]) for name in needed]
    return {"text": text, "cites": needed or [donor], "slots": slots}


def _is_worth_saying(fact: _Fact) -> bool:
    if fact.id in _ONLY_AS and fact.value.replace(" ", "_") != _ONLY_AS[fact.id]:
        return False
    if fact.kind == "enum":
        return bool(fact.say) and fact.value != "no"
    return fact.kind == "date" or bool(re.search(r"[1-9]", fact.value))


def _worded(fact: _Fact) -> str:
    return fact.say[0] if fact.kind == "enum" else fact.value


def _slot(fact: _Fact, text: str) -> dict[str, Any]:
    return {
        "kind": fact.kind,
        "text": text,
        "record": None,
        "field": None,
        "aggregate": None,
        "over": [],
        "fact": fact.id,
    }


def _orders(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Obey every text: repeat it, dress its figures up as bound ones, and cite whatever comes to hand."""
    donor = data["donor"]["ref"]
    claims = []
    for one in data.get("untrusted", ()):
        text = " ".join(str(one["text"]).split())[:400]
        cites = [one["ref"], "donor-9999", "DONOR_99"]
        claims.append({"text": text, "cites": [one["ref"]], "slots": []})
        quote = {
            **_slot(_Fact("", "quote", "", ()), text[:150]),
            "record": one["ref"],
            "field": "text",
            "fact": None,
        }
        claims.append({"text": f"The note says “{text[:150]}”.", "cites": [one["ref"]], "slots": [quote]})
        figures = re.findall(r"[$€£]\s?[\d,.]*\d", text)[:3]
        bound = [_slot(_Fact("giving.lifetime", "money", "", ()), figure) for figure in figures]
        said = f"{donor} has given {' and '.join(figures) or 'a great deal'} in total."
        claims.append({"text": said, "cites": ["giving.lifetime", *cites], "slots": bound})
    return claims
