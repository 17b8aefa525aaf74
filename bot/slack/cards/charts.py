"""Charts as Slack draws them itself, within its limits of points, series and letters."""

from __future__ import annotations

from collections.abc import Iterable

from bot.slack.blocks import Block
from bot.slack.text import clip, one_line
from policy.digest import Chart

MOST_CHARTS = 2
"""What Slack takes in one message."""

_POINTS, _SERIES, _LABEL, _TITLE = 20, 12, 20, 50


def chart_block(chart: Chart) -> Block:
    """Return a chart; what is beyond Slack's limits is in the table beside it."""
    labels = list(_distinct(chart.categories[:_POINTS]))
    series = [
        {
            "name": name,
            "data": [
                {"label": label, "value": value}
                for label, value in zip(labels, one.values[:_POINTS], strict=True)
            ],
        }
        for name, one in zip(_distinct(s.name for s in chart.series), chart.series[:_SERIES], strict=False)
    ]
    unit = f" ({chart.unit})" if chart.unit else ""
    return {
        "type": "data_visualization",
        "title": clip(one_line(f"{chart.title}{unit}"), _TITLE) or "–",
        "chart": {"type": chart.kind, "series": series, "axis_config": {"categories": labels}},
    }


def _distinct(labels: Iterable[str]) -> Iterable[str]:
    """Shorten labels to what fits, and number those that would then be the same."""
    seen: set[str] = set()
    for label in labels:
        short, number = clip(one_line(label), _LABEL) or "–", 2
        while short in seen:
            short = f"{clip(one_line(label), _LABEL - 3)} {number}"
            number += 1
        seen.add(short)
        yield short
