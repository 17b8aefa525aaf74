"""The golden set: cases as people write them down, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, TypeAdapter

from policy.value import Value

Use = Literal["summary", "recommendation", "triage"]
Sort = Literal["clear", "borderline", "miss", "hostile"]
USES: tuple[Use, ...] = ("summary", "recommendation", "triage")


class ContactSketch(Value):
    """A conversation: *what* as in "reply 1d", with the words of the donor where they matter."""

    what: str
    body: str = ""


class NoteSketch(Value):
    """A note of so many days *ago*."""

    ago: str
    text: str
    category: str = "general"
    external: bool = False


class Case(Value):
    """One donor with what is expected, and why.

    Gifts read like "250 5d unthanked" (major units, age in days, then type, status, currency), pledges like
    "4 x 500 every 90d from 200d paid 1", standing gifts like "monthly 25 active from 400d failed 2", contacts
    like "meeting 20d ask", consents like "email opted_out 200d". *untrusted* is a text of somebody else in a
    note and in a reply. *says* are the facts a summary must state, *never* words that must not be shown.
    """

    id: str
    sort: Sort
    reason: str
    donor: Mapping[str, Any] = Field(default_factory=dict)
    gifts: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()
    pledges: tuple[str, ...] = ()
    recurring: tuple[str, ...] = ()
    contacts: tuple[str | ContactSketch, ...] = ()
    notes: tuple[NoteSketch, ...] = ()
    consents: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    event: str | None = None
    untrusted: str = ""
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    action: str | None = None
    rule: str | None = None
    urgency: Literal["now", "soon", "routine"] | None = None


class Golden(Value):
    """A case with the use it is for."""

    use: Use
    case: Case


_CASES = TypeAdapter(Annotated[tuple[Case, ...], Field(strict=False)])


def golden_set(*uses: Use) -> tuple[Golden, ...]:
    """Return the cases of *uses*, or all of them."""
    found = []
    for use in uses or USES:
        text = resources.files("bot.evals").joinpath(f"cases/{use}.yaml").read_text("utf-8")
        found += [Golden(use=use, case=case) for case in _CASES.validate_python(yaml.safe_load(text))]
    return tuple(found)
