"""The Home tab: what waits for the reader, what comes back later, what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    View,
    actions,
    bullets,
    button,
    divider,
    fine_print,
    header,
    leaf,
    paragraph,
    rich,
    said,
)
from bot.slack.cards.queue_lines import queue_buttons, queue_line
from bot.slack.text import one_line
from handlers.outcomes import HomeShown, QueueItem
from policy.digest import in_words

GREETING = "Your decisions"
WAITING = "Waiting for you"
NOTHING_WAITING = (
    "Nothing waits for your decision. When something in the CRM needs your judgement, "
    "it appears here and as a card in your channel."
)
NOT_FOR_YOU = (
    "This page is for members of this organisation's own workspace. Ask a colleague who is one of them."
)
DEFERRED = "Put off"
ELSEWHERE = "Waiting for others"
DECIDED = "Decided lately"
CONSIDERED = "How you decide"
HOW_MANY = "Last four weeks: {decisions} decisions, details opened for {looked}, {edited} edited."
JUST_ONE = "Last four weeks: 1 decision, details opened for {looked}, {edited} edited."
HALF = "Half of them within {time} of the card being posted."
FASTER = "{count} approved faster than the card can be read."
NONE_FASTER = "None approved faster than the card can be read."
ONLY_YOU = "Only you see this."
DELEGATIONS = "While somebody is away"
REFRESH = "Refresh"
YOUR_TEAM = "Team {team}"
EVERYBODY = "All teams"
NONE = "–"
DASHBOARD = "Open the dashboard…"
SCHEDULES = "Schedules…"
DECISIONS = "The decisions behind this…"
TOGETHER = "Decide several…"
MORE = "and {count} more: type /donor queue for all of them; decide the oldest first"
HOW = "To look a donor up, type /donor and a name in any channel, or write to me in Messages."

MOST_OPEN = 20
ONE_HOUR, ONE_DAY = 3600, 86_400
MOST_OTHERS = 6


def home_view(home: HomeShown) -> View:
    """Return the Home tab."""
    if not home.name:
        return {"type": "home", "blocks": [header(GREETING), rich(paragraph(leaf(NOT_FOR_YOU)))]}
    together = [button(TOGETHER, ids.TOGETHER, "home")] if home.together > 1 else []
    blocks = [
        header(GREETING),
        *_waiting(home.open),
        *_section(DEFERRED, home.deferred, "later"),
        *_section(ELSEWHERE, home.elsewhere, "others"),
        *_delegations(home),
        *_section(DECIDED, home.decided, "past"),
        *_considered(home),
        *_managing(home),
        divider(),
        actions("cs:home", *together, button(REFRESH, ids.REFRESH_HOME, "home"), *_more_figures(home)),
        fine_print(HOW),
    ]
    return {"type": "home", "blocks": blocks}


def _waiting(items: Sequence[QueueItem]) -> list[Block]:
    if not items:
        return [rich(paragraph(leaf(NOTHING_WAITING)))]
    blocks = [header(f"{WAITING} ({len(items)})")]
    return blocks + _lines(items, MOST_OPEN, "home")


def _section(title: str, items: Sequence[QueueItem], place: str) -> list[Block]:
    return [header(title), *_lines(items, MOST_OTHERS, place)] if items else []


def _considered(home: HomeShown) -> list[Block]:
    """Say how the reader decides; it is measured for them first, and nobody else sees it."""
    own = home.considered
    if own is None:
        return []
    several = own.decisions != 1
    how_many = HOW_MANY if several else JUST_ONE
    lines = [how_many.format(decisions=own.decisions, looked=own.looked, edited=own.edited)]
    if several and own.median_seconds is not None:
        lines.append(HALF.format(time=_spell(own.median_seconds)))
    lines.append(FASTER.format(count=own.faster) if own.faster else NONE_FASTER)
    return [header(CONSIDERED), fine_print(*lines, ONLY_YOU)]


def _managing(home: HomeShown) -> list[Block]:
    """Say to a manager how the team fares, with the table that the digests have."""
    team = home.managing
    if team is None:
        return []
    title = YOUR_TEAM.format(team=one_line(team.team)) if team.team else EVERYBODY
    lines = [[*said(line, 300)] for line in (team.headline, *team.says) if line]
    # No table: Slack shows them in messages only.
    lines += [
        [
            *said(f"{f.label}:", 80),
            leaf(" "),
            *said(in_words(f.value), 80, bold=True),
            leaf(f" (before: {in_words(f.before or NONE)})"),
        ]
        for f in team.figures
    ]
    return [header(f"{title}, last {team.days} days"), rich(bullets(lines))]


def _more_figures(home: HomeShown) -> list[dict[str, Any]]:
    if home.managing is None:
        return []
    return [
        button(DECISIONS, ids.DECISIONS, "home"),
        button(DASHBOARD, ids.DASHBOARD, "home"),
        button(SCHEDULES, ids.SCHEDULES, "home"),
    ]


def _spell(seconds: int) -> str:
    if seconds < ONE_HOUR:
        return f"{max(1, round(seconds / 60))} min"
    return f"{round(seconds / ONE_HOUR)} h" if seconds < 2 * ONE_DAY else f"{round(seconds / ONE_DAY)} days"


def _delegations(home: HomeShown) -> list[Block]:
    if not home.delegations:
        return []
    return [header(DELEGATIONS), rich(bullets(said(text, 200) for text in home.delegations[:MOST_OTHERS]))]


def _lines(items: Sequence[QueueItem], most: int, place: str) -> list[Block]:
    blocks: list[Block] = []
    for item in items[:most]:
        blocks += [queue_line(item), *queue_buttons(item, place)]
    more = [fine_print(MORE.format(count=len(items) - most))] if len(items) > most else []
    return blocks + more
