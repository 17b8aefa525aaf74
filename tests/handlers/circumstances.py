"""Under what decisions live: other settings, other rules, other seasons; each a variation of the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from bot.files import policy_source
from handlers.ports import Colleague
from policy.decide import CompiledPolicy, compile_policy
from policy.language import parse_policy
from policy.organisation import Organisation, Person
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, STRANGER

ADMIN = Colleague("UADMIN", "Ada Lind", "ada@x.example", "Europe/Berlin", is_full_member=True)

_PEOPLE = (
    Person(email=OWNER.email, roles=("owner",), channel="COWNER", reports_to=MANAGER.email),
    Person(email=MANAGER.email, roles=("manager",)),
    Person(email=STRANGER.email, roles=("owner",)),
    Person(email=ADMIN.email, roles=("admin",)),
)
QUIET = ORGANISATION.model_copy(update={"people": _PEOPLE})
FLOODED = QUIET.model_copy(update={"cards_per_day": 1, "grouping_hours": 1})
STRICT = QUIET.model_copy(
    update={"after_deadline": "expire", "data_steward": STRANGER.email, "data_channel": "CDATA"}
)
SETTINGS: dict[str, Organisation] = {"quiet": QUIET, "flooded": FLOODED, "strict": STRICT}

SEASONS = {
    "november": datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
    "clocks go back": datetime(2026, 10, 30, 19, 30, tzinfo=UTC),
    "clocks go forward": datetime(2027, 3, 12, 20, 30, tzinfo=UTC),
}
"""When a life begins; in New York clocks go back on 1 Nov 2026 and forward on 14 Mar 2027."""

_EVERYWHERE = "\n".join(
    f"      {stage}: [recommend, draft, auto_route, execute]"
    for stage in (
        *("acquisition", "qualification", "cultivation", "solicitation"),
        *("stewardship", "retention", "reactivation"),
    )
)
_MANAGER_TOO = """
  - id: manager_agrees_too
    reason: For the time being a manager agrees to everything as well.
    when: action.is_write && action.capability == 'execute'
    require_approval: {role: manager, count: 1}
"""
_UNASKED = f"""
policy: 1
title: Everything goes
grants:
  - id: all_of_it
    reason: Whatever is small may be done unasked.
    allow: [add_note, create_task, schedule_follow_up, update_stage]
    lifecycle:
{_EVERYWHERE}
guards:
  - id: ask_already_waiting
    reason: Another ask of this household is planned or waits for a decision.
    when: action.is_ask && cadence.pending_asks > 0
    deny: true
"""
_NOTHING = f"""
policy: 1
title: Notes alone
grants:
  - id: notes
    reason: Notes may be kept.
    allow: [add_note]
    lifecycle:
{_EVERYWHERE}
guards: []
"""


@dataclass(frozen=True)
class Rules:
    """The policies that may come into force while a decision waits, by what they are for."""

    usual: CompiledPolicy
    manager_too: CompiledPolicy
    unasked: CompiledPolicy
    nothing: CompiledPolicy

    def by_version(self) -> dict[str, CompiledPolicy]:
        known = (self.usual, self.manager_too, self.unasked, self.nothing)
        return {each.version: each for each in known}


@cache
def rules_around(usual: CompiledPolicy) -> Rules:
    """Compile the variations of the *usual* policy, which is the one that ships."""
    source, _ = policy_source(None)
    return Rules(usual, _compiled(source + _MANAGER_TOO), _compiled(_UNASKED), _compiled(_NOTHING))


def _compiled(source: str) -> CompiledPolicy:
    return compile_policy(parse_policy(source, "variation"))
