"""Rules and the emergency stop in a running service, with another process and with people in Slack."""

from __future__ import annotations

import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.files import policy_source
from tests.forked import Nursery
from tests.loop.conftest import Loop
from tests.loop.shown import Json, buttons, has, text_of
from tests.loop.staging import ADAM, CARMEN, FIONA, GENERAL, JANE, MARA, MASTER_KEY, OLIVIA, OLIVIAS, until

OPERATIONS, GOVERNANCE = "C0OPS0000", "C0GOVERN0"
SHIPPED = policy_source(None)[0]


Countersign = Callable[..., Awaitable[str]]


@pytest.fixture
def countersign(loop: Loop, forking: subprocess.Popen[bytes], tmp_path: Path) -> Countersign:
    """Runs the command line as an operator would, in a process of its own."""
    nursery, said, log = Nursery(forking), tmp_path / "said", tmp_path / "complaints"
    environment = {
        "COUNTERSIGN_DATABASE_URL": loop.database_url,
        "COUNTERSIGN_ORGANISATION_FILE": str(tmp_path / "organisation.yaml"),
        "COUNTERSIGN_MASTER_KEY": MASTER_KEY.get_secret_value(),
    }

    async def run(*arguments: str) -> str:
        said.unlink(missing_ok=True)
        pid = await nursery.start(environment, log, arguments=arguments, folder=tmp_path, said=said)
        assert await nursery.end_of(pid) == {"signal": None, "code": 0}, log.read_text()
        return said.read_text()

    return run


async def test_a_pause_holds_in_the_service_and_another_process_lifts_it(
    loop: Loop, countersign: Countersign
) -> None:
    card = await loop.card()
    await loop.stage.command(OLIVIA, GENERAL, "pause execute")
    refused = await loop.stage.seen(OLIVIA, GENERAL, "Only admins and compliance can pause what I do.")
    assert refused["is_ephemeral"]

    await loop.stage.command(ADAM, GENERAL, "pause execute for 2h: CRM import")
    told = await loop.stage.seen(ADAM, GENERAL, "Paused: writing to the CRM", "by Adam Novak", "CRM import")
    assert told["is_ephemeral"]
    await loop.stage.seen(CARMEN, OPERATIONS, "Paused: writing to the CRM", "CRM import")
    await loop.now_shows(card, "Decision needed: Jane Doe", "Paused by Adam Novak at", "CRM import")

    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Approved: Jane Doe", "Paused by Adam Novak at", "What is approved waits")
    await loop.settled()
    await loop.later(minutes=3)
    await loop.settled()
    assert (await loop.state(card), await loop.stage.written_for(card, JANE)) == ("approved", [])

    said = await countersign("pause")
    assert "execute     paused by Adam Novak" in said
    email = "adam.novak@harbourlight.example"
    said = await countersign("resume", "execute", "--by", email)
    assert said == "Resumed: execute.\nNothing is paused.\n"
    done = await loop.now_shows(card, "Done: Jane Doe", "read back to check")
    assert not has(done, "Paused by")
    assert len(await loop.stage.written_for(card, JANE)) == 1
    await loop.stage.seen(CARMEN, OPERATIONS, "Resumed: writing to the CRM", email)
    assert await loop.dead() == []
    await loop.verified()


async def test_with_drafting_paused_the_facts_speak_and_say_so(loop: Loop) -> None:
    await loop.stage.command(CARMEN, GENERAL, "pause draft it invents figures")
    await loop.stage.seen(CARMEN, GENERAL, "Paused: writing texts with AI", "it invents figures")
    await loop.stage.command(FIONA, GENERAL, "summary Jane Doe")
    summary = await loop.stage.seen(FIONA, GENERAL, "Jane Doe", "Confidence:")
    assert has(summary, "somebody has paused what the AI writes")
    await loop.stage.command(CARMEN, GENERAL, "resume draft")
    await loop.stage.seen(CARMEN, GENERAL, "Only admins can resume what was paused.")


def _policy_and_cases(folder: Path) -> Path:
    """The rules that ship with one more on top, which no case reaches, and a case that does."""
    wanted = SHIPPED.replace("title: Countersign default policy", "title: Nothing on Sundays")
    guard = (
        "guards:\n  - id: never_on_sundays\n    reason: Nothing is put before anybody on a Sunday.\n"
        "    when: cal.weekday == 7 && action.capability == 'auto_route'\n    deny: true\n"
    )
    path = folder / "policy.yaml"
    path.write_text(wanted.replace("guards:\n", guard, 1), encoding="utf-8")
    shipped = Path(__file__).parents[2] / "policy" / "default" / "cases.yaml"
    more = """
  - name: On a Sunday nobody is asked unasked
    facts: {cal.weekday: 7, action.capability: auto_route}
    expect: {outcome: deny, gates: [planned_contact, never_on_sundays]}
  - name: On a Sunday people may act
    facts: {cal.weekday: 7}
    expect:
      outcome: require_approval
      gates: [planned_contact, owner_approves_writes]
      approvals: {owner: 1}
"""
    (folder / "cases.yaml").write_text(shipped.read_text(encoding="utf-8") + more, encoding="utf-8")
    return path


async def test_new_rules_are_rehearsed_decided_in_slack_and_shown(
    loop: Loop, countersign: Countersign, tmp_path: Path
) -> None:
    card = await loop.card()
    folder = tmp_path / "rules"
    folder.mkdir()
    new = _policy_and_cases(folder)
    author = "mara.lindqvist@harbourlight.example"
    said = await countersign("policy", "activate", str(new), "--by", author)
    assert "1 person must agree, other than mara.lindqvist@harbourlight.example" in said

    proposal = await loop.stage.seen(ADAM, GOVERNANCE, "New rules proposed", "Nothing on Sundays", author)
    assert has(proposal, "This cannot loosen the rules", "never_on_sundays: added", "Nobody has agreed yet.")
    await loop.stage.press(MARA, GOVERNANCE, proposal, "cs:policy_approve")
    await loop.stage.seen(MARA, GOVERNANCE, "decided by admins and compliance")
    await loop.stage.press(CARMEN, GOVERNANCE, proposal, "cs:policy_report")
    await loop.stage.shown(CARMEN, "Rules that differ")
    await loop.stage.press(ADAM, GOVERNANCE, proposal, "cs:policy_shadow")
    await loop.stage.seen(ADAM, GOVERNANCE, "asked beside those in force, and decide nothing")
    await loop.stage.press(CARMEN, GOVERNANCE, proposal, "cs:policy_approve")

    async def in_force() -> Json | None:
        messages = await loop.stage.history(ADAM, GOVERNANCE)
        found = next(m for m in messages if m["ts"] == proposal["ts"])
        return found if has(found, "New rules in force", "Agreed to by Carmen Diaz") else None

    settled = await until(in_force, "the proposal's card says that it is in force")
    assert buttons(settled) == {"cs:policy_report"}
    await loop.stage.seen(CARMEN, OPERATIONS, "New rules are in force", "agreed to by Carmen Diaz")
    listed = await countersign("policy", "versions")
    assert "in force" in listed
    assert "Carmen Diaz" in listed

    await loop.stage.command(FIONA, GENERAL, "policy")
    table = await loop.stage.seen(FIONA, GENERAL, "The rules in force", "Nothing on Sundays", "Carmen Diaz")
    assert has(table, "Nothing is paused.", "Rollout phase 2")
    reference = text_of(card).rpartition("Reference ")[2].split()[0]
    await loop.stage.command(FIONA, GENERAL, f"why {reference}")
    why = await loop.stage.seen(FIONA, GENERAL, "The rules that spoke", reference)
    assert "cs:evidence" in buttons(why)
    path = text_of(why).partition("From beginning to end")[2].partition("The rules that spoke")[0]
    places = [path.find(stage) for stage in ("Trigger", "Facts", "Model", "Policy")]
    assert -1 not in places
    assert places == sorted(places)
    assert await loop.dead() == []
    await loop.verified()
