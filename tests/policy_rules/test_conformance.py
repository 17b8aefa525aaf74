"""The published conformance cases of CEL policies, said in our language over our facts.

What they call a rule whose outputs aggregate is a policy of ours; "first match wins" becomes a condition that
leaves out what an earlier rule took. `none of them matched` is our default: no grant, so no.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from policy.decide import CompiledPolicy, compile_policy, decide
from policy.language import PolicyInvalidError, parse_policy

STAGES = (
    "acquisition",
    "qualification",
    "cultivation",
    "solicitation",
    "stewardship",
    "retention",
    "reactivation",
)


def policy(*guards: dict[str, Any], when: str | None = None) -> CompiledPolicy:
    """Return a policy that grants everything in the base situation, *when* given only then."""
    grant = {
        "id": "granted",
        "reason": "Everything may happen here.",
        "allow": ["schedule_follow_up"],
        "lifecycle": {stage: ["execute"] for stage in STAGES},
    }
    if when:
        grant["when"] = when
    document = {
        "policy": 1,
        "title": "Conformance",
        "grants": [grant],
        "guards": [{"reason": "For a conformance case."} | guard for guard in guards],
    }
    return compile_policy(parse_policy(yaml.safe_dump(document), "p.yaml"))


def footer(name: str, text: str, when: str) -> dict[str, Any]:
    return {"id": name, "when": when, "oblige": {"add_footer": text}}


def approval(name: str, role: str, when: str) -> dict[str, Any]:
    return {"id": name, "when": when, "require_approval": {"role": role}}


# Governance of an agent's tools: three independent dimensions, in each of which the first match wins.
MUTATES, IN_PRODUCTION, EMERGENCY = "action.is_ask", "action.channel == 'phone'", "household.any_sensitive"
CARDS, CONTACTS, BATCH = "donor.sensitive", "donor.gives_anonymously", "cadence.asks_365_days"
TOOLS = policy(
    approval("vp_approval", "admin", EMERGENCY),
    approval("tech_lead", "manager", f"{MUTATES} && {IN_PRODUCTION} && !{EMERGENCY}"),
    approval("peer", "owner", f"{MUTATES} && !({IN_PRODUCTION}) && !{EMERGENCY}"),
    {"id": "redact_cards", "when": CARDS, "oblige": {"mask_field": "amount"}},
    {"id": "redact_contacts", "when": f"{CONTACTS} && !{CARDS}", "oblige": {"mask_field": "contact_details"}},
    footer("tier_3", "throttle tier 3", f"{BATCH} > 10000"),
    footer("tier_2", "throttle tier 2", f"{BATCH} > 1000 && {BATCH} <= 10000"),
    footer("tier_1", "throttle tier 1", f"{BATCH} > 100 && {BATCH} <= 1000"),
)


@pytest.mark.parametrize(
    ("changes", "gates", "approvals", "duties"),
    [
        ({}, [], [], []),
        (
            {"household.any_sensitive": True, "action.is_ask": True, "action.channel": "phone"},
            ["vp_approval"],
            ["admin"],
            [],
        ),
        (
            {
                "action.is_ask": True,
                "action.channel": "phone",
                "donor.sensitive": True,
                "cadence.asks_365_days": 10001,
            },
            ["tech_lead", "redact_cards", "tier_3"],
            ["manager"],
            ["throttle tier 3", "amount"],
        ),
        (
            {"action.is_ask": True, "donor.gives_anonymously": True, "cadence.asks_365_days": 10000},
            ["peer", "redact_contacts", "tier_2"],
            ["owner"],
            ["throttle tier 2", "contact_details"],
        ),
        ({"cadence.asks_365_days": 1000}, ["tier_1"], [], ["throttle tier 1"]),
        ({"cadence.asks_365_days": 100}, [], [], []),
    ],
)
def test_independent_dimensions_add_up(facts, changes, gates, approvals, duties) -> None:
    decision = decide(TOOLS, facts(changes))
    assert decision.gate_ids == ("granted", *gates)
    assert [need.role.value for need in decision.approvals] == approvals
    assert [duty.value for duty in decision.obligations] == duties


AGGREGATE = policy(
    footer("pii", "PII", "donor.sensitive == true"),
    footer("confidential", "CONFIDENTIAL", "donor.vulnerable == true"),
    footer("nested", "NESTED", "true && donor.merged == true"),
)


@pytest.mark.parametrize(
    ("sensitive", "vulnerable", "merged", "outputs"),
    [
        (True, True, True, ["pii", "confidential", "nested"]),
        (True, True, False, ["pii", "confidential"]),
        (True, False, False, ["pii"]),
        (False, False, False, []),
    ],
)
def test_all_that_match_are_kept_in_order(facts, sensitive, vulnerable, merged, outputs) -> None:
    changes = {"donor.sensitive": sensitive, "donor.vulnerable": vulnerable, "donor.merged": merged}
    assert decide(AGGREGATE, facts(changes)).gate_ids == ("granted", *outputs)


# Where nationality is known it counts, else the address; an absent value must be asked for first.
RESTRICTED = "['cu', 'ir', 'kp', 'sd', 'sy']"
DESTINATION = f"(consent.jurisdiction in {RESTRICTED} || ai.endpoint_region in {RESTRICTED})"
DESTINATIONS = policy(
    {
        "id": "nationals",
        "when": f"giving.has_days_since_gift && giving.days_since_gift == 1 && {DESTINATION}",
        "deny": True,
    },
    {
        "id": "by_address",
        "when": f"!giving.has_days_since_gift && donor.region == 'us' && {DESTINATION}",
        "deny": True,
    },
)


@pytest.mark.parametrize(
    ("nationality", "origin", "address", "label", "denied_by"),
    [
        (None, "us", "us", "us", []),
        (None, "us", "cu", "us", ["by_address"]),
        (None, "us", "us", "sy", ["by_address"]),
        (None, "de", "ir", "ir", []),
        (1, "de", "kp", "us", ["nationals"]),
        (2, "us", "kp", "kp", []),
    ],
)
def test_an_absent_value_is_asked_for_first(facts, nationality, origin, address, label, denied_by) -> None:
    changes = {
        "giving.days_since_gift": nationality,
        "donor.region": origin,
        "consent.jurisdiction": address,
        "ai.endpoint_region": label,
    }
    decision = decide(DESTINATIONS, facts(changes))
    assert decision.gate_ids == ("granted", *denied_by)
    assert (decision.outcome == "deny") is bool(denied_by)


PERMITTED = "['us', 'uk', 'es']"
REGIONS = policy(
    {
        "id": "banned",
        "when": f"donor.region in ['us', 'ru', 'ir'] && !(donor.region in {PERMITTED})",
        "deny": True,
    },
    when=f"donor.region in {PERMITTED}",
)


@pytest.mark.parametrize(
    ("region", "gates", "outcome"),
    [
        ("ir", ["banned", "no_grant"], "deny"),
        ("de", ["no_grant"], "deny"),
        ("uk", ["granted"], "allow"),
        ("us", ["granted"], "allow"),
    ],
)
def test_what_nothing_permits_is_denied(facts, region, gates, outcome) -> None:
    decision = decide(REGIONS, facts({"donor.region": region}))
    assert (list(decision.gate_ids), decision.outcome) == (gates, outcome)


HOUR = "cal.now.getHours()"
HOURS = policy(
    footer("greeting", "hello, me", f"{HOUR} < 20"),
    footer("farewell", "goodbye, me!", f"{HOUR} >= 20 && {HOUR} < 21"),
    footer("late", "goodbye, me!!", f"{HOUR} >= 21 && {HOUR} < 22"),
    footer("night", "goodbye, me!!!", f"{HOUR} >= 22 && {HOUR} < 24"),
)


@pytest.mark.parametrize(
    ("hour", "gate"),
    [(0, "greeting"), (19, "greeting"), (20, "farewell"), (21, "late"), (22, "night"), (23, "night")],
)
def test_limits_meet_without_gap_or_overlap(facts, hour: int, gate: str) -> None:
    decision = decide(HOURS, facts({"cal.now": f"2026-11-24T{hour:02d}:59:59.999999Z"}))
    assert decision.gate_ids == ("granted", gate)


LABELS = policy(
    {"id": "missing", "when": "!['env', 'team'].all(label, label in donor.tags)", "deny": True},
    {
        "id": "invalid",
        "when": "donor.tags.exists(tag, tag.startsWith('env-') && tag != 'env-prod')",
        "deny": True,
    },
)


@pytest.mark.parametrize(
    ("tags", "gates"),
    [
        (["env", "team", "other"], ["granted"]),
        (["env"], ["granted", "missing"]),
        ([], ["granted", "missing"]),
        (["env", "team", "env-test"], ["granted", "invalid"]),
        (["env-test"], ["granted", "missing", "invalid"]),
    ],
)
def test_required_labels(facts, tags, gates) -> None:
    assert list(decide(LABELS, facts({"donor.tags": tags})).gate_ids) == gates


@pytest.mark.parametrize(
    ("when", "fault"),
    [
        ("{1:305 2:569}", "cannot be read: "),
        ("donor.tags.filter(l, !(lin donor.segments)).size() > 0", "cannot be read: "),
        ("donor.labels.size() > 0", "there is no fact donor.labels (did you mean donor."),
        ("variables.missing.size() > 0", "there is no fact variables.missing"),
        ("'false'", "not a yes-or-no question"),
        ("donor.deceased ? 'PII' : true", "no matching overload"),
        ("donor.deceased == 'true'", "yes or no and a text do not go together with =="),
        ("ai.confidence > 10.5", "write a whole number"),
        ("cal.now.getHours('Mars/Olympus') > 1", "no answer for some facts"),
        ("[1, 2][cadence.asks_90_days] == 1", "no answer for some facts"),
        ("int(donor.region) > 1", "no answer for some facts"),
    ],
)
def test_what_cannot_work_is_refused_before_it_rules(when: str, fault: str) -> None:
    with pytest.raises(PolicyInvalidError) as caught:
        policy({"id": "the_gate", "when": when, "deny": True})
    assert fault in str(caught.value)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("guards", "fault"),
    [
        ([footer("same", "one", "true"), footer("same", "two", "true")], "the id same is used twice"),
        (
            [{"id": "two_effects", "when": "true", "deny": True, "oblige": {"notify": "owner"}}],
            "exactly one of",
        ),
        ([{"id": "no_effect", "when": "true"}], "exactly one of"),
        ([{"id": "imports", "when": "true", "deny": True, "imports": ["x"]}], "imports is not known here"),
    ],
)
def test_conflicting_parts_are_refused(guards, fault: str) -> None:
    with pytest.raises(PolicyInvalidError, match=fault):
        policy(*guards)
