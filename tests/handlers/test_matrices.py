"""The table behind `/donor policy`: computed once per version and phase, and beside the event loop."""

from __future__ import annotations

import asyncio
from threading import current_thread, main_thread

import pytest

from handlers.rules import matrices
from handlers.rules.matrices import Matrices
from policy.closed import nothing_allowed
from policy.decide import CompiledPolicy, compile_policy
from policy.matrix import Matrix
from policy.policy_model import Guard, Policy


class Counted:
    """Counts what is computed, and where."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.fails = False

    def __call__(self, compiled: CompiledPolicy, phase: int) -> Matrix:
        assert current_thread() is not main_thread(), "the event loop waits meanwhile"
        self.asked.append((compiled.policy.title, phase))
        if self.fails:
            raise RuntimeError("no")
        return Matrix(title=compiled.policy.title, version=compiled.version, phase=phase, rows=())


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    made = Counted()
    monkeypatch.setattr(matrices, "lifecycle_matrix", made)
    return made


def rules(title: str) -> CompiledPolicy:
    guard = Guard(id="nothing", reason=f"{title} says no to all.", when="true", deny=True)
    return compile_policy(Policy(policy=1, title=title, guards=(guard,)))


async def test_each_version_and_phase_is_computed_once(counted: Counted) -> None:
    known, one, other = Matrices(), rules("One"), rules("Other")
    found = await asyncio.gather(*(known.of(one, 2) for _ in range(5)))
    assert all(each is found[0] for each in found)
    assert (await known.of(one, 3)).phase == 3
    assert (await known.of(other, 2)).title == "Other"
    assert await known.of(rules("One"), 2) is found[0], "the same version, read again"
    assert counted.asked == [("One", 2), ("One", 3), ("Other", 2)]


async def test_only_the_last_are_remembered_and_no_failure_is(counted: Counted) -> None:
    known = Matrices()
    for number in (*range(9), 8, 0):
        await known.of(rules(f"Rules {number}"), 2)
    assert [title for title, _ in counted.asked] == [*(f"Rules {number}" for number in range(9)), "Rules 0"]
    counted.fails = True
    with pytest.raises(RuntimeError):
        await known.of(nothing_allowed(), 2)
    counted.fails = False
    assert (await known.of(nothing_allowed(), 2)).title == "No rules can be read"
