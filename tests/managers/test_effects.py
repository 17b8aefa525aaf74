"""What the override digest says of two hundred histories without an effect, and of some with one planted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from policy.cells import Cells
from policy.digest import Digest
from policy.digest_material import Material
from policy.digest_override import override
from policy.interactions import Kind
from policy.tally import Group, Tally

HISTORIES = 200
SAME = "The shares differ no more than chance would make them."
ACTIONS, STAGES = (
    ("create_task", "update_stage", "draft_message"),
    ("cultivation", "retention", "stewardship"),
)
Approved = Callable[[str, int, int], float]
"""How likely a proposal at a stage, of a prompt's version and with a tenth of confidence is approved."""


def period(
    random: Random, approved: Approved, *, prompt: int, faster: float = 0.1, count: int = 400
) -> Tally:
    """Let people decide about so many proposals."""
    tally, seen = Tally(), Counter[tuple[object, ...]]()
    chosen = (random.choices(several, k=count) for several in (ACTIONS, STAGES, (1, prompt), range(4, 10)))
    for number, (action, stage, version, tenth) in enumerate(zip(*chosen, strict=True)):
        yes = random.random() < approved(stage, version, tenth)
        kinds = [Kind.APPROVED if yes else Kind.DECLINED]
        if yes:
            kinds += [Kind.MEASURED, *([Kind.FASTER] if random.random() < faster else [])]
        for kind in kinds:
            seen[kind, "", f"U{number % 9}", action, stage, "m", f"recommend {version}", tenth] += 1
    tally.add_groups(Group._make((*about, None, times)) for about, times in seen.items())
    return tally


def digest(now: Tally, before: Tally) -> Digest:
    return override(Material(cells=Cells(now, before)))


def said(found: Digest) -> dict[str, str]:
    changes = {figure.label: figure.change for figure in found.figures}
    return {section.id: section.says for section in found.sections} | changes


def test_of_histories_without_an_effect_hardly_any_is_told_to_have_one() -> None:
    alarms = dict.fromkeys(
        ("Approved as proposed", "Approved faster than reading", "by_action", "by_stage"), 0
    )
    alarms |= {"by_version": 0, "reliability": 0}
    for seed in range(HISTORIES):
        random = Random(seed)
        now, before = (period(random, lambda *_: 0.7, prompt=2) for _ in range(2))
        found = said(digest(now, before))
        for figure in ("Approved as proposed", "Approved faster than reading"):
            alarms[figure] += found[figure] != "no clear change"
        for section in ("by_action", "by_stage", "by_version"):
            alarms[section] += found[section] != SAME
        alarms["reliability"] += not found["reliability"].startswith("It cannot be seen")
    # One in twenty by the method; nine in a hundred would come by chance about once in a hundred such tests.
    assert max(alarms.values()) <= 0.09 * HISTORIES, alarms
    assert sum(alarms.values()) <= 0.06 * HISTORIES * len(alarms), alarms


def test_a_fall_at_one_stage_with_a_new_prompt_is_told_where_it_is() -> None:
    def worse(stage: str, version: int, _tenth: int) -> float:
        return 0.3 if (stage, version) == ("retention", 2) else 0.75

    before = period(Random(1), lambda *_: 0.75, prompt=1)
    found = said(digest(period(Random(2), worse, prompt=2, count=900), before))
    assert "least for “Retention”" in found["by_stage"]
    assert "least for “recommend 2 · m”" in found["by_version"]
    assert found["by_action"] == SAME
    assert found["Approved as proposed"] == "down"


def test_a_team_that_begins_to_click_without_reading_is_told() -> None:
    before, now = (period(Random(s), lambda *_: 0.8, prompt=1, faster=f) for s, f in ((3, 0.1), (4, 0.4)))
    found = said(digest(now, before))
    assert found["Approved faster than reading"] == "up"
    assert found["Approved as proposed"] == "no clear change"


def test_a_confidence_that_means_something_is_told_and_so_is_one_that_misleads() -> None:
    before = period(Random(5), lambda *_: 0.7, prompt=1)
    rising = digest(period(Random(6), lambda _s, _v, tenth: tenth / 10, prompt=1), before)
    falling = digest(period(Random(7), lambda _s, _v, tenth: 1.2 - tenth / 10, prompt=1), before)
    assert said(rising)["reliability"].startswith("A higher confidence is approved more often")
    assert said(falling)["reliability"].startswith("Proposals with a high confidence are approved less often")
