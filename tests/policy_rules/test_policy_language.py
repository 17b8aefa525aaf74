"""What a policy's author reads when something is wrong, and what changes its version."""

from __future__ import annotations

import pytest

from policy.conditions import environment
from policy.decide import compile_policy
from policy.fact_catalogue import catalogue, schema_hash
from policy.faults import PolicyFault
from policy.language import PolicyInvalidError, parse_policy
from policy.reference import render_reference

GRANT = """\
  - id: notes
    reason: Notes may be kept.
    allow: [add_note]
    lifecycle:
      acquisition: [execute]
      qualification: [execute]
      cultivation: [execute]
      solicitation: []
      stewardship: [execute]
      retention: [execute]
      reactivation: [execute]
"""
GUARD = """\
  - id: deceased
    reason: This donor has died.
    when: donor.deceased
    deny: true
"""
WHOLE = f"policy: 1\ntitle: A test\ngrants:\n{GRANT}guards:\n{GUARD}"


def faults(text: str) -> tuple[PolicyFault, ...]:
    with pytest.raises(PolicyInvalidError) as caught:
        parse_policy(text, "p.yaml")
    return caught.value.faults


def only(text: str) -> str:
    found = faults(text)
    assert len(found) == 1, found
    return str(found[0])


def test_a_small_policy_is_read() -> None:
    policy = parse_policy(WHOLE, "p.yaml")
    assert [(gate.id, gate.reason) for gate in policy.gates] == [
        ("notes", "Notes may be kept."),
        ("deceased", "This donor has died."),
    ]


def test_an_unknown_key_names_its_neighbour() -> None:
    found = [str(fault) for fault in faults(WHOLE.replace("    reason: This", "    reson: This"))]
    known = "id, reason, when, deny, require_approval, oblige"
    assert found == [
        "p.yaml:16:5: reason is missing",
        f"p.yaml:17:5: reson is not known here; known are {known} (did you mean reason?)",
    ]


def test_an_unknown_action_names_its_neighbour() -> None:
    message = only(WHOLE.replace("[add_note]", "[add_notes]"))
    assert message.startswith("p.yaml:6:13: add_notes is not one of the choices for allow: create_task, ")
    assert message.endswith("(did you mean add_note?)")


def test_an_unknown_fact_names_its_neighbour() -> None:
    assert only(WHOLE.replace("donor.deceased", "donor.deceasd")) == (
        "p.yaml:18:11: there is no fact donor.deceasd (did you mean donor.deceased?)"
    )


def test_an_unknown_fact_in_a_folded_condition_is_found_on_its_line() -> None:
    text = WHOLE.replace("when: donor.deceased", "when: >-\n      donor.merged\n      && donor.deceasd")
    assert only(text).startswith("p.yaml:20:10: there is no fact donor.deceasd")


def test_a_value_a_fact_never_has_is_found() -> None:
    message = only(WHOLE.replace("donor.deceased", "donor.tier == 'majr'"))
    assert message == (
        "p.yaml:18:25: donor.tier is never 'majr'; it is one of annual, mid_level, major, principal, none "
        "(did you mean major?)"
    )


@pytest.mark.parametrize("when", ["'majr' != donor.tier", "donor.tier in ['annual', 'majr']"])
def test_a_value_a_fact_never_has_is_found_however_it_is_compared(when: str) -> None:
    assert "donor.tier is never 'majr'" in only(WHOLE.replace("donor.deceased", f'"{when}"'))


def test_a_syntax_error_is_located() -> None:
    assert only(WHOLE.replace("donor.deceased", "donor.deceased &&")).startswith(
        "p.yaml:18:28: the condition cannot be read: "
    )


@pytest.mark.parametrize(
    ("when", "suggestion"),
    [
        ("donor.tier = 'major'", "did you mean ==?"),
        ("donor.deceased & donor.merged", "did you mean &&?"),
        ("donor.deceased | donor.merged", "did you mean ||?"),
        ("donor.deceased and donor.merged", "write && for and"),
        ("donor.tier == 'and' or donor.merged", "write || for or"),
        ("not donor.deceased", "write ! for not"),
        ("donor.tier in ('major', 'principal')", "lists are written in brackets: in ['a', 'b']"),
        ("consent.status == opted_in", "put texts in quotes: 'opted_in'"),
        ("donor.deceased == yes", "did you mean true?"),
        ("donor.segments == 'Newsletter'", "write 'text' in the list"),
        ("cal.now > '2026-01-01'", "write timestamp('2026-11-24T00:00:00Z')"),
        ("ai.confidence > '3'", "leave out the quotes"),
        ("tier == 'major'", "did you mean donor.tier?"),
        ("donor.deceased AND donor.merged", "write && for AND"),
        ("donor.type == \u201ca\u201d", "write straight quotes: 'text'"),
        ("donor.type == 'a", "a quote is not closed"),
        (
            "donor.deceased && d\u043enor.merged",
            "\u043e is cyrillic small letter o: write it in plain letters",
        ),
        ("cal.now > now", "did you mean cal.now?"),
        ("donor.tags.map(x, x).size() > 0", "use exists(), all() or filter()"),
        (
            "cal.now > timestamp('2026-02-30T00:00:00Z')",
            "write a day that exists, as in timestamp('2026-11-24T00:00:00Z')",
        ),
        ("cal.now - duration('2d') > cal.now", "write hours or minutes, as in duration('48h')"),
        ("100 / cadence.asks_90_days > 3", "multiply the other side instead of dividing"),
        ("donor.region.matches('(')", "use contains() or startsWith() instead"),
    ],
)
def test_the_usual_slips_get_a_suggestion(when: str, suggestion: str) -> None:
    assert only(WHOLE.replace("donor.deceased", f'"{when}"')).endswith(f" ({suggestion})")


def test_a_condition_is_checked_also_where_its_gate_is_wrong() -> None:
    text = WHOLE.replace("when: donor.deceased", "when: not donor.merged").replace(
        "deny: true", "deny: yes, please"
    )
    assert [(fault.line, fault.column, fault.message[:30]) for fault in faults(text)] == [
        (18, 15, "the condition cannot be read: "),
        (19, 11, "yes, please is not one of the "),
    ]


def test_all_faults_are_reported_at_once() -> None:
    text = (
        WHOLE.replace("title: A test", "titel: A test")
        .replace("[add_note]", "[add_notes]")
        .replace("donor.deceased", "donor.deceasd")
        .replace("solicitation: []", "solicitation: [excute]")
    )
    assert [(fault.line, fault.message.split(";")[0][:40]) for fault in faults(text)] == [
        (1, "title is missing"),
        (2, "titel is not known here"),
        (6, "add_notes is not one of the choices for "),
        (11, "excute is not one of the choices for sol"),
        (18, "there is no fact donor.deceasd"),
    ]


def test_a_stage_without_a_row_is_a_fault() -> None:
    assert only(WHOLE.replace("      retention: [execute]\n", "")) == "p.yaml:8:7: retention is missing"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("    deny: true\n", "", "a guard has exactly one of deny, require_approval and oblige"),
        (
            "deny: true",
            "deny: true\n    oblige: {notify: owner}",
            "a guard has exactly one of deny, require_approval and oblige",
        ),
        (
            "deny: true",
            "oblige: {}",
            "oblige needs one of mask_field, add_footer, delay_until, notify and route_to",
        ),
        ("deny: true", "deny: false", "false is not one of the choices for deny: true"),
        ("deny: true", "deny: yes", "yes is not one of the choices for deny: true (write true)"),
        ("deny: true", "deny: on", "on is not one of the choices for deny: true (write true)"),
        ("deny: true", "require_approval: {role: owner, count: 010}", "count must be a whole number"),
        ("policy: 1", "policy: '1'", "1 is not one of the choices for policy: 1 (leave out the quotes)"),
        ("    deny: true", "\tdeny: true", "(indent with spaces, not with tabs)"),
        (
            "when: donor.deceased",
            "when: donor.type == 'a: b'",
            "(put the whole text in double quotes: it has a colon in it)",
        ),
        ("deny: true", "require_approval: {role: boss}", "boss is not one of the choices for role"),
        ("deny: true", "require_approval: {role: owner, count: '2'}", "count must be a whole number"),
        ("deny: true", "require_approval: {role: owner, count: 0}", "count must be at least 1"),
        ("deny: true", "oblige: {delay_until: cal.hour}", "cal.hour is no fact that holds a moment"),
        (
            "deny: true",
            "oblige: {delay_until: cal.blackout_ends_at}",
            "may be missing when the guard matches",
        ),
        ("id: deceased", "id: notes", "the id notes is used twice"),
        ("id: deceased", "id: no_grant", "the id no_grant is reserved"),
        ("id: deceased", "id: Deceased!", "id must be lower-case words joined by _"),
        ("This donor has died.", "Died", "reason needs at least 10 characters"),
        ("policy: 1", "policy: 2", "2 is not one of the choices for policy: 1"),
        ("title: A test", "title: [A test]", "title must be text"),
        ("when: donor.deceased", "when: true", "when must be text"),
        (
            "when: donor.deceased",
            f"when: {'donor.deceased || ' * 120}donor.deceased",
            "when may have at most 2000",
        ),
        ("deny: true", "deny: true\n    deny: true", "deny appears twice"),
        ("deny: true", "deny: &x true", "anchors (&x) are not used here: leave it out"),
        ("deny: true", "deny: *x", "aliases (*name) are not used here"),
        ("deny: true", "deny: [", "this is not valid YAML"),
        ("deny: true", "deny: !!python/object:os.system true", "this is not valid YAML"),
    ],
)
def test_what_is_refused_says_why(before: str, after: str, message: str) -> None:
    text = WHOLE.replace(before, after, 1)
    assert text != WHOLE
    found = faults(text)
    assert message in str(found[0])
    assert all(fault.file == "p.yaml" and 1 <= fault.line <= 20 for fault in found)


def test_aliases_are_refused() -> None:
    text = WHOLE.replace("reason: This donor has died.", "reason: *r")
    assert "aliases (*name) are not used here" in only(text)


@pytest.mark.parametrize(
    "text", ["", "[]", "just words", "policy: 1\n---\npolicy: 1\n", "\x00", "a: " * 3000 + "b"]
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    assert faults(text)


def test_deep_nesting_is_refused() -> None:
    assert only("[" * 5000 + "]" * 5000) == "p.yaml:1:21: this is nested too deeply"


def test_a_text_that_is_too_long_is_refused() -> None:
    assert "longer than" in only("# " + "x" * 200_001)


def test_comments_and_layout_do_not_change_the_version() -> None:
    policy = parse_policy(WHOLE, "p.yaml")
    other = "# a comment\n" + WHOLE.replace(
        "when: donor.deceased", "when: >-\n      donor.deceased  // really\n"
    ).replace("allow: [add_note]", "allow:\n      - add_note  # notes only").replace(
        "reason: Notes may be kept.", 'reason: "Notes may be kept."'
    )
    assert parse_policy(other, "elsewhere.yaml").version == policy.version


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("donor.deceased", "donor.merged"),
        ("Notes may be kept.", "Notes may be kept!"),
        ("solicitation: []", "solicitation: [execute]"),
        ("title: A test", "title: Another test"),
        ("deny: true", "oblige: {notify: owner}"),
    ],
)
def test_content_changes_the_version(before: str, after: str) -> None:
    assert parse_policy(WHOLE.replace(before, after), "p").version != parse_policy(WHOLE, "p").version


def test_the_version_is_kept_when_compiled() -> None:
    assert len(schema_hash()) == 64
    assert compile_policy(parse_policy(WHOLE, "p")).version == parse_policy(WHOLE, "p").version


def test_the_reference_explains_every_fact() -> None:
    text = render_reference()
    for fact in catalogue().values():
        assert f"`{fact.name}`" in text
        assert fact.description, fact.name
        assert fact.description.endswith((".", "none", "cli.")), fact.name


def test_every_fact_can_be_asked_about() -> None:
    questions = {"bool": "{0}", "int": "{0} > 0", "string": "{0} == ''", "list": "'a' in {0}"}
    for fact in catalogue().values():
        environment().compile(questions.get(fact.kind, "{0} == {0}").format(fact.name))
