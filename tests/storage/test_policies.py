"""Pauses, policy versions, proposals and shadow decisions, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage.database import Database
from storage.errors import ConstraintError
from storage.pauses import Pause
from storage.policies import PolicyProposal
from storage.shadow import ShadowDecision

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAUSE = Pause(
    capability="execute",
    change_id="c1",
    by="slack:U1",
    by_name="Adam",
    reason="import",
    since=NOW,
    until=NOW + HOUR,
)
FIRST = PolicyProposal(
    id="p1",
    version="v1",
    base_version=None,
    kind="first",
    state="in_force",
    author="this release",
    people_needed=0,
    report=b"{}",
    proposed_at=NOW,
    correlation_id="k",
)
SECOND = replace(
    FIRST, id="p2", version="v2", base_version="v1", kind="change", state="proposed", people_needed=2
)


async def test_a_pause_is_over_at_its_moment_and_only_the_right_one_is_lifted(database: Database) -> None:
    await database.write(lambda t: t.pauses.put(PAUSE))
    assert await database.read(lambda t: t.pauses.in_force(NOW)) == (PAUSE,)
    assert await database.read(lambda t: t.pauses.in_force(NOW + HOUR)) == ()
    again = replace(PAUSE, change_id="c2", until=None)
    await database.write(lambda t: t.pauses.put(again))
    assert await database.write(lambda t: t.pauses.lift("execute", change_id="c1")) is False
    assert await database.read(lambda t: t.pauses.in_force(NOW + 99 * HOUR)) == (again,)
    assert await database.write(lambda t: t.pauses.lift("execute")) is True
    assert await database.write(lambda t: t.pauses.lift("execute")) is False


async def test_one_version_rules_and_never_two(database: Database) -> None:
    assert await database.read(lambda t: t.policies.version_in_force()) is None
    for version in ("v1", "v2"):
        await database.write(lambda t, v=version: t.policies.keep(v, "Rules", f"text of {v}", NOW))  # type: ignore[misc]
    await database.write(lambda t: t.policies.propose(FIRST))
    await database.write(lambda t: t.policies.propose(SECOND))
    with pytest.raises(ConstraintError):
        await database.write(lambda t: t.policies.move("p2", ("proposed",), "in_force"))
    assert await database.read(lambda t: t.policies.version_in_force()) == "v1"
    assert await database.read(lambda t: t.policies.open_proposals()) == [SECOND]
    assert await database.read(lambda t: [p.id for p in t.policies.history(9)]) == ["p2", "p1"]
    assert await database.read(lambda t: t.policies.versions_like("v")) == ["v1", "v2"]
    stored = await database.read(lambda t: t.policies.version("v2"))
    assert stored is not None
    assert (stored.source, stored.is_intact) == ("text of v2", True)
    assert replace(stored, source="text of v3").is_intact is False


async def test_of_two_decisions_in_the_same_instant_one_counts(database: Database) -> None:
    await database.write(lambda t: t.policies.keep("v2", "Rules", "text", NOW))
    await database.write(lambda t: t.policies.propose(SECOND))
    moves = (
        database.write(
            lambda t: t.policies.move("p2", ("proposed",), "proposed", revision=1, approvals=b"[1]")
        ),
        database.write(lambda t: t.policies.move("p2", ("proposed",), "rejected", revision=1)),
    )
    assert [moved is None for moved in await asyncio.gather(*moves)].count(True) == 1


async def test_shadow_decisions_are_counted_by_pair(database: Database) -> None:
    one = ShadowDecision(
        id="s1",
        at=NOW,
        candidate="v2",
        in_force="v1",
        outcome="allow",
        candidate_outcome="deny",
        agrees=False,
        details=b"{}",
        correlation_id="k",
    )
    same = replace(one, id="s2", candidate_outcome="allow", agrees=True)
    for each in (one, same, replace(same, id="s3"), replace(one, id="s4", candidate_outcome=None)):
        await database.write(lambda t, d=each: t.shadow.add(d))  # type: ignore[misc]
    counts = await database.read(lambda t: t.shadow.counts("v2"))
    assert counts == {("allow", "deny"): 1, ("allow", "allow"): 2, ("allow", None): 1}
    assert await database.read(lambda t: t.shadow.disagreed("v2")) == 2
    assert [d.id for d in await database.read(lambda t: t.shadow.disagreements("v2", 9))] == ["s4", "s1"]
