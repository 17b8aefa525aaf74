"""The outcomes digest: what came after decisions that were acted on and after those that were not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from policy.clustered import Arm, Compared, rate_difference, rate_interval, share_difference, share_interval
from policy.digest import Cell, Chart, Digest, DigestFigure, DigestKind, DigestSection, Series, Told
from policy.digest_amounts import amounts
from policy.digest_material import Came, Followed, Material
from policy.digest_words import NONE, action, count, counted
from policy.statistics import SMALLEST_SHARE, Interval

NOT_CAUSAL = (
    "This is a comparison, not a proof of effect: people chose what to act on, and chose the likelier donors."
)
FOLLOWED = (
    "Only decisions that were followed for the whole time are counted, so the latest ones are missing on "
    "purpose. A gift or a reply counts once per decision, and only after it."
)
CLUSTERED = (
    "Several decisions about one household are not independent: the ranges and “more” or “fewer” go by "
    f"households (Rao and Scott 1992), and percentages are given from {SMALLEST_SHARE} households on."
)
EACH_GIFT_ONCE = "Every gift counts once, after the last decision before it."
LONE = (
    "{decisions} of these come from before households were counted: each of their donors counts as a "
    "household of its own, so the ranges may be too narrow."
)
CAMPAIGN_TIME = "Counted is who gave, to anything, from the decision until the campaign’s end."
WINDOWS: dict[Came, int] = {"gave": 90, "replied": 30, "retained": 365, "gifts": 90}
"""For how many days decisions are followed."""

_SIZES = ("households", "of them", "between")
COLUMNS = ("", "Acted on", *_SIZES, "Not acted on", *_SIZES)
MOST_CAMPAIGNS = 20


@dataclass(frozen=True, slots=True)
class _Measure:
    """How one outcome is said: *did* in a sentence, and whether it is a rate per 100 decisions."""

    came: Came
    title: str
    did: str
    per_hundred: bool = False

    def interval(self, arm: Arm) -> Interval:
        return rate_interval(arm) if self.per_hundred else share_interval(arm)

    def difference(self, pair: Compared, comparisons: int = 1) -> Interval:
        return (rate_difference if self.per_hundred else share_difference)(pair, comparisons)

    @property
    def unit(self) -> str:
        return "" if self.per_hundred else " %"


GAVE = _Measure("gave", "Gave within 90 days", "gave")
MEASURES = (
    GAVE,
    _Measure("replied", "Answered within 30 days", "answered"),
    _Measure("retained", "Gave again within a year of a gift", "gave again"),
    _Measure("gifts", "Gifts within 90 days, per 100 decisions", "gifts", per_hundred=True),
)
IN_CAMPAIGN = _Measure("gave", "Campaigns that ended in the last year", "gave")


def outcomes(material: Material) -> Digest:
    """Return the outcomes digest."""
    pair = _all(material.followed.get("gave", ()))
    return Digest(
        kind=DigestKind.OUTCOMES,
        headline=_says(pair, GAVE)
        if pair.acted.n or pair.others.n
        else "No decision has been followed for 90 days yet.",
        figures=(
            DigestFigure(label="Acted on, and followed for 90 days", value=_size(pair.acted)),
            DigestFigure(label="Gave after it", value=_share(pair.acted)),
            DigestFigure(label="Not acted on, and followed for 90 days", value=_size(pair.others)),
            DigestFigure(label="Gave after that", value=_share(pair.others)),
        ),
        sections=(
            _compared(MEASURES[0], material),
            _campaigns(material),
            *(_compared(measure, material) for measure in MEASURES[1:]),
            amounts(material.given, (NOT_CAUSAL, *_when(material, "gifts"))),
        ),
        footnotes=(NOT_CAUSAL, FOLLOWED, CLUSTERED, *_lone(material.lone_donors)),
    )


def _lone(decisions: int) -> tuple[str, ...]:
    return (LONE.format(decisions=counted(decisions, "decision", "decisions")),) if decisions else ()


def _all(followed: Sequence[Followed]) -> Compared:
    return next((each.pair for each in followed if not each.action_kind), Compared(Arm(), Arm()))


def _size(arm: Arm) -> Told:
    about = f" about {counted(arm.households, 'household', 'households')}" if arm.n else ""
    return Told(words=f"{arm.n:,}{about}", number=arm.n)


def _share(arm: Arm) -> Told:
    of = f"{arm.x:,} of {arm.n:,}"
    if not arm.n:
        return Told(words=NONE)
    return Told(words=f"{100 * arm.value:.0f} % ({of})" if arm.is_enough else of, number=arm.x, of=arm.n)


def _says(pair: Compared, measure: _Measure) -> str:
    if not pair.is_enough:
        acted = counted(pair.acted.households, "household", "households")
        return (
            f"Too few to compare: decisions about {acted} acted on, about {pair.others.households:,} "
            f"not; at least {SMALLEST_SHARE} of each are needed."
        )
    if not pair.acted.x + pair.others.x:
        came = "came a gift" if measure.per_hundred else f"the donor {measure.did}"
        return f"After none of {pair.acted.n + pair.others.n:,} decisions {came}."
    one, other = (f"{100 * arm.value:.0f}" for arm in (pair.acted, pair.others))
    if measure.per_hundred:
        said = f"After 100 decisions acted on came {one} gifts, after 100 of the others {other}"
    else:
        said = f"After {one} % of what was acted on the donor {measure.did}, after {other} % of what was not"
    return f"{said}: {_apart(measure, pair, 1)}."


def _apart(measure: _Measure, pair: Compared, comparisons: int) -> str:
    gap = measure.difference(pair, comparisons)
    if not gap.excludes_zero:
        return "no clear difference"
    nearer, further = sorted((abs(gap.low), abs(gap.high)))
    words = "" if measure.per_hundred else "points "
    return f"{100 * nearer:.0f} to {100 * further:.0f} {words}{'more' if gap.low > 0 else 'fewer'}"


def _when(material: Material, came: Came) -> tuple[str, ...]:
    when = material.decided.get(WINDOWS[came])
    return (when,) if when else ()


def _compared(measure: _Measure, material: Material) -> DigestSection:
    followed = material.followed.get(measure.came, ())
    pair = _all(followed)
    rows = [(action(f.action_kind) if f.action_kind else "All", *_row(measure, f.pair)) for f in followed]
    return DigestSection(
        id=_IDS.get(measure.came, measure.came),
        title=measure.title,
        says=_says(pair, measure),
        chart=_chart(measure, pair) if _worth_drawing(pair) else None,
        columns=COLUMNS,
        rows=tuple(rows),
        notes=(
            NOT_CAUSAL,
            *_when(material, measure.came),
            *((EACH_GIFT_ONCE,) if measure.per_hundred else ()),
        ),
    )


def _campaigns(material: Material) -> DigestSection:
    found = material.campaigns[:MOST_CAMPAIGNS]
    enough = [each for each in found if each.pair.is_enough]
    return DigestSection(
        id="campaigns",
        title=IN_CAMPAIGN.title,
        says=_about_campaigns([(each.name, each.pair) for each in enough], len(found)),
        chart=_campaign_chart([(each.name, each.pair) for each in enough]),
        columns=(COLUMNS[0], "Difference", *COLUMNS[1:]),
        rows=tuple((c.name, _gap(c.pair, len(enough)), *_row(IN_CAMPAIGN, c.pair)) for c in found),
        notes=(NOT_CAUSAL, CAMPAIGN_TIME),
    )


def _about_campaigns(enough: Sequence[tuple[str, Compared]], found: int) -> str:
    if not found:
        return "No campaign to which proposals belonged ended in the last year."
    if not enough:
        few = counted(found, "campaign has", "campaigns have")
        return f"Too few to compare: {few} fewer than {SMALLEST_SHARE} households acted on, or not."
    clear = [
        (name, gap) for name, pair in enough if (gap := share_difference(pair, len(enough))).excludes_zero
    ]
    of = counted(len(enough), "campaign", "campaigns")
    if not clear:
        return f"In none of {of} did clearly more or fewer donors give after what was acted on."
    more, fewer = [n for n, gap in clear if gap.low > 0], [n for n, gap in clear if gap.high < 0]
    said = [
        f"{word} donors gave after what was acted on in {_some(names)}"
        for word, names in (("more", more), ("fewer", fewer))
        if names
    ]
    return f"Of {of}, clearly {'; '.join(said)}."


def _some(names: Sequence[str]) -> str:
    named = ", ".join(f"“{name}”" for name in names[:3])
    return named if len(names) <= 3 else f"{named} and {len(names) - 3} more"


def _gap(pair: Compared, comparisons: int) -> str:
    return _apart(IN_CAMPAIGN, pair, comparisons) if pair.is_enough else "too few"


def _worth_drawing(pair: Compared) -> bool:
    return pair.is_enough and pair.acted.x + pair.others.x > 0


def _row(measure: _Measure, pair: Compared) -> tuple[Cell, ...]:
    return tuple(part for arm in (pair.acted, pair.others) for part in _cells(measure, arm))


def _cells(measure: _Measure, arm: Arm) -> tuple[Cell, ...]:
    size, of = (count(arm.n), count(arm.households)), f" of {arm.n}" if not measure.per_hundred else ""
    if not arm.is_enough:
        return (*size, Told(words=f"{arm.x}{of}", number=arm.x, of=arm.n), "too few")
    found, unit = measure.interval(arm), measure.unit
    low, high = 100 * found.low, 100 * found.high
    between = Told(
        words=f"{low:.0f} to {high:.0f}{unit}", low=round(low, 2), high=round(high, 2), unit=unit.strip()
    )
    return (*size, Told(words=f"{100 * arm.value:.0f}{unit}", number=arm.x, of=arm.n), between)


def _chart(measure: _Measure, pair: Compared) -> Chart:
    values = tuple(round(100 * arm.value, 1) for arm in (pair.acted, pair.others))
    return Chart(
        title=measure.title,
        unit=measure.unit.strip(),
        categories=("Acted on", "Not acted on"),
        series=(Series(name=measure.title, values=values),),
    )


def _campaign_chart(enough: Sequence[tuple[str, Compared]]) -> Chart | None:
    if not any(_worth_drawing(pair) for _, pair in enough):
        return None
    arms: tuple[tuple[str, Callable[[Compared], Arm]], ...] = (
        ("Acted on", lambda pair: pair.acted),
        ("Not acted on", lambda pair: pair.others),
    )
    return Chart(
        title="Gave before the campaign ended",
        unit="%",
        categories=tuple(name for name, _ in enough),
        series=tuple(
            Series(name=name, values=tuple(round(100 * arm(pair).value, 1) for _, pair in enough))
            for name, arm in arms
        ),
    )


_IDS: dict[Came, str] = {
    "gave": "gifts",
    "replied": "replies",
    "retained": "retention",
    "gifts": "downstream",
}
