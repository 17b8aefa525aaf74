"""What a manager sees of the team in the Home tab: the same figures as in the digests, at this moment."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.digests.add_up import still_adding_up
from handlers.digests.figures import digest_shown
from handlers.digests.whose_figures import whose_figures
from handlers.outcomes import TeamShown
from handlers.ports import Colleague
from policy.digest import DigestKind
from policy.digest_periods import rolling_period

DAYS = 7
OF_USE = frozenset({"People who used it", "Donor summaries", "Time to decision", "Minutes saved"})
SAID = frozenset({"by_action", "reasons"})


async def managing(colleague: Colleague, now: datetime, context: Context) -> TeamShown | None:
    """Return the figures of the last days; None for who manages nobody."""
    whose = whose_figures(colleague, context.organisation)
    if whose is None:
        return None
    period, zone = rolling_period(DAYS, now), ZoneInfo(context.organisation.time_zone)
    if not_yet := await still_adding_up(whose.team, period.before, period.end, context):
        said = f"{not_yet.text} {not_yet.next_step}"
        return TeamShown(team=whose.team, days=DAYS, headline=said, figures=(), says=())
    use = await digest_shown(DigestKind.ADOPTION, whose.team, period, zone, context)
    override = await digest_shown(DigestKind.OVERRIDE, whose.team, period, zone, context)
    return TeamShown(
        team=whose.team,
        days=DAYS,
        headline=override.headline,
        figures=(*(figure for figure in use.figures if figure.label in OF_USE), *override.figures),
        says=tuple(section.says for section in override.sections if section.id in SAID),
    )
