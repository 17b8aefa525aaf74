"""Whatever people and models write: every card is one Slack accepts, and its text does nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.sandbox.slack.blocks import check_blocks, check_view
from bot.slack import ids
from bot.slack.cards.card_parts import IN_FULL
from bot.slack.cards.checked_edit import checked_edit_view
from bot.slack.cards.cleanup import cleanup_message
from bot.slack.cards.deferral import deferral_view
from bot.slack.cards.edit_form import edit_form_view
from bot.slack.cards.escalation import escalation_message
from bot.slack.cards.evidence import evidence_view, notice_view, waiting_view
from bot.slack.cards.home import home_view
from bot.slack.cards.in_full import in_full_view
from bot.slack.cards.override_form import cannot_fix_view, override_form_view
from bot.slack.cards.rendering import message, window
from bot.slack.payloads import DeferralPlace, OverridePlace
from handlers.outcomes import (
    AbsenceShown,
    AlarmCard,
    AlarmChoice,
    CardEdit,
    CardInFull,
    CardStatus,
    CheckedEdit,
    CheckpointShown,
    Choice,
    CleanupListShown,
    CleanupShown,
    DecisionLine,
    DecisionList,
    DecisionsShown,
    DigestDetail,
    DigestFigure,
    DigestShown,
    DonorHeader,
    DonorPicker,
    EditForm,
    EscalationCard,
    EvidenceLine,
    EvidenceShown,
    Execution,
    ForDonorShown,
    FormField,
    GroupingShown,
    HeldNotice,
    HelpShown,
    HomeShown,
    ListedDecision,
    NoDonorFound,
    Notice,
    OverrideForm,
    PassedOn,
    PulseAsked,
    QueueItem,
    QueueShown,
    ScheduleForm,
    ScheduleLine,
    SchedulesShown,
    Source,
    SummaryShown,
    TimelineShown,
    TogetherForm,
    TogetherItem,
    UndoShown,
)
from policy.actions import FieldChange, UndoPromise
from policy.claims import Claim, Confidence, Contradiction, Origin, Summary, Verdict, VerifiedClaim
from policy.cleanup import CleanupState
from policy.considered import Figures
from policy.digest import Chart, DigestSection, Series
from policy.donor import DonorMatch, LifecycleStage, Tier, TimelineEntry
from policy.editing import LABELS as FIELD_LABELS
from policy.escalation import EscalationState
from policy.override_reasons import LABELS, Override, OverrideReason
from policy.undoing import Difference
from tests.examples import examples
from tests.slack.samples import CARD, DUE, OPEN

RECORD = "https://crm.example.org/donors/1?a=b&c=d"
EVIL = "https://evil.example/?q="
ADDRESSES = (
    None,
    RECORD,
    "javascript:alert(1)",
    "https://x.example/ <b>|y",
    "https://x/" + "a" * 4000,
)
INJECTIONS = (
    f"<{EVIL}|your bank>",
    "<!channel> <!here> <@U0ADMIN00> <#C0GENERAL>",
    "<!date^0^{date}|never>",
    "*bold* _it_ ~no~ `code` ```pre``` > quote\n> more",
    "[click](https://evil.example) ![x](https://evil.example/i.png)",
    ":skull: :rotating_light:",
    "\u202eevil\u202c \u2066x\u2069 \u200b\u200d\ufeff\x00\x1b[31m",
    "שרה כהן (\u05d9\u05e8\u05d5\u05e9\u05dc\u05d9\u05dd)",
    "محمد\u200c عبد الله",
    "👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇩🇪" * 20,
    "Z̷̢̛̩̦̲̦̲̰͎͊́̈" + "\u0301" * 50,
    "{name} {0} %s $25,000 {query}",
    "€1,250.50 " * 400,
    "x" * 5000,
    "\n" * 50,
    " ",
    "",
)
plain_text = st.text(max_size=40)


def injection(number: int) -> str:
    return INJECTIONS[number]


def address(number: int) -> str | None:
    return ADDRESSES[number]


text = st.one_of(st.integers(0, len(INJECTIONS) - 1).map(injection), st.text(max_size=12))
some_text = text.map(lambda value: value or "x")
opaque = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,40}", fullmatch=True)
any_id = st.one_of(opaque, text)
moments = st.integers(-300_000_000, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
urls = st.integers(0, len(ADDRESSES) - 1).map(address)
texts = st.lists(text, max_size=12).map(tuple)

donors = st.builds(
    DonorHeader,
    id=any_id,
    name=text,
    stage=st.sampled_from(LifecycleStage),
    tier=st.none() | st.sampled_from(Tier),
    owner_name=st.none() | text,
    household_name=st.none() | text,
    warnings=texts,
    record_url=urls,
)
claims = st.builds(
    VerifiedClaim,
    claim=st.builds(Claim, text=some_text.map(lambda value: value[:600]), cites=texts),
    verdict=st.sampled_from(Verdict),
)
origins = st.one_of(
    st.builds(Origin, kind=st.just("model"), model=text),
    st.builds(Origin, kind=st.just("facts"), fallback_reason=text),
)
confidences = st.builds(
    Confidence, score=st.integers(0, 100), level=st.sampled_from(("high", "medium", "low")), reasons=texts
)
entries = st.builds(TimelineEntry, at=st.one_of(days, moments), kind=text, text=text, record_id=text)
histories = st.lists(entries, max_size=30).map(tuple)
changes = st.lists(
    st.builds(
        FieldChange,
        record=st.one_of(st.sampled_from(("new", "donor")), text),
        field=text,
        before=text,
        after=text,
    ),
    max_size=12,
).map(tuple)
matches = st.lists(
    st.builds(DonorMatch, id=any_id, name=text, city=st.none() | text, email=st.none() | text), max_size=120
).map(tuple)
wanted = st.sampled_from(("summary", "timeline"))
people = st.sampled_from((None, "U0OLIVIA0", "U0 <!here>"))

sources = st.lists(st.builds(Source, id=text, label=text), max_size=6).map(tuple)

summaries = st.builds(
    SummaryShown,
    answer_id=opaque,
    donor=donors,
    summary=st.builds(
        Summary,
        claims=st.lists(claims, max_size=9).map(tuple),
        removed=st.integers(0, 9),
        not_seen=texts,
        contradictions=st.lists(st.builds(Contradiction, text=text, cites=texts)).map(tuple),
        confidence=confidences,
        origin=origins,
        as_of=days,
    ),
    timeline=histories,
    sources=sources,
    shared_by=people,
    reference=text,
)
cleanups = st.builds(
    CleanupShown,
    item_id=opaque,
    donor=donors,
    reason=text,
    text=text,
    waiting=text,
    asked_by_user_id=people.map(lambda user: user or ""),
    asked_by=text,
    asked_at=moments,
    steward_user_id=people,
    state=st.sampled_from(CleanupState),
    answered_by_user_id=people,
    answered_by=st.none() | text,
    answered_at=st.none() | moments,
    answer=text,
    reference=text,
)
labels = st.lists(text, min_size=1, max_size=24).map(tuple)
charts = labels.flatmap(
    lambda names: st.builds(
        Chart,
        title=text,
        unit=st.sampled_from(("", "%")),
        categories=st.just(names),
        series=st.lists(
            st.builds(Series, name=text, values=st.just(tuple(float(n) for n in range(len(names))))),
            min_size=1,
            max_size=3,
        ).map(tuple),
    )
)
sections = st.builds(
    DigestSection,
    id=text,
    title=text,
    says=text,
    chart=st.none() | charts,
    columns=st.just(("A", "", "C")),
    rows=st.lists(st.tuples(text, text, text), max_size=70).map(tuple),
    links=st.lists(st.none() | urls, max_size=5).map(tuple),
    notes=texts,
)
alarms = st.builds(
    AlarmCard,
    alarm_id=opaque,
    headline=text,
    since=moments,
    at=moments,
    evidence=texts,
    version=text,
    owner_user_id=people,
    owner=text,
    pause=st.none() | st.just("recommend"),
    roll_back=st.none() | some_text,
    no_roll_back=text,
    choices=st.lists(
        st.builds(
            AlarmChoice,
            what=st.sampled_from(("paused", "rolled_back", "acknowledged")),
            by_user_id=people.map(lambda user: user or ""),
            by_name=text,
            at=moments,
            note=text,
        ),
        max_size=6,
    ).map(tuple),
    is_open=st.booleans(),
    reference=text,
)

outcomes = st.one_of(
    summaries,
    alarms,
    st.builds(PulseAsked, pulse_id=any_id, question=text),
    st.builds(TimelineShown, donor=donors, timeline=histories, as_of=days, reference=text),
    st.builds(DonorPicker, query=text, wanted=wanted, matches=matches),
    st.builds(NoDonorFound, query=text, wanted=wanted, near=matches),
    st.builds(HelpShown, unknown=text),
    st.builds(CheckpointShown, size=st.integers(0, 10**9), note=text),
    st.builds(
        ForDonorShown,
        donor_name=text,
        organisation=text,
        as_of=days,
        told=st.lists(text, max_size=60).map(tuple),
        disclosure=texts,
        reference=text,
    ),
    st.builds(CleanupListShown, items=st.lists(cleanups, max_size=10).map(tuple), more=st.integers(0, 9)),
    st.builds(Notice, text=text, next_step=text, reference=text, mention=people),
    st.builds(
        HeldNotice,
        donor=donors,
        happened=text,
        proposal=text,
        reasons=texts,
        elsewhere=text,
        elsewhere_url=st.none() | text,
        reference=text,
    ),
    st.builds(AbsenceShown, headline=text, lines=texts, next_step=text, absence_id=st.none() | opaque),
    st.builds(
        DecisionList,
        title=text,
        items=st.lists(
            st.builds(
                ListedDecision, donor_name=text, proposal=text, due_at=st.none() | moments, standing=text
            ),
            max_size=40,
        ).map(tuple),
        next_step=text,
        mentions=st.lists(opaque, max_size=3).map(tuple),
    ),
    st.builds(
        DigestShown,
        title=text,
        period_start=moments,
        period_end=moments,
        headline=text,
        figures=st.lists(
            st.builds(DigestFigure, label=text, value=text, before=st.none() | text), max_size=60
        ).map(tuple),
        team=st.none() | text,
        sections=st.lists(sections, max_size=4).map(tuple),
        footnotes=texts,
        late=st.booleans(),
        charts=st.booleans(),
    ),
    st.builds(DigestDetail, section=sections, charts=st.booleans()),
)
edits = st.builds(
    CardEdit,
    by_user_id=people.map(lambda user: user or ""),
    by_name=text,
    at=moments,
    differences=changes,
    reason=text,
    reason_text=text,
)
cards = st.builds(
    EscalationCard,
    edits=st.lists(edits, max_size=4).map(tuple),
    footers=texts,
    escalation_id=opaque,
    donor=donors,
    came_back=text,
    awaits=text,
    happened=text,
    proposal=text,
    proposal_details=text,
    changes=changes,
    signals=st.lists(claims, max_size=6).map(tuple),
    removed=st.integers(0, 3),
    gates=texts,
    unknowns=texts,
    alternatives=texts,
    confidence=confidences,
    origin=origins,
    recent=histories,
    sources=sources,
    undo=st.sampled_from(UndoPromise),
    undo_text=text,
    decider=text,
    route=text,
    created_at=moments,
    due_at=moments,
    reference=text,
)
undos = st.builds(
    UndoShown,
    stage=st.sampled_from(("asked", "refused", "done")),
    by_user_id=people.map(lambda user: user or ""),
    by_name=text,
    at=moments,
    instead=text,
    changes=changes,
    differences=st.lists(
        st.builds(Difference, record=text, field=text, before=text, written=text, now=text), max_size=10
    ).map(tuple),
    rest=text,
    note=text,
)
statuses = st.builds(
    CardStatus,
    state=st.sampled_from(EscalationState),
    by_user_id=people,
    by_name=st.none() | text,
    at=st.none() | moments,
    deferred_until=st.none() | moments,
    execution=st.none()
    | st.builds(
        Execution,
        ref=st.none() | text,
        record_url=urls,
        changes=changes,
        verified=st.booleans(),
        problem=text,
        at=moments,
        undo=st.none() | undos,
    ),
    note=text,
    reason=text,
    reason_text=text,
    passed=st.none()
    | st.builds(
        PassedOn,
        to=text,
        by=st.none() | text,
        by_user_id=people,
        reason=text,
        note=text,
        why=text,
        at=moments,
    ),
)
override_forms = st.builds(
    OverrideForm,
    override=st.sampled_from((Override.DECLINE, Override.ESCALATE, Override.SEND_BACK)),
    escalation_id=opaque,
    donor_name=text,
    proposal=text,
    reasons=st.just(tuple(Choice(value=code.value, label=LABELS[code]) for code in OverrideReason)),
    next_user_id=people,
    next_hint=text,
    channel_id=st.just("C0OLIVIA0"),
)
items = st.lists(
    st.builds(
        QueueItem,
        escalation_id=opaque,
        donor_name=text,
        proposal=text,
        state=st.sampled_from(EscalationState),
        due_at=moments,
        deferred_until=st.none() | moments,
        permalink=urls,
        has_card=st.booleans(),
        can_undo=st.booleans(),
        decided_by=st.none() | text,
        waits_for=text,
    ),
    max_size=30,
    unique_by=lambda item: item.escalation_id,
).map(tuple)
homes = st.builds(
    HomeShown,
    name=text,
    open=items,
    deferred=items,
    elsewhere=items,
    decided=items,
    delegations=st.lists(text, max_size=9).map(tuple),
    together=st.integers(0, 9),
    considered=st.none()
    | st.builds(
        Figures,
        decisions=st.integers(0, 999),
        median_seconds=st.none() | st.integers(0, 10**6),
        looked=st.integers(0, 999),
        edited=st.integers(0, 999),
        faster=st.integers(0, 999),
    ),
)
queues = st.builds(
    QueueShown,
    items=items.map(lambda found: found[:8]),
    page=st.integers(0, 30),
    pages=st.integers(1, 31),
    total=st.integers(0, 500),
    waiting=st.integers(0, 500),
    together=st.integers(0, 9),
)
together = st.builds(
    TogetherForm,
    items=st.lists(
        st.builds(
            TogetherItem,
            escalation_id=opaque,
            revision=st.integers(1, 99),
            donor_name=text,
            proposal=text,
            changes=changes,
            due_at=moments,
        ),
        min_size=1,
        max_size=10,
        unique_by=lambda item: item.escalation_id,
    ).map(tuple),
    more=st.integers(0, 500),
    checked=st.booleans(),
    channel_id=st.just("C0OLIVIA0"),
)
groupings = st.builds(
    GroupingShown,
    grouping_id=text,
    items=items,
    waiting=st.integers(0, 500),
    together=st.integers(0, 9),
    mention=st.none() | text,
)
evidence = st.builds(
    EvidenceShown,
    title=text,
    lines=st.lists(st.builds(EvidenceLine, at=moments, what=text, who=text, details=texts), max_size=80).map(
        tuple
    ),
    reference=text,
)

thorough = settings(
    max_examples=examples(25),
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
CONTROL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066\u2067\ufeff\ud800-\udfff]"
)
MARKUP = re.compile(r"<(?!!date\^|@U0OLIVIA0>|https://crm\.example\.org/)")


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from walk(child)


def check_harmless(blocks: list[dict[str, Any]]) -> None:
    for node in walk(blocks):
        kind = node.get("type")
        if kind == "mrkdwn":
            assert not MARKUP.search(node["text"]), node
        if kind == "link":
            assert node["url"] == RECORD
        if kind == "user":
            assert node["user_id"] == "U0OLIVIA0"
        assert kind not in ("broadcast", "channel", "usergroup", "emoji")
        for value in (v for v in node.values() if isinstance(v, str)):
            assert not CONTROL.search(value), node
            assert value.count("\u2068") == value.count("\u2069"), node
        if kind == "button":
            assert ids.is_opaque(node["value"]) or ids.split(node["value"])
        if "selected_option" in node or kind == "static_select":
            assert all(ids.split(option["value"]) for option in node["options"])


def check_message(text: str, blocks: list[dict[str, Any]]) -> None:
    check_blocks(blocks, "message")
    check_harmless(blocks)
    assert 0 < len(text) <= 1000
    assert "<" not in text.removeprefix("<@U0OLIVIA0> ")
    assert not CONTROL.search(text)
    assert not re.search(r"[$€]\d", text)
    shown = [node["text"] for node in walk(blocks) if isinstance(node.get("text"), str)]
    assert sum(len(part) for part in shown) <= 13_000
    for block in blocks:
        parsed = Block.parse(block)
        if parsed is not None and block["type"] in ("header", "section", "context", "actions", "divider"):
            parsed.to_dict()


@thorough
@given(outcomes, st.sampled_from(("ephemeral", "direct", "channel")))
def test_every_answer_is_one_slack_shows(outcome: Any, place: Any) -> None:
    shown = message(outcome, place)
    check_message(shown.text, shown.blocks)


@pytest.mark.parametrize("words", ["", "\x1f", "\u202e"])
def test_words_without_a_letter_spoil_no_digest(words: str) -> None:
    chart = Chart(title=words, unit="", categories=(words,), series=(Series(name=words, values=(1.0,)),))
    section = DigestSection(
        id="s",
        title="Outcomes",
        says="So it went.",
        chart=chart,
        columns=("A", "B"),
        rows=(("one", words),),
        links=(RECORD,),
        notes=(),
    )
    shown = message(DigestDetail(section=section, charts=True), "channel")
    check_message(shown.text, shown.blocks)


@thorough
@given(cards, statuses)
def test_every_card_is_one_slack_shows(card: EscalationCard, status: CardStatus) -> None:
    shown = escalation_message(card, status)
    check_message(shown.text, shown.blocks)
    pressable = {node["action_id"] for node in walk(shown.blocks) if "action_id" in node}
    is_open = status.state is EscalationState.OPEN
    deciding = {ids.APPROVE, ids.EDIT, ids.MORE} if is_open else set()
    back = {ids.BRING_BACK} if status.state is EscalationState.DEFERRED else set()
    reading = {ids.EVIDENCE, ids.READ_IN_FULL}
    assert pressable == deciding | back | _undoing(card, status) | reading, (
        "whatever is cut can be read in full"
    )


@pytest.mark.parametrize(
    ("state", "most_edits"),
    [(EscalationState.OPEN, 1), (EscalationState.EXECUTED, 1), (EscalationState.OPEN, 0)],
)
def test_a_card_with_more_than_a_message_holds_says_where_the_rest_is(
    state: EscalationState, most_edits: int
) -> None:
    word, many = "considerable " * 60, 30
    changes = (FieldChange(record="donor", field=word, before=word, after=word),) * many
    edit = CardEdit(by_user_id="U0OLIVIA0", by_name=word, at=DUE, differences=changes, reason=word)
    card = CARD.model_copy(
        update={
            **dict.fromkeys(("came_back", "happened", "proposal", "proposal_details", "replaces"), word),
            **dict.fromkeys(("also", "held_back", "gates", "unknowns", "footers"), (word,) * many),
            "donor": CARD.donor.model_copy(update={"warnings": (word,) * many, "record_url": RECORD}),
            "changes": changes,
            "edits": (edit,) * many if most_edits else (),
            "folded": many,
            "undo_text": word,
        }
    )
    differing = Execution(ref="T-77", record_url=RECORD, changes=changes, verified=True, at=DUE, problem=word)
    stands = OPEN.model_copy(
        update={"state": state, "note": word, "since": changes, "at": DUE, "execution": differing}
    )
    shown = escalation_message(card, stands)
    check_message(shown.text, shown.blocks)
    assert str(shown.blocks).count("Edited by") == most_edits
    assert "more under “Details”" in str(shown.blocks)
    check_view(in_full_view(CardInFull(card=card)))


@thorough
@given(cards)
def test_every_card_in_full_is_one_slack_shows(card: EscalationCard) -> None:
    view = in_full_view(CardInFull(card=card))
    check_view(view)
    check_harmless(view["blocks"])
    assert IN_FULL not in str(view["blocks"]), "nothing is left to ask for"


def _read(blocks: list[dict[str, Any]]) -> str:
    return "".join(node["text"] for node in walk(blocks) if type(node.get("text")) is str)


def test_nothing_is_cut_without_a_way_to_all_of_it() -> None:
    details = "Thank her. " + " ".join(f"word{n}" for n in range(400))
    changes = tuple(
        FieldChange(record="donor", field=f"Field {n}", before="b" * 300, after=f"{n}-" + "a" * 300)
        for n in range(40)
    )
    edit = CardEdit(
        by_user_id="U0OLIVIA0", by_name="Olivia", at=DUE, differences=changes[:2], reason="Wording"
    )
    update = {
        "proposal_details": details,
        "changes": changes,
        "edits": (edit,) * 5,
        "unknowns": ("u" * 1000,),
        "alternatives": ("x" * 400,),
    }
    donor = CARD.donor.model_copy(update={"record_url": RECORD})
    card = CARD.model_copy(update=update | {"donor": donor})
    shown = escalation_message(card, OPEN)
    check_message(shown.text, shown.blocks)
    on_card = _read(shown.blocks)
    assert "word399" not in on_card
    assert on_card.count(IN_FULL) >= 4
    assert "32 more under “Details”" in on_card
    assert "2 more under “Details”" in on_card
    view = in_full_view(CardInFull(card=card))
    check_view(view)
    in_window = _read(view["blocks"])
    assert details in in_window
    assert all(change.after in in_window and change.before in in_window for change in changes)
    assert all(text in in_window for text in (*card.unknowns, *card.alternatives, *card.confidence.reasons))
    assert in_window.count("Edited by") == 5


def test_the_longest_card_fits_the_window_or_says_so() -> None:
    change = FieldChange(record="donor", field="Biography", before="b" * 3000, after="a" * 3000)
    view = in_full_view(CardInFull(card=CARD.model_copy(update={"changes": (change,) * 40})))
    check_view(view)
    assert "The rest is too long for Slack" in _read(view["blocks"])


def _undoing(card: EscalationCard, status: CardStatus) -> set[str]:
    undo = status.execution.undo if status.execution else None
    if status.state is not EscalationState.EXECUTED or card.undo is UndoPromise.IMPOSSIBLE:
        return set()
    if undo and undo.stage == "asked":
        return set()
    return {ids.UNDO, ids.UNDO_REST} if undo and undo.rest else {ids.UNDO}


fields = st.builds(
    FormField,
    name=st.sampled_from(sorted(set(FIELD_LABELS) - {"assignee_id"})),
    label=text,
    kind=st.sampled_from(("line", "text")),
    value=text,
    required=st.booleans(),
    most=st.integers(1, 10_000),
    hint=text,
)
pickers = st.builds(
    FormField,
    name=st.just("assignee_id"),
    label=text,
    kind=st.just("choice"),
    value=any_id,
    choices=st.lists(
        st.builds(Choice, value=opaque, label=text), min_size=1, max_size=12, unique_by=lambda c: c.value
    ).map(tuple),
)
forms = st.builds(
    EditForm,
    escalation_id=opaque,
    revision=st.integers(1, 99),
    action_kind=st.just("create_task"),
    action_digest=opaque,
    donor_name=text,
    proposal=text,
    fields=st.tuples(fields, pickers),
    channel_id=opaque,
)
checked_edits = st.builds(
    CheckedEdit,
    edit_id=opaque,
    escalation_id=opaque,
    donor_name=text,
    verdict=st.sampled_from(("approve", "approve_first", "propose", "denied", "impossible", "unchanged")),
    proposal=text,
    differences=changes,
    changes=changes,
    reasons=texts,
    needs=st.just("manager"),
    void=st.just(("manager",)),
    undo_text=text,
    channel_id=opaque,
)


@thorough
@given(forms, checked_edits)
def test_every_window_of_an_edit_is_one_slack_shows(form: EditForm, checked: CheckedEdit) -> None:
    for view in (edit_form_view(form), checked_edit_view(checked)):
        check_view(view)
        check_harmless([block for block in view["blocks"] if block["type"] != "input"])


@thorough
@given(cleanups)
def test_every_record_to_put_right_is_one_slack_shows(shown: CleanupShown) -> None:
    card = cleanup_message(shown)
    check_message(card.text, card.blocks)
    pressable = {node["action_id"] for node in walk(card.blocks) if "action_id" in node}
    assert pressable == ({ids.FIXED, ids.CANNOT_FIX} if shown.state is CleanupState.OPEN else set())


@thorough
@given(override_forms)
def test_every_form_for_overruling_is_one_slack_shows(form: OverrideForm) -> None:
    view = override_form_view(form)
    check_view(view)
    assert not any(
        CONTROL.search(value) for node in walk(view) for value in node.values() if type(value) is str
    )
    carried = json.loads(view["private_metadata"])
    assert carried == {
        "override": form.override.value,
        "about": form.escalation_id,
        "channel_id": "C0OLIVIA0",
        "thread_ts": None,
    }


@thorough
@given(homes)
def test_every_home_is_one_slack_shows(home: HomeShown) -> None:
    view = home_view(home)
    check_view(view)
    check_harmless(view["blocks"])


@thorough
@given(queues | groupings)
def test_every_list_is_one_slack_shows(shown: QueueShown | GroupingShown) -> None:
    listed = message(shown, "ephemeral")
    check_message(listed.text, listed.blocks)


@thorough
@given(together)
def test_every_window_for_several_decisions_is_one_slack_shows(form: TogetherForm) -> None:
    view = window(form)
    check_view(view)
    check_harmless(view["blocks"])


managers_windows = st.one_of(
    st.builds(
        SchedulesShown,
        lines=st.lists(
            st.builds(
                ScheduleLine,
                schedule_id=any_id,
                title=text,
                team=st.none() | text,
                channel=st.sampled_from(("#managers", "C0MANAGER")),
                words=text,
                next_at=st.none() | moments,
                is_on=st.booleans(),
                changed_by=text,
                changed_at=st.none() | moments,
            ),
            max_size=40,
            unique_by=lambda line: line.schedule_id,
        ).map(tuple),
        may_change=st.booleans(),
    ),
    st.builds(
        ScheduleForm,
        schedule_id=opaque,
        mark=opaque,
        title=text,
        team=st.none() | text,
        words=text,
        zone=text,
        day=st.none() | st.sampled_from(("mon", "workday", "month")),
        at=st.none() | st.times(),
        channel=st.sampled_from(("#managers", "C0MANAGER")),
        is_on=st.booleans(),
    ),
    st.builds(
        DecisionsShown,
        team=st.none() | text,
        days=st.just(7),
        behind=st.sampled_from(("all", "undone")),
        lines=st.lists(
            st.builds(
                DecisionLine,
                escalation_id=st.none() | any_id,
                at=moments,
                what=text,
                proposal=text,
                stage=text,
                person=people.map(lambda user: user or ""),
                confidence=st.none() | st.integers(0, 90),
                reason=text,
                reference=text,
            ),
            max_size=8,
        ).map(tuple),
        page=st.integers(0, 3),
        pages=st.integers(1, 4),
        total=st.integers(0, 99),
    ),
)


@thorough
@given(managers_windows)
def test_every_window_of_a_manager_is_one_slack_shows(shown: SchedulesShown | DecisionsShown) -> None:
    check_view(window(shown))


OWN = Figures(decisions=9, median_seconds=7300, looked=4, edited=1, faster=2)


def test_sixty_open_decisions_fit_on_the_home_tab_and_on_a_list() -> None:
    found = tuple(
        QueueItem(
            escalation_id=f"01K{number}",
            donor_name="Ada",
            proposal="x" * 400,
            state=EscalationState.OPEN,
            due_at=datetime(2026, 11, 24, tzinfo=UTC),
            has_card=False,
        )
        for number in range(60)
    )
    every = {"open": found, "deferred": found, "elsewhere": found, "decided": found}
    check_view(
        home_view(HomeShown(name="Olivia", **every, delegations=("x",) * 9, together=9, considered=OWN))
    )
    listed = message(GroupingShown(grouping_id="01KG", items=found, waiting=60, together=60), "channel")
    check_message(listed.text, listed.blocks)


@thorough
@given(evidence)
def test_every_evidence_is_one_slack_shows(shown: EvidenceShown) -> None:
    view = evidence_view(shown)
    check_view(view)
    check_harmless(view["blocks"])


def test_evidence_of_any_length_fits_into_a_window() -> None:
    line = EvidenceLine(
        at=datetime(2026, 11, 24, tzinfo=UTC), what="שלום" * 200, who="x", details=("…" * 900,) * 90
    )
    view = evidence_view(EvidenceShown(title="t", lines=(line,) * 200, reference="r"))
    check_view(view)
    assert "later steps are left out" in str(view["blocks"][-2])


def test_the_other_windows_are_ones_slack_shows() -> None:
    place = OverridePlace(override=Override.SEND_BACK, about="01KITEM")
    check_view(cannot_fix_view(place))
    for view in (
        waiting_view(),
        notice_view("x" * 9000),
        deferral_view(DeferralPlace(escalation_id="01KESC"), date(2026, 11, 25)),
    ):
        check_view(view)
        assert json.loads(json.dumps(view)) == view
