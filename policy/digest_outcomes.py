"""The outcomes digest: what came after decisions that were acted on and after those that were not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policy.digest import Chart, Digest, DigestFigure, DigestKind, DigestSection, Series
from policy.digest_material import Followed, Material
from policy.digest_words import TOO_FEW, action, bare_percent, counted, percent, range_of
from policy.interactions import ACTED, Kind
from policy.statistics import SMALLEST_SHARE, Share, difference

NOT_CAUSAL = (
    "This is a comparison, not a proof of effect: people chose what to act on, and chose the likelier donors."
)
FOLLOWED = (
    "Only decisions that were followed for the whole time are counted, so the latest ones are missing on "
    "purpose. A gift or a reply counts once per decision, and only after it."
)
REPLY_DAYS, GIFT_DAYS, RETENTION_DAYS = 30, 90, 365
WINDOWS = (REPLY_DAYS, GIFT_DAYS, RETENTION_DAYS)
_NOT_ACTED = frozenset({Kind.DECLINED, Kind.SENT_BACK, Kind.EXPIRED})
Hits = Callable[[Followed], int]


def outcomes(material: Material) -> Digest:
    """Return the outcomes digest."""
    sections = (
        _compared(material, "gifts", "Gave within 90 days", GIFT_DAYS, lambda each: each.gave, "gave"),
        _compared(
            material, "replies", "Answered within 30 days", REPLY_DAYS, lambda e: e.replied, "answered"
        ),
        _compared(
            material,
            "retention",
            "Gave again within a year",
            RETENTION_DAYS,
            lambda each: each.gave,
            "gave again",
        ),
    )
    acted, others = _groups(material.followed.get(GIFT_DAYS, ()), lambda each: each.gave)
    return Digest(
        kind=DigestKind.OUTCOMES,
        headline=_headline(acted, others),
        figures=(
            DigestFigure(label="Acted on, and followed for 90 days", value=f"{acted.whole:,}"),
            DigestFigure(label="Gave after it", value=percent(acted) if acted.whole else "–"),
            DigestFigure(label="Not acted on, and followed for 90 days", value=f"{others.whole:,}"),
            DigestFigure(label="Gave after that", value=percent(others) if others.whole else "–"),
        ),
        sections=sections,
        footnotes=(NOT_CAUSAL, FOLLOWED, TOO_FEW),
    )


def _groups(followed: Sequence[Followed], hits: Hits) -> tuple[Share, Share]:
    return _of(followed, ACTED, hits), _of(followed, _NOT_ACTED, hits)


def _of(followed: Sequence[Followed], conclusions: frozenset[Kind], hits: Hits) -> Share:
    found = [each for each in followed if each.conclusion in conclusions]
    return Share(sum(map(hits, found)), sum(each.decisions for each in found))


def _headline(acted: Share, others: Share) -> str:
    if not acted.whole and not others.whole:
        return "No decision has been followed for 90 days yet."
    return _says(acted, others, "gave")


def _says(acted: Share, others: Share, did: str) -> str:
    if not (acted.is_enough and others.is_enough):
        return (
            f"Too few to compare: {counted(acted.whole, 'decision', 'decisions')} acted on, "
            f"{others.whole:,} not; at least {SMALLEST_SHARE} of each are needed."
        )
    gap = difference(acted, others)
    one, other = f"{100 * acted.value:.0f} %", f"{100 * others.value:.0f} %"
    apart = f"{abs(100 * gap.low):.0f} to {abs(100 * gap.high):.0f} points"
    said = f"After {one} of what was acted on the donor {did}, after {other} of what was not"
    if not gap.excludes_zero:
        return f"{said}: no clear difference."
    more = "more" if gap.low > 0 else "fewer"
    if gap.low < 0:
        apart = f"{abs(100 * gap.high):.0f} to {abs(100 * gap.low):.0f} points"
    return f"{said}: {apart} {more}."


def _compared(material: Material, id_: str, title: str, days: int, hits: Hits, did: str) -> DigestSection:
    followed = material.followed.get(days, ())
    acted, others = _groups(followed, hits)
    kinds = sorted({each.action_kind for each in followed})
    by_kind = [(kind, [each for each in followed if each.action_kind == kind]) for kind in kinds]
    rows = [("All", *_row(acted, others))]
    rows += [(action(kind), *_row(*_groups(some, hits))) for kind, some in by_kind]
    return DigestSection(
        id=id_,
        title=title,
        says=_says(acted, others, did),
        chart=_chart(title, acted, others) if _worth_drawing(acted, others) else None,
        columns=("", "Acted on", "of them", "between", "Not acted on", "of them", "between"),
        rows=tuple(rows) if followed else (),
        notes=(NOT_CAUSAL,),
    )


def _worth_drawing(acted: Share, others: Share) -> bool:
    return acted.is_enough and others.is_enough and acted.part + others.part > 0


def _row(acted: Share, others: Share) -> tuple[str, ...]:
    return tuple(
        part
        for share in (acted, others)
        for part in (f"{share.whole:,}", bare_percent(share), range_of(share))
    )


def _chart(title: str, acted: Share, others: Share) -> Chart:
    values = tuple(round(100 * share.value, 1) for share in (acted, others))
    return Chart(
        title=title,
        unit="%",
        categories=("Acted on", "Not acted on"),
        series=(Series(name=title, values=values),),
    )
