"""Several decisions about one household: intervals that say so, planted effects found, and none invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import sqrt
from random import Random

import pytest

from policy.cells import Cells
from policy.clustered import (
    Arm,
    Compared,
    rate_difference,
    rate_interval,
    share_difference,
    share_interval,
)
from policy.digest import in_words
from policy.digest_amounts import amounts
from policy.digest_material import CampaignFollowed, Followed, GivenAfter, Material
from policy.digest_outcomes import outcomes
from policy.statistics import Interval, Share, difference
from tests.managers.households import compared_of

ENDED = datetime(2026, 6, 30, tzinfo=UTC)
SEEDS = range(300)


def lived(seed: int, households: int, gave: tuple[float, float], alike: bool = True) -> Compared:
    """Let households decide whether to give, most of them always or never; *gave* is after acting and not."""
    random, found = Random(seed), list[dict[str, int]]()
    for _ in range(households):
        one = {"n1": 0, "x1": 0, "n0": 0, "x0": 0}
        arm = random.random() < 0.6
        minded = random.random()
        for _ in range(random.choice((1, 2, 3, 6))):
            acted = arm if alike else random.random() < 0.6
            drawn = minded if random.random() < 0.9 else random.random()
            one["n1" if acted else "n0"] += 1
            one["x1" if acted else "x0"] += drawn < gave[0 if acted else 1]
        found.append(one)
    return compared_of(found)


def naive(pair: Compared) -> Interval:
    return difference(Share(pair.acted.x, pair.acted.n), Share(pair.others.x, pair.others.n))


@pytest.mark.parametrize(
    ("households", "alike", "naively"), [(60, True, 0.15), (200, True, 0.15), (200, False, 0.0)]
)
def test_no_effect_is_found_where_none_was_planted(households: int, alike: bool, naively: float) -> None:
    pairs = [lived(seed, households, (0.3, 0.3), alike) for seed in SEEDS]
    shares = sum(share_difference(pair).excludes_zero for pair in pairs)
    rates = sum(rate_difference(pair).excludes_zero for pair in pairs)
    assert shares <= 0.075 * len(SEEDS)
    assert rates <= 0.075 * len(SEEDS)
    assert sum(naive(pair).excludes_zero for pair in pairs) >= naively * len(SEEDS)


def test_a_planted_effect_is_found() -> None:
    pairs = [lived(seed, 400, (0.34, 0.18)) for seed in range(100)]
    assert sum(share_difference(pair).low > 0 for pair in pairs) >= 85
    assert sum(share_difference(pair).high < 0 for pair in pairs) == 0


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    arms = [lived(seed, 100, (0.3, 0.3)).acted for seed in SEEDS]
    for interval in (share_interval, rate_interval):
        held = sum(interval(arm).low <= 0.3 <= interval(arm).high for arm in arms)
        assert 0.91 <= held / len(SEEDS) <= 0.99


def test_decisions_of_households_of_their_own_are_as_good_as_independent() -> None:
    one = Arm(households=200, n=200, x=60, xx=60, xn=60, nn=200)
    found, plain = share_interval(one), Share(60, 200).interval
    assert one.design_effect == pytest.approx(200 / 199)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=0.002)


def test_the_variance_is_the_one_of_the_textbook() -> None:
    # The sandwich of a share, by hand: residuals 2-2p, 0-p, 1-2p, 3-4p with p = 6/9.
    one = compared_of({"n1": n, "x1": x, "n0": 0, "x0": 0} for n, x in ((2, 2), (1, 0), (2, 1), (4, 3))).acted
    residuals = [2 - 2 * 6 / 9, -6 / 9, 1 - 2 * 6 / 9, 3 - 4 * 6 / 9]
    assert one.variance == pytest.approx(4 / 3 * sum(r * r for r in residuals) / 81)
    assert one.design_effect == 1.0, "fewer than the binomial's variance is never claimed"


def test_who_is_in_both_groups_is_not_two_people() -> None:
    apart = Compared(Arm(50, 50, 20, 20, 20, 50), Arm(50, 50, 10, 10, 10, 50))
    both = Compared(apart.acted, apart.others, xx=10, xn=20, nx=10, nn=50)
    assert sqrt(both.covariance) > 0
    wide, narrow = share_difference(apart), share_difference(both)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_nothing_and_nobody_are_no_certainty() -> None:
    nobody, never = Arm(), Arm(households=30, n=60, x=0, xx=0, xn=0, nn=120)
    assert (share_interval(nobody), rate_interval(nobody)) == (Interval(0, 1), Interval(0, 0))
    assert share_interval(never).low == 0
    assert share_interval(never).high == pytest.approx(0.122, abs=0.001), "as of thirty, not of sixty"
    assert rate_interval(never).high == pytest.approx(0.123, abs=0.001)


def material(pairs: dict[str, Compared]) -> Material:
    campaigns = [CampaignFollowed(name=n, ended_at=ENDED, pair=p) for n, p in pairs.items()]
    one = next(iter(pairs.values()))
    followed = (Followed(action_kind="", pair=one), Followed(action_kind="create_task", pair=one))
    return Material(cells=Cells(), followed={"gave": followed}, campaigns=tuple(campaigns))


def test_a_digest_names_the_campaign_with_the_effect_and_no_other() -> None:
    pairs = {f"Appeal {n}": lived(n, 120, (0.3, 0.3)) for n in range(9)}
    told = outcomes(material(pairs | {"Gala": lived(7, 400, (0.5, 0.2))}))
    section = next(each for each in told.sections if each.id == "campaigns")
    assert section.says == "Of 10 campaigns, clearly more donors gave after what was acted on in “Gala”."
    assert section.notes[0].startswith("This is a comparison, not a proof of effect")
    assert [row[0] for row in section.rows if row[1] != "no clear difference"] == ["Gala"]
    none = outcomes(material(pairs))
    assert none.sections[1].says.startswith("In none of 9 campaigns")
    assert none.headline.endswith(": no clear difference.")


def test_of_few_households_no_percentage_is_given_however_many_decisions() -> None:
    few = lived(1, 19, (0.9, 0.9))
    digest = outcomes(material({"Gala": few}))
    assert "%" not in "".join(
        in_words(cell) for section in digest.sections for row in section.rows for cell in row
    )
    assert digest.headline.startswith("Too few to compare: decisions about ")
    assert in_words(digest.figures[1].value) == f"{few.acted.x} of {few.acted.n}"
    assert [section.chart for section in digest.sections] == [None] * len(digest.sections)


def test_amounts_are_said_for_each_currency_by_itself_and_only_of_enough_households() -> None:
    many = tuple(range(1000, 3100, 100))  # 21 households: 10.00 to 30.00
    one_large = (*many[:-1], 100_000)
    given = [
        GivenAfter(currency="EUR", acted=True, totals=many[:19]),
        GivenAfter(currency="USD", acted=True, totals=one_large),
        GivenAfter(currency="USD", acted=False, totals=many),
    ]
    section = amounts(given, ["not causal"])
    assert section.says == (
        "Households that gave in USD gave a median of $20 after what was acted on, and $20 after what was "
        "not: no clear difference."
    )
    assert tuple(tuple(map(in_words, row)) for row in section.rows) == (
        ("USD, acted on", "21", "$20", "$15 to $25", "$1,390", "fewer than 5"),
        ("USD, not acted on", "21", "$20", "$15 to $25", "$420", "8 of 21"),
        ("EUR, acted on", "19", "too few", "too few", "too few", "too few"),
    )
    assert section.notes[0] == "not causal"
    assert amounts(given[:1], ()).says == (
        "Too few to compare: at least 20 households have to have given in one currency after what was acted "
        "on, and after what was not; most are 19 in EUR."
    )
    assert amounts([], ()).says == "No gift with a known amount came after a decision that was followed."


def test_decisions_from_before_households_were_counted_are_named() -> None:
    nothing = material({"A": Compared(Arm(), Arm())})
    old = outcomes(replace(nothing, lone_donors=3)).footnotes
    assert old[-1].startswith("3 decisions of these come from before households were counted")
    assert outcomes(nothing).footnotes == old[:-1]
