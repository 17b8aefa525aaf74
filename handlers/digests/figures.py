"""The figures of a digest, counted at this moment from the interactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.digests.whose_figures import is_too_small, team_of
from handlers.outcomes import DigestShown
from handlers.record.judging import reliability_by_class
from policy.cells import Cells
from policy.digest import TITLES, Digest, DigestKind
from policy.digest_adoption import adoption
from policy.digest_material import FEWEST_PEOPLE, Came, Material
from policy.digest_operations import operations
from policy.digest_outcomes import WINDOWS, outcomes
from policy.digest_override import override
from policy.digest_periods import Period, last_period, rolling_period
from policy.organisation import DigestSchedule, Organisation
from policy.pulse import COUNTED
from storage.database import Database
from storage.outcomes import Window
from storage.team import Team
from storage.transaction import Transaction

DECIDED = (
    "Of decisions from {first} to {last}: the period and the one before it, as long ago as they are followed."
)
CAMPAIGNS_BACK = timedelta(days=365)
TOO_SMALL = (
    f"This team has fewer than {FEWEST_PEOPLE} people. Figures about so few would be figures about each of "
    "them, so none are shown."
)
_DIGESTS: dict[DigestKind, Callable[[Material], Digest]] = {
    DigestKind.ADOPTION: adoption,
    DigestKind.OVERRIDE: override,
    DigestKind.OUTCOMES: outcomes,
    DigestKind.OPERATIONS: operations,
}
DAYS = (1, 7, 28, 91, 364)
"""Over how many days figures are offered."""
LOOK_AGAIN = "Look again at {at:%H:%M}."


def zone_of(schedule: DigestSchedule | None, organisation: Organisation) -> ZoneInfo:
    """Return the time zone in which a schedule counts its days."""
    own = schedule.time_zone if schedule else None
    return ZoneInfo(own or organisation.time_zone)


def period_of(schedule: DigestSchedule, at: datetime, organisation: Organisation) -> Period:
    """Return the period that the occurrence of a schedule at that moment looks back on."""
    if schedule.every_minutes:
        return rolling_period(schedule.days, at)
    month = schedule.fiscal_year_start_month or organisation.fiscal_year_start_month
    return last_period(schedule.period, schedule.days, at, zone_of(schedule, organisation), month)


async def digest_shown(
    kind: DigestKind,
    team: str | None,
    period: Period,
    zone: ZoneInfo,
    context: Context,
    *,
    late: bool = False,
) -> DigestShown:
    """Count the figures of a team, or of everybody, and return the digest."""
    organisation = context.organisation
    if is_too_small(team, kind, organisation):
        return _shown(Digest(kind=kind, headline=TOO_SMALL, figures=()), team, period, zone, late=late)
    if kind is DigestKind.OPERATIONS:
        team = None
    whose = await team_of(team, context)
    material = await context.database.read(lambda tx: gathered(tx, kind, period, whose, team, organisation))
    return _shown(_DIGESTS[kind](_dated(material, period, zone)), team, period, zone, late=late)


async def digest_of_everybody(
    kind: DigestKind, period: Period, zone: ZoneInfo, organisation: Organisation, database: Database
) -> DigestShown:
    """Count everybody's figures, which needs nothing but the database."""
    material = await database.read(lambda tx: gathered(tx, kind, period, None, None, organisation))
    return _shown(_DIGESTS[kind](_dated(material, period, zone)), None, period, zone)


def _shown(
    digest: Digest, team: str | None, period: Period, zone: ZoneInfo, *, late: bool = False
) -> DigestShown:
    return DigestShown(
        kind=digest.kind,
        title=TITLES[digest.kind],
        team=team,
        zone=zone.key,
        period_start=period.start,
        period_end=period.end,
        headline=digest.headline,
        figures=digest.figures,
        sections=digest.sections,
        footnotes=digest.footnotes,
        late=late,
    )


def gathered(
    tx: Transaction,
    kind: DigestKind,
    period: Period,
    whose: Team | None,
    team: str | None,
    organisation: Organisation,
) -> Material:
    """Read what one kind of digest is made of."""
    counted, start, end = tx.interactions, period.start, period.end
    cells = Cells() if kind is DigestKind.OUTCOMES else counted.cells(period, whose)
    common = {"cells": cells, "people": len(organisation.team(team)), "of_team": whose is not None}
    match kind:
        case DigestKind.ADOPTION:
            measured, words = counted.reading_words(start, end, whose)
            return Material(
                **common,  # type: ignore[arg-type]
                minutes=cells.now.minutes,
                minutes_before=cells.before.minutes,
                measured=measured,
                words=words,
                trust=tx.pulses.trust(end - 2 * COUNTED, end - COUNTED, end, whose.people if whose else None),
                by_hand={str(what): took for what, took in organisation.minutes_by_hand.items()},
            )
        case DigestKind.OVERRIDE:
            read = tuple(counted.overruled(cells.now.overrides))
            reliability = reliability_by_class(tx, end) if team is None else None
            return Material(**common, overruled=read, reliability=reliability)  # type: ignore[arg-type]
        case DigestKind.OUTCOMES:
            return _outcomes(tx, period, whose, common)
        case DigestKind.OPERATIONS:
            price = organisation.model_price_per_million_tokens_minor
            return Material(**common, tokens_price_minor=price)  # type: ignore[arg-type]


def _outcomes(tx: Transaction, period: Period, whose: Team | None, common: Mapping[str, object]) -> Material:
    """Read what came after decisions: the period is moved back as far as each has to be followed."""
    spans: dict[int, list[Came]] = {}
    for came, days in WINDOWS.items():
        spans.setdefault(days, []).append(came)
    windows = [Window(tuple(cames), *moved_back(period, days)) for days, cames in spans.items()]
    outcome = tx.outcomes.followed(windows, whose)
    start, end, _ = moved_back(period, WINDOWS["gifts"])
    return Material(
        **common,  # type: ignore[arg-type]
        followed={came: tuple(of) for came, of in outcome.followed.items()},
        campaigns=tuple(tx.outcomes.campaigns(period.end - CAMPAIGNS_BACK, period.end, whose)),
        given=tuple(outcome.given),
        lone_donors=tx.outcomes.lone_donors(start, end, whose),
    )


def _dated(material: Material, period: Period, zone: ZoneInfo) -> Material:
    """Say from when until when the decisions were concluded whose outcomes are told."""
    if not material.followed:
        return material
    decided = dict[int, str]()
    for days in WINDOWS.values():
        start, end, _ = moved_back(period, days)
        first, last = (at.astimezone(zone).date() for at in (start, end - timedelta(microseconds=1)))
        decided[days] = DECIDED.format(first=_on_day(first), last=_on_day(last))
    return replace(material, decided=decided)


def _on_day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def moved_back(period: Period, days: int) -> tuple[datetime, datetime, timedelta]:
    """Return from when until when decisions are taken so that all were followed for so many days."""
    within = timedelta(days=days)
    return period.before - within, period.end - within, within
