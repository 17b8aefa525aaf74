"""The adoption digest: who uses it and for what, whether they find it useful, and what time it saves."""

from __future__ import annotations

from collections.abc import Sequence

from policy.cells import Cells, Pair, at_stage, because
from policy.considered import WORDS_A_MINUTE
from policy.digest import Chart, Digest, DigestFigure, DigestKind, DigestSection, Series, Told
from policy.digest_material import Material
from policy.digest_words import (
    CHANCE,
    TOO_FEW,
    count,
    count_figure,
    counted,
    median_figure,
    percent,
    share_figure,
    stage,
)
from policy.feedback import FEEDBACK_WORDS
from policy.interactions import BY_PEOPLE, CONCLUDED, Kind
from policy.pulse import PRIVATE, trust_section
from policy.statistics import Share
from policy.tally import By

SAID_WHY = (Kind.NOT_USEFUL, Kind.REASON_GIVEN)
USES = (
    Kind.SUMMARY,
    Kind.TIMELINE,
    Kind.SHARED,
    Kind.LOOKED,
    *BY_PEOPLE,
    Kind.EDITED,
    Kind.DEFERRED,
    Kind.PASSED_ON,
)
NOT_MEASURED = (
    "Minutes saved are not shown: measure with a stopwatch what a summary and a decision take by hand, and "
    "write the minutes under minutes_by_hand in the organisation file."
)
METHOD = (
    "Minutes saved: {summary} min for each summary and {decision} min for each decision, as your "
    "organisation measured them by hand, less the time to read what was shown instead ({words} words a "
    "minute)."
)
TIME = "Time to decision is the median from the event in the CRM to a person's decision."
ACTIVE = "Everybody counts as using it who asked, looked further or decided in the period."


def adoption(material: Material) -> Digest:
    """Return the adoption digest."""
    cells = material.cells
    used = cells.people(USES)
    return Digest(
        kind=DigestKind.ADOPTION,
        headline=_headline(material, used),
        figures=(
            DigestFigure(
                label="People who used it",
                value=_people(used.now, material.people),
                before=count(used.before),
            ),
            count_figure("Donor summaries", cells.count(Kind.SUMMARY)),
            count_figure("Histories and sources opened", cells.count((Kind.TIMELINE, Kind.LOOKED))),
            count_figure("Proposals put before somebody", cells.count(Kind.OPENED)),
            count_figure("Decided by people", cells.count(BY_PEOPLE)),
            median_figure("Time to decision", material.minutes, material.minutes_before),
            share_figure("Found useful", *_useful(cells)),
            *_saved(material),
        ),
        sections=(_by_stage(cells), _feedback(cells), *_trust(material)),
        footnotes=(ACTIVE, TIME, _method(material), PRIVATE, TOO_FEW, CHANCE),
    )


def _people(used: int, all_: int) -> Told:
    return Told(words=f"{used} of {all_}", number=used, of=all_) if all_ else count(used)


def _headline(material: Material, used: Pair) -> str:
    summaries, decided = material.cells.count(Kind.SUMMARY).now, material.cells.count(BY_PEOPLE).now
    if not used.now:
        return "Nobody used it in this period."
    who = (
        f"{used.now} of {material.people} people"
        if material.people
        else counted(used.now, "person", "people")
    )
    return (
        f"{who} used it: {counted(summaries, 'summary', 'summaries')} and "
        f"{counted(decided, 'decision', 'decisions')}."
    )


def _useful(cells: Cells) -> tuple[Share, Share]:
    useful, others = cells.count(Kind.USEFUL), cells.count(Kind.NOT_USEFUL)
    return Share(useful.now, useful.now + others.now), Share(useful.before, useful.before + others.before)


def _saved(material: Material) -> tuple[DigestFigure, ...]:
    if not material.by_hand:
        return ()
    summaries, decisions = material.cells.count(Kind.SUMMARY).now, material.cells.count(BY_PEOPLE).now
    by_hand = summaries * material.by_hand.get("summary", 0) + decisions * material.by_hand.get("decision", 0)
    a_card = material.words / material.measured if material.measured else 0
    reading = (decisions * a_card + summaries * a_card) / WORDS_A_MINUTE
    saved = max(0, round(by_hand - reading))
    return (DigestFigure(label="Minutes saved", value=Told(words=f"{saved:,}", number=saved, unit="min")),)


def _method(material: Material) -> str:
    if not material.by_hand:
        return NOT_MEASURED
    summary, decision = material.by_hand.get("summary", 0), material.by_hand.get("decision", 0)
    return METHOD.format(summary=summary, decision=decision, words=WORDS_A_MINUTE)


def _trust(material: Material) -> tuple[DigestSection, ...]:
    return () if material.trust is None else (trust_section(material.trust),)


def _by_stage(cells: Cells) -> DigestSection:
    kinds = (Kind.SUMMARY, *CONCLUDED)
    stages = cells.values(kinds, By.STAGE)
    asked = [cells.count(Kind.SUMMARY, at_stage(name)) for name in stages]
    ended = [cells.count(CONCLUDED, at_stage(name)) for name in stages]
    rows = [
        (stage(name), count(a.now), count(a.before), count(e.now), count(e.before))
        for name, a, e in zip(stages, asked, ended, strict=True)
    ]
    summaries, decisions = [float(a.now) for a in asked], [float(e.now) for e in ended]
    chart = Chart(
        title="Use by lifecycle stage",
        categories=tuple(stage(name) for name in stages),
        series=(
            Series(name="Summaries", values=tuple(summaries)),
            Series(name="Decisions", values=tuple(decisions)),
        ),
    )
    return DigestSection(
        id="by_stage",
        title="By lifecycle stage",
        says=_stages_say(stages, summaries, decisions),
        chart=chart if stages else None,
        columns=("Stage", "Summaries", "before", "Decisions", "before"),
        rows=tuple(rows),
    )


def _stages_say(names: Sequence[str], summaries: Sequence[float], decisions: Sequence[float]) -> str:
    if not names:
        return "No summary and no decision fell in this period."
    total = int(sum(summaries) + sum(decisions))
    most = int(summaries[0] + decisions[0])
    return f"It is used most for {names[0]}: {percent(Share(most, total))} of all summaries and decisions."


def _feedback(cells: Cells) -> DigestSection:
    now, before = _useful(cells)
    rows = [
        (words, count(cells.count(SAID_WHY, because(code)).now))
        for code, words in FEEDBACK_WORDS.items()
        if cells.count(SAID_WHY, because(code)).now
    ]
    if not now.whole:
        says = "Nobody said whether a text was useful."
    elif not now.is_enough:
        says = f"{now.part} of {now.whole} opinions were good; too few to speak of a share."
    else:
        low, high = round(100 * now.interval.low), round(100 * now.interval.high)
        says = f"{100 * now.value:.0f} % of {now.whole} opinions were good (between {low} and {high} %)."
        says += f" The period before: {percent(before)}." if before.whole else ""
    return DigestSection(
        id="feedback",
        title="What people said of the texts",
        says=says,
        columns=("Why it was not useful", "How often"),
        rows=tuple(rows),
    )
