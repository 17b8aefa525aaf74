"""The pages of the dashboard as HTML: no script, readable without style, every chart beside its table."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from bot.http.chart_svg import chart_svg
from bot.http.html import Markup, el
from bot.slack.blocks import safe_url
from bot.slack.cards.digest import period_words
from handlers.digests.dashboard_view import Now, Viewer
from handlers.digests.figures import DAYS
from handlers.outcomes import DigestShown
from policy.digest import Cell, DigestKind, DigestSection, in_words

HOME = "/dashboard"
TABS = {
    DigestKind.ADOPTION: "Use",
    DigestKind.OVERRIDE: "Overrides",
    DigestKind.OUTCOMES: "Outcomes",
    DigestKind.OPERATIONS: "Operations",
}
SPANS = {1: "1 day", 7: "7 days", 28: "4 weeks", 91: "13 weeks", 364: "52 weeks"}
BARE = ("Figure", "Now", "Before")
LOOK_AGAIN = "Type /donor dashboard in Slack for a new link."


def page(
    title: str, *parts: Markup | None, navigation: Markup | None = None, footer: Markup | None = None
) -> str:
    """Return a whole page."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{title} · Countersign"),
        el("link", rel="stylesheet", href=f"{HOME}/style.css"),
    )
    body = el(
        "body",
        el("a", "Skip to the figures", href="#main", class_="skip"),
        el("header", el("p", "Countersign", class_="brand"), navigation),
        el("main", el("h1", title), [part for part in parts if part is not None], id="main", tabindex="-1"),
        footer,
    )
    return f"<!doctype html>{el('html', head, body, lang='en')}"


def message(title: str, text: str, next_step: str = LOOK_AGAIN) -> str:
    """Return a page that says one thing."""
    return page(title, el("p", text), el("p", next_step))


def entrance(link: str) -> str:
    """Return the page behind a link: pressing its button uses the link up, which opening it does not."""
    form = el(
        "form",
        el("input", type="hidden", name="link", value=link),
        el("button", "Open the dashboard", type="submit"),
        method="post",
        action=f"{HOME}/enter",
    )
    return page("Your dashboard", el("p", "This link works once, and only for you."), form)


def figures_page(
    digest: DigestShown, viewer: Viewer, days: int, teams: Sequence[str], now: Now | None
) -> str:
    """Return one digest as a page, with what can be chosen in the address."""
    words = period_words(digest)
    whose = f"Team {digest.team}. " if digest.team else ""
    about = el("p", f"{whose}{words}. {digest.zone}.", class_="period")
    return page(
        digest.title,
        about,
        _choices(digest, viewer, days, teams),
        el("p", digest.headline, class_="headline"),
        _figures(digest) if digest.figures else None,
        _now(now) if now else None,
        *(_section(section) for section in digest.sections),
        navigation=_tabs(digest, days),
        footer=el("footer", [el("p", note) for note in digest.footnotes], _leave(viewer)),
    )


def _tabs(digest: DigestShown, days: int) -> Markup:
    links = [
        el(
            "li",
            el(
                "a",
                words,
                href=_address(kind, days, digest.team),
                aria_current="page" if kind is digest.kind else None,
            ),
        )
        for kind, words in TABS.items()
    ]
    return el("nav", el("ul", links), aria_label="Kinds of figures")


def _address(kind: DigestKind, days: int, team: str | None) -> str:
    wanted = {"kind": kind.value, "days": str(days)} | ({"team": team} if team else {})
    return f"{HOME}?{urlencode(wanted)}"


def _choices(digest: DigestShown, viewer: Viewer, days: int, teams: Sequence[str]) -> Markup:
    spans = [el("option", SPANS[each], value=str(each), selected=each == days) for each in DAYS]
    parts = [
        el("input", type="hidden", name="kind", value=digest.kind.value),
        el("label", "Period ", el("select", spans, name="days")),
    ]
    if viewer.whose.team is None and teams and digest.kind is not DigestKind.OPERATIONS:
        choices = [el("option", "Everybody", value="")]
        choices += [el("option", team, value=team, selected=team == digest.team) for team in teams]
        parts.append(el("label", "Team ", el("select", choices, name="team")))
    parts.append(el("button", "Show", type="submit"))
    wanted = {"kind": digest.kind.value, "days": str(days)} | ({"team": digest.team} if digest.team else {})
    file = el("a", "Figures as a file", href=f"{HOME}/figures.csv?{urlencode(wanted)}", class_="file")
    return el("form", parts, file, method="get", action=HOME, class_="choices")


def _figures(digest: DigestShown) -> Markup:
    if not any(figure.before for figure in digest.figures):
        return _table("The figures", BARE[:2], [(figure.label, figure.value) for figure in digest.figures])
    columns = ("Figure", "Now", "Before", "Change") if any(f.change for f in digest.figures) else BARE
    rows = [
        (figure.label, figure.value, figure.before or "–", figure.change)[: len(columns)]
        for figure in digest.figures
    ]
    return _table("The figures, beside the period before", columns, rows)


def _section(section: DigestSection) -> Markup:
    links = [safe_url(link) for link in section.links]
    return el(
        "section",
        el("h2", section.title, id=section.id),
        el("p", section.says),
        chart_svg(section.chart) if section.chart else None,
        _table(section.title, section.columns, section.rows, links) if section.rows else None,
        [el("p", note, class_="note") for note in section.notes],
        aria_labelledby=section.id,
    )


def _table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    links: Sequence[str | None] = (),
) -> Markup:
    head = el("tr", [el("th", column or "What", scope="col") for column in columns])
    body = [_row(row, links[at] if at < len(links) else None) for at, row in enumerate(rows)]
    table = el("table", el("caption", caption), el("thead", head), el("tbody", body))
    words = "scroll words" if links else "scroll"
    return el("div", table, class_=words, tabindex="0", role="region", aria_label=caption)


def _row(row: Sequence[Cell], link: str | None) -> Markup:
    cells = [el("td", in_words(cell)) for cell in row[1:]]
    if link:
        words = in_words(row[-1]) or "the card"
        cells[-1] = el("td", el("a", words, href=link, rel="noreferrer"))
    return el("tr", el("th", in_words(row[0]), scope="row"), cells)


def _now(now: Now) -> Markup:
    rows = [(name, status.replace("_", " "), f"{count:,}") for name, status, count in now.queues]
    paused = f"Paused: {', '.join(now.paused)}." if now.paused else "Nothing is paused."
    return el(
        "section",
        el("h2", "At this moment", id="now"),
        el("p", f"{paused} Recorded decisions, decided again: {now.replay}."),
        _table("The queues", ("Queue", "Status", "Items"), rows)
        if rows
        else el("p", "The queues are empty."),
        aria_labelledby="now",
    )


def _leave(viewer: Viewer) -> Markup:
    who = el("span", f"Signed in through Slack as {viewer.colleague.name}. ")
    return el(
        "form",
        who,
        el("button", "Leave", type="submit"),
        method="post",
        action=f"{HOME}/leave",
        class_="leave",
    )
