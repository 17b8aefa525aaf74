"""The override digest: where people overrule the proposals and why, and where they merely click."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policy.cells import Cells, Where, because
from policy.digest import Cell, Chart, Digest, DigestFigure, DigestKind, DigestSection, Series, Told
from policy.digest_certified import certified
from policy.digest_material import FEWEST_PEOPLE, Material, Overruled
from policy.digest_words import (
    CHANCE,
    NONE,
    TOO_FEW,
    action,
    bare_share,
    change_of,
    count,
    count_figure,
    counted,
    range_of,
    reason,
    share,
    share_figure,
    stage,
)
from policy.interactions import CONCLUDED, OVERRIDES, Kind
from policy.statistics import Share, Z, differ_clearly, trend
from policy.tally import By

ENDS = "Shares are of all proposals that ended in the period: decided by somebody, or run out of time."
UNDONE = "Undone is counted against what was written to the CRM in the same period."
FASTER = "Faster than reading: approved in less time than anybody could read the card (480 words a minute)."
FEW_DECIDED = f"not shown: fewer than {FEWEST_PEOPLE} people decided"
NO_FORECAST = (
    "Confidence says how well the CRM records bear a proposal out. It is no forecast of approval, so the two "
    "bars need not be equal; they should rise together."
)
MOST_ROWS = 12

OVERRIDE_WORDS = {
    Kind.EDITED: "Edited",
    Kind.DEFERRED: "Put off",
    Kind.DECLINED: "Declined",
    Kind.SENT_BACK: "Sent back",
    Kind.PASSED_ON: "Passed on",
    Kind.UNDONE: "Undone",
}


def override(material: Material) -> Digest:
    """Return the override digest."""
    cells = material.cells
    return Digest(
        kind=DigestKind.OVERRIDE,
        headline=_headline(cells),
        figures=(
            count_figure("Proposals that ended", cells.count(CONCLUDED)),
            share_figure("Approved as proposed", *_ended(cells, Kind.APPROVED)),
            share_figure("Approved after an edit", *_ended(cells, Kind.APPROVED_EDITED)),
            share_figure("Declined", *_ended(cells, Kind.DECLINED)),
            share_figure("Sent back", *_ended(cells, Kind.SENT_BACK)),
            share_figure("Nobody decided in time", *_ended(cells, Kind.EXPIRED)),
            count_figure("Put off", cells.count(Kind.DEFERRED)),
            count_figure("Passed on", cells.count(Kind.PASSED_ON)),
            share_figure("Undone afterwards", *_shares(cells, Kind.UNDONE, Kind.EXECUTED)),
            _faster(cells),
        ),
        sections=(
            _rates(cells, "by_action", "By action", By.ACTION, action),
            _reliability(cells),
            *(() if material.reliability is None else (certified(material.reliability),)),
            _reasons(cells),
            _rates(cells, "by_stage", "By lifecycle stage", By.STAGE, stage),
            _rates(cells, "by_version", "By prompt and model", By.VERSION, lambda name: name or NONE),
            _gates(cells, of_team=material.of_team),
            _worth_reading(material.overruled),
        ),
        footnotes=(ENDS, UNDONE, FASTER, TOO_FEW, CHANCE),
    )


def _headline(cells: Cells) -> str:
    now, before = _ended(cells, Kind.APPROVED)
    if not now.whole:
        return "No proposal ended in this period."
    ended = counted(now.whole, "proposal", "proposals")
    if not now.is_enough:
        return f"{ended} ended, {now.part} of them approved as proposed; too few for a share."
    change = change_of(now, before)
    moved = {"up": f", up from {100 * before.value:.0f} %", "down": f", down from {100 * before.value:.0f} %"}
    return f"{100 * now.value:.0f} % of {ended} were approved as proposed{moved.get(change, '')}."


def _shares(cells: Cells, part: Kind, whole: Kind) -> tuple[Share, Share]:
    some, every = cells.count(part), cells.count(whole)
    # An undo may come after the period in which the action was written, so there can be more of them.
    return Share(min(some.now, every.now), every.now), Share(min(some.before, every.before), every.before)


def _ended(cells: Cells, kind: Kind, where: Where | None = None) -> tuple[Share, Share]:
    some, every = cells.count(kind, where), cells.count(CONCLUDED, where)
    return Share(some.now, every.now), Share(some.before, every.before)


def _faster(cells: Cells) -> DigestFigure:
    people = cells.people((Kind.APPROVED, Kind.APPROVED_EDITED, Kind.APPROVAL_GIVEN))
    now, before = _shares(cells, Kind.FASTER, Kind.MEASURED)
    enough = (people.now >= FEWEST_PEOPLE, people.before >= FEWEST_PEOPLE)
    return DigestFigure(
        label="Approved faster than reading",
        value=share(now) if enough[0] else FEW_DECIDED,
        before=share(before) if enough[1] else FEW_DECIDED,
        change=change_of(now, before) if all(enough) else "",
    )


def _rates(cells: Cells, id_: str, title: str, by: By, name: Callable[[str], str]) -> DigestSection:
    found = list(cells.values(CONCLUDED, by))[:MOST_ROWS]
    groups = [(name(each), Where(by, each)) for each in found]
    approved = [(label, _ended(cells, Kind.APPROVED, where)) for label, where in groups]
    charted = [(label, now) for label, (now, _) in approved if now.is_enough]
    return DigestSection(
        id=id_,
        title=f"{title}: approved as proposed",
        says=_rates_say(charted),
        chart=_shares_chart(f"Approved as proposed, {title.lower()}", charted) if len(charted) > 1 else None,
        columns=(
            "",
            "Ended",
            "As proposed",
            "Between",
            "Before",
            "Edited",
            "Declined",
            "Sent back",
            "Run out",
        ),
        rows=tuple(_rates_row(cells, label, where) for label, where in groups),
    )


def _rates_row(cells: Cells, label: str, where: Where) -> tuple[Cell, ...]:
    now, before = _ended(cells, Kind.APPROVED, where)
    others = (Kind.APPROVED_EDITED, Kind.DECLINED, Kind.SENT_BACK, Kind.EXPIRED)
    shares = (bare_share(_ended(cells, kind, where)[0]) for kind in others)
    return (label, count(now.whole), bare_share(now), range_of(now), bare_share(before), *shares)


def _rates_say(charted: list[tuple[str, Share]]) -> str:
    if not charted:
        return "There were too few decisions to compare shares."
    ordered = sorted(charted, key=lambda each: -each[1].value)
    (most, high), (least, low) = ordered[0], ordered[-1]
    if len(charted) == 1:
        return f"{most}: {100 * high.value:.0f} % of {high.whole:,} were approved as proposed."
    if not differ_clearly(high, low, len(charted) * (len(charted) - 1) // 2):
        return "The shares differ no more than chance would make them."
    return (
        f"Most often for “{most}” ({100 * high.value:.0f} %), least for “{least}” ({100 * low.value:.0f} %)."
    )


def _shares_chart(title: str, charted: list[tuple[str, Share]]) -> Chart:
    return Chart(
        title=title,
        unit="%",
        categories=tuple(label for label, _ in charted),
        series=(Series(name="Approved", values=tuple(round(100 * s.value, 1) for _, s in charted)),),
    )


def _reliability(cells: Cells) -> DigestSection:
    """Compare how sure it was with what people then did: a confidence that means something rises with it."""
    tenths = {tenth: _ended(cells, Kind.APPROVED, _tenth(tenth))[0] for tenth in range(10)}
    filled = {tenth: found for tenth, found in tenths.items() if found.whole}
    charted = {tenth: found for tenth, found in filled.items() if found.is_enough}
    return DigestSection(
        id="reliability",
        title="Confidence against outcome",
        says=_reliability_says(list(charted.values()), trend(list(tenths.items()))),
        chart=_reliability_chart(charted) if len(charted) > 1 else None,
        columns=("Confidence", "Ended", "Approved as proposed", "Between"),
        rows=tuple(
            (_band(tenth), count(found.whole), bare_share(found), range_of(found))
            for tenth, found in filled.items()
        ),
        notes=(NO_FORECAST,),
    )


def _band(tenth: int) -> str:
    return f"{10 * tenth}–{10 * tenth + 9 + (tenth == 9)}"


def _reliability_chart(charted: Mapping[int, Share]) -> Chart:
    """Draw what was approved beside how sure it was: a reliability diagram, with bars for its diagonal."""
    return Chart(
        title="Approved as proposed, by confidence",
        unit="%",
        categories=tuple(map(_band, charted)),
        series=(
            Series(name="Approved", values=tuple(round(100 * s.value, 1) for s in charted.values())),
            Series(name="Confidence (middle)", values=tuple(10.0 * tenth + 5 for tenth in charted)),
        ),
    )


def _tenth(tenth: int) -> Where:
    return Where(By.CONFIDENCE, str(tenth))


def _reliability_says(charted: list[Share], rises: float) -> str:
    if len(charted) < 2:
        return (
            "There are too few decisions at different confidences to say whether confidence means anything."
        )
    low, high = charted[0], charted[-1]
    if abs(rises) < Z:
        return "It cannot be seen that a higher confidence is approved more often."
    if rises < 0:
        return "Proposals with a high confidence are approved less often than others: look into it."
    return (
        f"A higher confidence is approved more often: {100 * high.value:.0f} % at the top, "
        f"{100 * low.value:.0f} % at the bottom."
    )


def _reasons(cells: Cells) -> DigestSection:
    codes = cells.values(OVERRIDES, By.REASON)
    given = [code for code in codes if code][:MOST_ROWS]
    total = sum(cells.count(OVERRIDES, because(code)).now for code in codes if code)
    rows = []
    for code in given:
        pair = cells.count(OVERRIDES, because(code))
        ways = [
            f"{OVERRIDE_WORDS[k].lower()} {n:,}"
            for k in OVERRIDES
            if (n := cells.count(k, because(code)).now)
        ]
        rows.append((reason(code), count(pair.now), count(pair.before), ", ".join(ways)))
    top = Share(cells.count(OVERRIDES, because(given[0])).now, total) if given else None
    says = (
        f"The most frequent reason is “{reason(given[0])}”: {_of_reasons(top)} reasons given."
        if top
        else "Nobody gave a reason for overruling a proposal."
    )
    return DigestSection(
        id="reasons",
        title="Why people overruled it",
        says=says,
        columns=("Reason", "Now", "Before", "How"),
        rows=tuple(rows),
    )


def _of_reasons(top: Share) -> str:
    share = f"{100 * top.value:.0f} % of the " if top.is_enough else f"{top.part} of the "
    return f"{share}{top.whole:,}"


def _gates(cells: Cells, *, of_team: bool) -> DigestSection:
    rows = []
    for kind, words in ((Kind.HELD_BY, "holds"), (Kind.ASKED_BY, "asks for a person")):
        for gate in cells.values((kind,), By.REASON)[:MOST_ROWS]:
            pair = cells.count(kind, because(gate))
            rows.append((gate.replace("_", " "), words, count(pair.now), count(pair.before)))
    held = cells.values((Kind.HELD_BY,), By.REASON)
    total = cells.count(Kind.RECOMMENDED, because("deny"))
    says = (
        f"The rules held {counted(total.now, 'proposal', 'proposals')} back, most often by "
        f"“{held[0].replace('_', ' ')}”."
        if held
        else "The rules held nothing back."
    )
    if of_team:
        says = (
            "Rules speak before anybody is asked, so this is counted for all teams together and not for one."
        )
    return DigestSection(
        id="gates",
        title="Rules that held or asked most",
        says=says,
        columns=("Rule", "What it does", "Now", "Before"),
        rows=tuple(rows),
    )


def _worth_reading(overruled: tuple[Overruled, ...]) -> DigestSection:
    rows = tuple(
        (
            OVERRIDE_WORDS.get(each.kind, each.kind.value),
            action(each.action_kind),
            stage(each.stage),
            reason(each.reason),
            NONE if each.confidence < 0 else Told(words=f"{10 * each.confidence}+", low=10 * each.confidence),
            each.reference,
        )
        for each in overruled
    )
    return DigestSection(
        id="worth_reading",
        title="Overrides worth reading",
        says="Those against the highest confidence; whoever may see the card finds the story there."
        if rows
        else "Nobody overruled a proposal.",
        columns=("What", "Proposal", "Stage", "Why", "Confidence", "Reference"),
        rows=rows,
        links=tuple(each.permalink for each in overruled),
    )
