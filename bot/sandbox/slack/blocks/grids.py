"""Tables and charts: blocks whose parts must fit each other."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.blocks import limits
from bot.sandbox.slack.blocks.checks import (
    Check,
    Findings,
    Rule,
    Shape,
    anything,
    boolean,
    by_type,
    integer,
    list_of,
    number,
    one_of,
    string,
)
from bot.sandbox.slack.shapes import Json

_RAW_TEXT = Shape({"type": anything, "text": string()}, required=("text",))
_RAW_NUMBER = Shape({"type": anything, "value": number, "text": string()}, required=("value", "text"))
_RICH_TEXT = Shape({"type": anything, "block_id": string(), "elements": list_of(anything, 1)})
_CELLS: dict[str, Check] = {
    "raw_text": _RAW_TEXT,
    "raw_number": _RAW_NUMBER,
    "rich_text": _RICH_TEXT,
}
_ROW = list_of(by_type(_CELLS), 1, limits.TABLE_COLUMNS)
_SETTING = Shape({"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def _setting_or_null(value: Any, pointer: str, findings: Findings) -> None:
    if value is not None:
        _SETTING(value, pointer, findings)


def _rows_of(value: Json) -> list[list[Any]]:
    rows = value.get("rows")
    return [row for row in rows if isinstance(row, list)] if isinstance(rows, list) else []


def _equal_lengths(value: Json, pointer: str, findings: Findings) -> None:
    if len({len(row) for row in _rows_of(value)}) > 1:
        findings.add(f"{pointer}/rows", "every row must have the same number of cells")


def _plain_header(value: Json, pointer: str, findings: Findings) -> None:
    header = _rows_of(value)[:1]
    if any(isinstance(cell, dict) and cell.get("type") == "rich_text" for row in header for cell in row):
        findings.add(f"{pointer}/rows/0", "header cells must not be rich_text")


def _not_too_much_text(value: Json, pointer: str, findings: Findings) -> None:
    if sum(_characters(cell) for row in _rows_of(value) for cell in row) > limits.DATA_TABLE_CHARACTERS:
        findings.add(f"{pointer}/rows", f"no more than {limits.DATA_TABLE_CHARACTERS} characters allowed")


def _characters(part: Any) -> int:
    if isinstance(part, list):
        return sum(_characters(item) for item in part)
    if not isinstance(part, dict):
        return 0
    own = len(part["text"]) if isinstance(part.get("text"), str) else 0
    return own + _characters(part.get("elements"))


TABLE = Shape(
    {
        "rows": list_of(_ROW, 1, limits.TABLE_ROWS),
        "column_settings": list_of(_setting_or_null, 0, limits.TABLE_COLUMNS),
    },
    required=("rows",),
    rules=(_equal_lengths,),
)
DATA_TABLE = Shape(
    {
        "caption": string(),
        "rows": list_of(_ROW, 2, limits.DATA_TABLE_ROWS),
        "page_size": integer(1, limits.DATA_TABLE_PAGE),
        "row_header_column_index": integer(0, limits.TABLE_COLUMNS - 1),
    },
    required=("caption", "rows"),
    rules=(_equal_lengths, _plain_header, _not_too_much_text),
)

_LABEL = string(limits.CHART_LABEL)
_POINT = Shape({"label": _LABEL, "value": number}, required=("label", "value"))
_SERIES = Shape({"name": _LABEL, "data": list_of(_POINT, 1, limits.CHART_POINTS)}, required=("name", "data"))
_AXIS = Shape(
    {
        "categories": list_of(_LABEL, 1, limits.CHART_POINTS),
        "x_label": string(limits.CHART_AXIS_LABEL),
        "y_label": string(limits.CHART_AXIS_LABEL),
    },
    required=("categories",),
)


def _unique_names(value: Json, pointer: str, findings: Findings) -> None:
    names = [item.get("name") for item in value.get("series") or [] if isinstance(item, dict)]
    if len(names) != len(set(map(str, names))):
        findings.add(f"{pointer}/series", "series names must be unique")


def _points_match_categories(value: Json, pointer: str, findings: Findings) -> None:
    axis = value.get("axis_config")
    categories = axis.get("categories") if isinstance(axis, dict) else None
    for index, series in enumerate(value.get("series") or []):
        data = series.get("data") if isinstance(series, dict) else None
        labels = [point.get("label") for point in data or [] if isinstance(point, dict)]
        if isinstance(categories, list) and sorted(map(str, labels)) != sorted(map(str, categories)):
            findings.add(f"{pointer}/series/{index}/data", "labels must match the axis categories")


def _positive_slices(value: Json, pointer: str, findings: Findings) -> None:
    for index, item in enumerate(value.get("segments") or []):
        amount = item.get("value") if isinstance(item, dict) else None
        if isinstance(amount, int | float) and amount <= 0:
            findings.add(f"{pointer}/segments/{index}/value", "must be more than 0")


_GRID_RULES: tuple[Rule, ...] = (_unique_names, _points_match_categories)
_XY = Shape(
    {"type": anything, "series": list_of(_SERIES, 1, limits.CHART_SERIES), "axis_config": _AXIS},
    required=("series", "axis_config"),
    rules=_GRID_RULES,
)
_PIE = Shape(
    {"type": anything, "segments": list_of(_POINT, 1, limits.CHART_SERIES)},
    required=("segments",),
    rules=(_positive_slices,),
)
DATA_VISUALIZATION = Shape(
    {
        "title": string(limits.CHART_TITLE),
        "chart": by_type({"pie": _PIE, "bar": _XY, "area": _XY, "line": _XY}),
    },
    required=("title", "chart"),
)
