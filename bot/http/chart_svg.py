"""The digests' charts as SVG, with their figures in words for whoever does not see them."""

from __future__ import annotations

from bot.http.html import Markup, el
from policy.chart_words import in_words
from policy.digest import Chart

WIDTH, HEIGHT, FOOT, TOP = 640, 240, 44, 14
_LETTERS_A_BAR = 7.0


def chart_svg(chart: Chart) -> Markup:
    """Return a bar chart; the table beside it says the same."""
    most = max((value for series in chart.series for value in series.values), default=0) or 1
    top = 100.0 if chart.unit == "%" else most
    slot = WIDTH / max(1, len(chart.categories))
    parts = [
        *(_bars(chart, number, slot, top) for number in range(len(chart.categories))),
        el("line", x1="0", y1=_px(HEIGHT - FOOT), x2=str(WIDTH), y2=_px(HEIGHT - FOOT), class_="axis"),
    ]
    legend = [el("span", s.name, class_=f"key key-{n + 1}") for n, s in enumerate(chart.series)]
    return el(
        "figure",
        el("figcaption", chart.title),
        el("svg", parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=in_words(chart)),
        el("p", legend, class_="legend") if len(chart.series) > 1 else None,
        class_="chart",
    )


def _bars(chart: Chart, number: int, slot: float, top: float) -> Markup:
    width = min(56.0, slot * 0.7 / len(chart.series))
    first = slot * number + (slot - width * len(chart.series)) / 2
    room = HEIGHT - FOOT - TOP
    bars = []
    for which, series in enumerate(chart.series):
        height = room * series.values[number] / top
        x, y = first + which * width, HEIGHT - FOOT - height
        bars.append(
            el(
                "rect",
                x=_px(x),
                y=_px(y),
                width=_px(width - 2),
                height=_px(height),
                class_=f"bar-{which + 1}",
            )
        )
        spoken = f"{series.values[number]:g}{chart.unit}"
        bars.append(el("text", spoken, x=_px(x + width / 2), y=_px(y - 4), class_="value"))
    label = _short(chart.categories[number], int(slot / _LETTERS_A_BAR))
    bars.append(el("text", label, x=_px(slot * (number + 0.5)), y=_px(HEIGHT - FOOT + 20), class_="label"))
    return el("g", bars)


def _short(label: str, letters: int) -> str:
    return label if len(label) <= max(4, letters) else f"{label[: max(3, letters - 1)]}…"


def _px(value: float) -> str:
    return f"{value:.1f}"
