"""A chart in words, for whoever does not see it."""

from __future__ import annotations

from policy.digest import Chart


def in_words(chart: Chart) -> str:
    """Return the title and every value: what a screen reader says instead of the picture."""
    said = [
        f"{category}: " + ", ".join(_value(chart, s.name, s.values[number]) for s in chart.series)
        for number, category in enumerate(chart.categories)
    ]
    return f"{chart.title}. {'; '.join(said)}."


def _value(chart: Chart, name: str, value: float) -> str:
    spoken = f"{value:g}{chart.unit}"
    return f"{name} {spoken}" if len(chart.series) > 1 else spoken
