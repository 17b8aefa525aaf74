"""Changing the rules: who may, how many it takes, what is refused, and what rules when none can be read."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.files import policy_source
from bot.policy_in_force import PolicyInForce
from bot.starting import settle_policy
from handlers.commands import (
    ChatUser,
    Command,
    PolicyApprovalClicked,
    PolicyRejectionClicked,
    PolicyReportRequested,
    PolicyRequested,
    ReplyAddress,
    WhyRequested,
)
from handlers.context import Arrived
from handlers.outcomes import Notice, Outcome, PolicyReportPage, PolicyReportShown, PolicyShown, WhyShown
from handlers.ports import Colleague
from handlers.record.apply_retention import apply_rules
from handlers.rules.policy_change import ProposalRefused, propose, put_back, put_in_force
from handlers.rules.proposal_view import card_of_proposal, report_of, shown_report
from handlers.rules.rehearse_policy import backtest_report
from handlers.rules.report_pages import report_pages
from handlers.rules.shadow_report import shadow_report, start_shadow, stop_shadow
from policy.closed import SENTENCE, nothing_allowed
from policy.decide import CompiledPolicy, compile_policy
from policy.escalation import EscalationState as S
from policy.language import PolicyInvalidError, parse_policy
from policy.organisation import Person
from policy.retention import DEFAULT_RETENTION
from storage.policies import PolicyProposal, source_digest
from storage.schema import POLICY_VERSIONS
from tests.handlers.conftest import OWNER, STRANGER, House, house_in
from tests.handlers.test_pausing import _approve, _cards, _entries, _event, _kinds

ADAM = Colleague("UADAM", "Adam Novak", "adam@x.example", "America/New_York", is_full_member=True)
CARMEN = Colleague("UCARMEN", "Carmen Diaz", "carmen@x.example", "America/New_York", is_full_member=True)
MARA = "mara@x.example"
SHIPPED = policy_source(None)[0]
LOOSER = SHIPPED.replace("title: Countersign default policy", "title: Looser rules").replace(
    "    when: rollout.stopped\n", "    when: rollout.stopped && action.is_ask\n"
)
STRICTER = SHIPPED.replace("title: Countersign default policy", "title: Stricter rules").replace(
    "guards:\n",
    "guards:\n  - id: nobody_at_all\n    reason: Nothing is to happen until the audit is over.\n"
    "    when: action.is_write\n    deny: true\n",
    1,
)


def _compiled(source: str) -> CompiledPolicy:
    return compile_policy(parse_policy(source, "test"))


def governed(house: House) -> House:
    """Have people in it who decide on rules, and rules that come from its database."""
    people = (
        *house.context.organisation.people,
        Person(email=ADAM.email, roles=("admin",)),
        Person(email=CARMEN.email, roles=("compliance",)),
    )
    settings = {"people": people, "operations_channel": "COPS", "governance_channel": "CGOV"}
    organisation = house.context.organisation.model_copy(update=settings)
    house.context = dataclasses.replace(house.context, organisation=organisation, rules=PolicyInForce())
    house.chat.people = (*house.chat.people, ADAM, CARMEN)
    return house


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    """The service as it is after its first start with the rules that ship."""
    with house_in(migrated, default_policy) as made:
        house = governed(made)
        await settle_policy(house.context, None)
        yield house
        await house.database.close()


def _arrived(house: House) -> Arrived:
    return Arrived(house.ids.new(), house.ids.new(), 1, None, house.clock.now(), house.ids)


async def _propose(house: House, source: str, author: str = MARA) -> PolicyProposal:
    compiled, arrived = _compiled(source), _arrived(house)
    before = await house.database.read(house.context.rules.current)
    report = await backtest_report(house.database, before, compiled)
    proposal = await house.database.write(
        lambda tx: propose(tx, arrived, compiled, source, author=author, report=report, kind="change")
    )
    await house.work_all()
    return proposal


async def _do(house: House, command: Command, by: Colleague) -> Outcome | None:
    before = len(house.chat.whispers)
    await house.accept(command)
    await house.work_all()
    told = [outcome for user, outcome in house.chat.whispers[before:] if user == by.id]
    return told[-1] if told else None


async def _agree(house: House, proposal: PolicyProposal, by: Colleague) -> Outcome | None:
    to = ReplyAddress(channel_id="CGOV", user_id=by.id)
    command = PolicyApprovalClicked(proposal_id=proposal.id, by=ChatUser(id=by.id), reply_to=to)
    return await _do(house, command, by)


async def _turn_down(house: House, proposal: PolicyProposal, by: Colleague) -> Outcome | None:
    to = ReplyAddress(channel_id="CGOV", user_id=by.id)
    command = PolicyRejectionClicked(proposal_id=proposal.id, by=ChatUser(id=by.id), reply_to=to)
    return await _do(house, command, by)


async def _title(house: House) -> str:
    return (await house.database.read(house.context.rules.current)).policy.title


async def _state(house: House, proposal: PolicyProposal) -> str:
    found = await house.database.read(lambda tx: tx.policies.proposal(proposal.id))
    assert found is not None
    return found.state


async def test_the_first_start_records_the_rules_it_rules_by(house: House) -> None:
    in_force = await house.database.read(lambda tx: tx.policies.in_force())
    assert in_force is not None
    assert (in_force.kind, in_force.author, in_force.state) == ("first", "this release", "in_force")
    assert await _title(house) == "Countersign default policy"
    await settle_policy(house.context, None)
    assert await _kinds(house) == ["policy.activated"], "a second start with the same rules changes nothing"
    assert house.chat.posts == []


async def test_loosening_takes_two_people_other_than_the_author(house: House) -> None:
    proposal = await _propose(house, LOOSER, author=CARMEN.email)
    channel, _, card = house.chat.proposals[-1]
    assert (channel, card.state, card.may_loosen, card.still_needed) == ("CGOV", "proposed", True, 2)
    for who, text in [
        (STRANGER, "Changes of the rules are decided by admins and compliance."),
        (OWNER, "Changes of the rules are decided by admins and compliance."),
        (CARMEN, "You put this change forward, so others have to agree to it."),
    ]:
        told = await _agree(house, proposal, who)
        assert isinstance(told, Notice)
        assert told.text == text
    told = await _agree(house, proposal, ADAM)
    assert isinstance(told, Notice)
    assert told.next_step == "1 more must agree."
    told = await _agree(house, proposal, ADAM)
    assert isinstance(told, Notice)
    assert told.text == "You have already agreed to this change; it counts once."
    assert await _title(house) == "Countersign default policy"
    assert (await _kinds(house)).count("policy.click_refused") == 4


async def test_without_a_governance_channel_operations_decide(house: House) -> None:
    organisation = house.context.organisation.model_copy(update={"governance_channel": None})
    house.context = dataclasses.replace(house.context, organisation=organisation)
    await _propose(house, STRICTER)
    assert house.chat.proposals[-1][0] == "COPS"


async def test_with_the_second_yes_the_new_rules_rule_at_once_everywhere(house: House) -> None:
    elsewhere = PolicyInForce()  # another replica, with its own memory of what was compiled
    await house.database.read(elsewhere.current)
    proposal = await _propose(house, LOOSER)
    await _agree(house, proposal, ADAM)
    await _agree(house, proposal, CARMEN)
    assert await _title(house) == "Looser rules"
    assert (await house.database.read(elsewhere.current)).policy.title == "Looser rules"
    _, at, card = house.chat.proposals[-1]
    assert at is not None
    assert (card.state, card.approvals, card.decided_by) == (
        "in_force",
        ("Adam Novak", "Carmen Diaz"),
        "Adam Novak and Carmen Diaz",
    )
    [entry] = [e for e in await _entries(house) if e.kind == "policy.activated" and e.actor != "system"]
    assert entry.payload is not None
    assert entry.payload["version"] == _compiled(LOOSER).version
    assert entry.payload["author"] == MARA
    assert [given["name"] for given in entry.payload["approvals"]] == ["Adam Novak", "Carmen Diaz"]
    assert entry.payload["report"]["gates"][0]["id"] == "emergency_stop"
    posts = [(channel, outcome) for channel, _, outcome in house.chat.posts]
    assert posts[-1][0] == "COPS"
    assert isinstance(posts[-1][1], Notice)
    assert "New rules are in force" in posts[-1][1].text


async def test_tightening_takes_one_person_other_than_the_author(house: House) -> None:
    proposal = await _propose(house, STRICTER, author=ADAM.email)
    assert house.chat.proposals[-1][2].may_loosen is False
    await _agree(house, proposal, ADAM)
    assert await _state(house, proposal) == "proposed"
    await _agree(house, proposal, CARMEN)
    assert await _title(house) == "Stricter rules"


async def test_a_rejected_change_never_rules(house: House) -> None:
    proposal = await _propose(house, LOOSER)
    await _agree(house, proposal, ADAM)
    told = await _turn_down(house, proposal, STRANGER)
    assert isinstance(told, Notice)
    await _turn_down(house, proposal, CARMEN)
    assert (await _state(house, proposal), house.chat.proposals[-1][2].state) == ("rejected", "rejected")
    told = await _agree(house, proposal, CARMEN)
    assert isinstance(told, Notice)
    assert told.text == "This change was already turned down by Carmen Diaz."
    assert await _title(house) == "Countersign default policy"


async def test_of_two_proposals_only_the_first_to_be_agreed_to_can_rule(house: House) -> None:
    one, other = await _propose(house, LOOSER), await _propose(house, STRICTER)
    await _agree(house, one, ADAM)
    await _agree(house, other, ADAM)
    assert await _title(house) == "Stricter rules"
    assert await _state(house, one) == "withdrawn", "its report compared with rules that are gone"
    told = await _agree(house, one, CARMEN)
    assert isinstance(told, Notice)
    assert told.text.startswith("This change was withdrawn")


async def test_the_same_rules_are_not_proposed_twice_or_over_themselves(house: House) -> None:
    with pytest.raises(ProposalRefused, match="in force already"):
        await _propose(house, SHIPPED)
    await _propose(house, LOOSER)
    with pytest.raises(ProposalRefused, match="proposed already"):
        await _propose(house, LOOSER)


async def test_two_people_clicking_at_the_same_instant_count_as_two(house: House) -> None:
    proposal = await _propose(house, LOOSER)
    for who in (ADAM, CARMEN):
        to = ReplyAddress(channel_id="CGOV", user_id=who.id)
        await house.accept(
            PolicyApprovalClicked(proposal_id=proposal.id, by=ChatUser(id=who.id), reply_to=to)
        )
    replica = dataclasses.replace(house, dead=[])
    await asyncio.gather(house.work(50), replica.work(50))
    await house.work_all()
    assert await _title(house) == "Looser rules"
    assert (await _kinds(house)).count("policy.activated") == 2
    assert house.dead == replica.dead == []


async def test_another_policy_in_the_settings_is_only_a_proposal(house: House, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(LOOSER, encoding="utf-8")
    for _ in range(2):  # however often it starts
        await settle_policy(house.context, file)
        await house.work_all()
    assert await _title(house) == "Countersign default policy"
    [(channel, _, notice)] = house.chat.posts
    assert channel == "COPS"
    assert isinstance(notice, Notice)
    assert "is not the one in force, and does not rule" in notice.text
    assert f"countersign policy activate {file}" in notice.next_step


async def test_a_faulty_file_is_refused_whole_and_the_rules_stay(house: House, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(LOOSER.replace("action.is_ask", "action.is_aks"), encoding="utf-8")
    await settle_policy(house.context, file)
    await house.work_all()
    assert await _title(house) == "Countersign default policy"
    [(_, _, notice)] = house.chat.posts
    assert isinstance(notice, Notice)
    assert "refused whole" in notice.text
    assert "did you mean action.is_ask" in notice.next_step


async def test_a_faulty_file_at_the_very_first_start_starts_nothing(
    migrated: Path, default_policy: CompiledPolicy, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("policy: 1\n", encoding="utf-8")
    with house_in(migrated, default_policy) as house:
        with pytest.raises(PolicyInvalidError):
            await settle_policy(house.context, file)
        await house.database.close()


async def test_rules_that_a_new_release_reads_no_longer_are_named_with_line_and_remedy(house: House) -> None:
    old = SHIPPED.replace("deny: true", "deny: yes", 1)
    line = old[: old.index("deny: yes")].count("\n") + 1
    await house.database.write(
        lambda tx: (
            tx.policies._connection.execute(
                update(POLICY_VERSIONS).values(source=old, source_digest=source_digest(old))
            )
            and None
        )
    )
    await settle_policy(dataclasses.replace(house.context, rules=PolicyInForce()), None)
    await house.work_all()
    [(_, _, notice)] = house.chat.posts
    assert isinstance(notice, Notice)
    version = await house.database.read(lambda tx: tx.policies.version_in_force())
    assert version is not None
    assert f"The first fault: {version[:12]}:{line}:" in notice.text
    assert f"versions --text {version[:12]} > policy.yaml" in notice.next_step


@pytest.mark.parametrize("damage", ["garbled", "shortened"])
async def test_rules_that_cannot_be_read_allow_nothing_and_lose_nothing(house: House, damage: str) -> None:
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, S.OPEN)
    text = (
        SHIPPED[: len(SHIPPED) // 2] if damage == "shortened" else SHIPPED.replace("deny: true", "oblige: {}")
    )
    await house.database.write(
        lambda tx: tx.policies._connection.execute(update(POLICY_VERSIONS).values(source=text)) and None
    )
    restarted = dataclasses.replace(house.context, rules=PolicyInForce())
    before, house.context = house.context, restarted
    await settle_policy(restarted, None)
    await settle_policy(restarted, None)
    await house.work_all()
    [(channel, _, notice)] = house.chat.posts
    assert channel == "COPS"
    assert isinstance(notice, Notice)
    assert "cannot be read, so nothing is allowed" in notice.text
    assert "Its text was changed after it was stored." in notice.text
    assert "countersign policy versions --text " in notice.next_step
    assert (await house.database.read(restarted.rules.current)).version == nothing_allowed().version
    assert (await _kinds(house)).count("policy.unreadable") == 1

    await _event(house, 1)
    await house.work_all()
    held = [o for _, _, o in house.chat.posts if getattr(o, "reasons", ())]
    assert [o.reasons[0] for o in held] == [SENTENCE]  # type: ignore[union-attr]
    await _approve(house, card)
    await house.work_all()
    assert (house.crm.written, await _cards(house, S.APPROVED)) == ([], [card]), "the approval waits"

    # A process that had read the rules before they were damaged goes on by them.
    house.context = before
    assert await _title(house) == "Countersign default policy"
    house.clock.move(minutes=2)
    await house.work_all()
    assert len(house.crm.written) == 1


async def test_the_text_of_the_rules_in_force_is_put_back_without_anybodys_agreement(house: House) -> None:
    """Its version is the digest of what it means: these are the very rules that were agreed to."""
    await settle_policy(house.context, None)
    compiled, arrived = _compiled(SHIPPED), _arrived(house)
    stricter = _compiled(STRICTER)

    async def put_back_as(rules: CompiledPolicy, text: str) -> bool:
        return await house.database.write(lambda tx: put_back(tx, arrived, rules, text, author=MARA))

    assert not await put_back_as(compiled, SHIPPED), "nothing is wrong with it"
    damaged = update(POLICY_VERSIONS).values(source=POLICY_VERSIONS.c.source + "#")
    await house.database.write(lambda tx: tx.policies._connection.execute(damaged) and None)
    rules = PolicyInForce()
    assert (await house.database.read(rules.current)).version == nothing_allowed().version
    assert not await put_back_as(stricter, STRICTER), "other rules take the way of every change"
    assert await put_back_as(compiled, SHIPPED)
    assert (await house.database.read(rules.current)).version == compiled.version
    assert (await _kinds(house)).count("policy.put_back") == 1
    stored = await house.database.read(lambda tx: tx.policies.version(compiled.version))
    assert stored is not None
    assert (stored.source, stored.is_intact) == (SHIPPED, True)


async def test_the_same_text_over_more_facts_rules_on_under_its_new_digest(house: House) -> None:
    old = "0" * 64
    arrived = _arrived(house)

    def as_an_older_release(tx: object) -> None:
        tx.policies.keep(old, "Countersign default policy", SHIPPED, arrived.now)  # type: ignore[attr-defined]
        fake = dataclasses.replace(_compiled(SHIPPED), version=old)
        put_in_force(tx, arrived, fake, SHIPPED, kind="first", author="this release")  # type: ignore[arg-type]

    await house.database.write(as_an_older_release)
    assert await house.database.read(lambda tx: tx.policies.version_in_force()) == old
    await settle_policy(house.context, None)
    in_force = await house.database.read(lambda tx: tx.policies.in_force())
    assert in_force is not None
    assert (in_force.kind, in_force.base_version) == ("upgrade", old)
    assert in_force.version == _compiled(SHIPPED).version


async def test_a_candidate_in_the_shadow_is_asked_and_decides_nothing(house: House) -> None:
    candidate, arrived = _compiled(STRICTER), _arrived(house)
    await house.database.write(lambda tx: start_shadow(tx, arrived, candidate, STRICTER, MARA))
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, S.OPEN)
    await _approve(house, card)
    await house.work_all()
    assert len(house.crm.written) == 1, "it stands in nobody's way"
    report = await house.database.read(shadow_report)
    assert report is not None
    assert (report.candidate, report.decisions, report.disagreed) == (candidate.version, 3, 3)
    assert {(p.in_force, p.candidate, p.decisions) for p in report.pairs} == {
        ("allow", "deny", 1),
        ("require_approval", "deny", 2),
    }
    assert {gate for each in report.disagreements for gate in each.gates_added} == {"nobody_at_all"}
    assert await house.database.write(lambda tx: stop_shadow(tx, arrived, MARA))
    await _event(house, 1)
    await house.work_all()
    again = await house.database.read(lambda tx: shadow_report(tx, candidate.version[:8]))
    assert again is not None
    assert again.decisions == 3


async def test_a_candidate_that_cannot_be_read_hurts_nobody(house: House) -> None:
    arrived = _arrived(house)
    await house.database.write(lambda tx: start_shadow(tx, arrived, _compiled(STRICTER), STRICTER, MARA))
    await house.database.write(
        lambda tx: (
            tx.policies._connection.execute(
                update(POLICY_VERSIONS)
                .where(POLICY_VERSIONS.c.version == _compiled(STRICTER).version)
                .values(source="nonsense")
            )
            and None
        )
    )
    await _event(house)
    await house.work_all()
    assert len(house.chat.cards) == 1
    report = await house.database.read(shadow_report)
    assert report is not None
    assert ({p.candidate for p in report.pairs}, report.decisions, report.disagreed) == ({None}, 2, 2)
    assert {each.error for each in report.disagreements} == {"unreadable"}


async def test_activating_the_candidate_ends_its_shadow(house: House) -> None:
    arrived = _arrived(house)
    await house.database.write(lambda tx: start_shadow(tx, arrived, _compiled(STRICTER), STRICTER, MARA))
    proposal = await _propose(house, STRICTER)
    await _agree(house, proposal, ADAM)
    assert await house.database.read(shadow_report) is None


async def test_the_report_window_and_the_table_of_rules(house: House) -> None:
    proposal = await _propose(house, LOOSER)
    await house.accept(PolicyReportRequested(proposal_id=proposal.id, view_id="V1", by=ChatUser(id=ADAM.id)))
    await house.work_all()
    _, shown = house.chat.views[-1]
    assert isinstance(shown, PolicyReportShown)
    assert any("emergency_stop: changed" in line for _, lines in shown.parts for line in lines)

    to = ReplyAddress(channel_id="CANY", user_id=STRANGER.id)
    table = await _do(house, PolicyRequested(by=ChatUser(id=STRANGER.id), reply_to=to), STRANGER)
    assert isinstance(table, PolicyShown)
    assert (table.title, table.by, table.phase) == ("Countersign default policy", "this release", 2)
    assert all(len(answers) == len(table.capabilities) for _, _, answers in table.table)


async def test_the_whole_report_is_in_the_thread_of_the_card_once(house: House) -> None:
    proposal = await _propose(house, LOOSER)
    shown = await house.database.read(lambda tx: shown_report(tx, proposal))
    posted = [outcome for channel, _, outcome in house.chat.posts if isinstance(outcome, PolicyReportPage)]
    assert [(page.number, page.of, page.parts) for page in posted] == [(1, 1, shown.parts)]
    await _agree(house, proposal, ADAM)
    assert sum(isinstance(outcome, PolicyReportPage) for _, _, outcome in house.chat.posts) == 1


async def test_what_was_compared_and_rehearsed_goes_when_its_time_is_over(house: House) -> None:
    candidate, arrived = _compiled(STRICTER), _arrived(house)
    await house.database.write(lambda tx: start_shadow(tx, arrived, candidate, STRICTER, MARA))
    await _event(house)
    await house.work_all()
    refused = await _propose(house, LOOSER)
    await _turn_down(house, refused, ADAM)
    kept = await _propose(house, STRICTER)
    await _agree(house, kept, ADAM)

    house.clock.move(days=399)
    await house.database.write(lambda tx: apply_rules(tx, _arrived(house), DEFAULT_RETENTION) and None)
    assert await house.database.read(lambda tx: tx.shadow.disagreed(candidate.version)) == 2
    house.clock.move(days=2)
    await house.database.write(lambda tx: apply_rules(tx, _arrived(house), DEFAULT_RETENTION) and None)
    assert await house.database.read(lambda tx: tx.shadow.counts(candidate.version)) == {}
    house.clock.move(days=2_557)
    await house.database.write(lambda tx: apply_rules(tx, _arrived(house), DEFAULT_RETENTION) and None)
    gone, stays = await house.database.read(
        lambda tx: [report_of(found) for each in (refused, kept) if (found := tx.policies.proposal(each.id))]
    )
    assert gone is None
    assert stays is not None, "what rules keeps the report it was decided on"
    found = await house.database.read(lambda tx: tx.policies.proposal(refused.id))
    assert found is not None
    card = await house.database.read(lambda tx: card_of_proposal(tx, found))
    assert card.headline == "The time of keeping this report is over. The audit says what was decided."
    noted = [e.payload for e in await _entries(house) if e.kind == "retention.forgotten"]
    assert noted == [
        {"comparisons": 2, "reports": 0, "pulses": 0, "answers": 0},
        {"comparisons": 0, "reports": 1, "pulses": 0, "answers": 0},
    ]


@pytest.mark.parametrize(("lines", "length"), [(0, 5), (39, 5), (40, 5), (400, 5), (90, 240), (3, 9_000)])
def test_a_report_of_any_length_is_posted_whole(lines: int, length: int) -> None:
    listed = tuple(f"{number:04} {'x' * length}" for number in range(lines))
    shown = PolicyReportShown(
        title="T", parts=(("Headline", ("one", "two")), ("Less strict", listed)), reference="r"
    )
    pages = report_pages(shown)
    parts = [part for page in pages for part in page.parts]
    assert [line for title, found in parts if title.startswith("Less strict") for line in found] == [*listed]
    assert parts[0] == ("Headline", ("one", "two"))
    assert [title for title, _ in parts].count("Less strict") == 1
    assert [(page.number, page.of) for page in pages] == [(n, len(pages)) for n in range(1, len(pages) + 1)]
    for page in pages:
        texts = [text for title, found in page.parts for text in (title, *found)]
        assert len(texts) <= 40
        assert sum(map(len, texts)) <= 6_000 or len(texts) == 2, "a single line is never cut here"


async def test_why_tells_which_rule_spoke_by_reference_and_by_donor(house: House) -> None:
    await _event(house)
    await house.work_all()
    [card] = [shown.card for shown in house.chat.cards.values()]
    to = ReplyAddress(channel_id="CANY", user_id=OWNER.id)
    for query in (card.reference, "donor-1"):
        told = await _do(house, WhyRequested(query=query, by=ChatUser(id=OWNER.id), reply_to=to), OWNER)
        assert isinstance(told, WhyShown), told
        [decision] = told.decisions
        assert (decision.reference, decision.escalation_id) == (card.reference, card.escalation_id)
        assert decision.paragraph
        assert decision.rules[0].reason
        assert decision.caution == ""
    house.clock.move(days=1)
    nothing = await _do(house, WhyRequested(query="donor-2", by=ChatUser(id=OWNER.id), reply_to=to), OWNER)
    assert not isinstance(nothing, WhyShown)
