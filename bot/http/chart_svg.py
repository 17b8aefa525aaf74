"""The digests' charts as SVG, with their figures in words for whoever does not see them."""

from __future__ import annotations

from bot.http.html import Markup, el
from policy.chart_words import in_words
from policy.digest import Chart

WIDTH, LABEL, BAR, GAP, VALUE = 640, 30, 26, 14, 96
"""In units of the drawing: a label stands above its bars, so that it is read whole on a phone, too."""

_MOST_LETTERS = 46


def chart_svg(chart: Chart) -> Markup:
    """Return a chart of horizontal bars; the table beside it says the same."""
    most = max((value for series in chart.series for value in series.values), default=0) or 1
    top = 100.0 if chart.unit == "%" else most
    group = LABEL + BAR * len(chart.series) + GAP
    height = group * len(chart.categories)
    parts = [_category(chart, number, group * number, top) for number in range(len(chart.categories))]
    legend = [el("span", s.name, class_=f"key key-{n + 1}") for n, s in enumerate(chart.series)]
    return el(
        "figure",
        el("figcaption", chart.title),
        el("p", legend, class_="legend") if len(chart.series) > 1 else None,
        el("svg", parts, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=in_words(chart)),
        class_="chart",
    )


def _category(chart: Chart, number: int, y: float, top: float) -> Markup:
    parts = [el("text", _short(chart.categories[number]), x="0", y=_px(y + LABEL - 8), class_="label")]
    for which, series in enumerate(chart.series):
        value, at = series.values[number], y + LABEL + BAR * which
        long = max(1.0, (WIDTH - VALUE) * max(0.0, value) / top)
        bar = el("rect", x="0", y=_px(at), width=_px(long), height=_px(BAR - 4), class_=f"bar-{which + 1}")
        spoken = f"{value:g}{chart.unit}"
        parts += [bar, el("text", spoken, x=_px(long + 8), y=_px(at + BAR - 8), class_="value")]
    return el("g", parts)


def _short(label: str) -> str:
    return label if len(label) <= _MOST_LETTERS else f"{label[: _MOST_LETTERS - 1]}…"


def _px(value: float) -> str:
    return f"{value:.1f}"
