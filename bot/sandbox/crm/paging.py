"""Pages of a list: cursors that stay right while records are added or removed in between."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import JsonValue
from starlette.requests import Request

from .model import Record
from .outcomes import invalid

R = TypeVar("R", bound=Record)
_DEFAULT = 100
_MAXIMUM = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands in a sorted list."""

    key: str
    id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page the caller asks for."""

    cursor: str | None
    limit: int

    @classmethod
    def by(cls, request: Request) -> Wanted:
        """From the query; a limit beyond the maximum is cut to it."""
        text = request.query_params.get("limit", str(_DEFAULT))
        if not text.isdecimal() or int(text) < 1:
            raise invalid("limit: a whole number from 1 to 500 is expected.")
        return cls(request.query_params.get("cursor"), min(int(text), _MAXIMUM))


FIRST_PAGE = Wanted(None, _MAXIMUM)


def newest_first(rows: Sequence[R], key: Callable[[R], str], wanted: Wanted) -> dict[str, JsonValue]:
    """One page of *rows* by descending *key* (ties by descending id), as the wire form of a list."""
    placed = sorted(((Place(key(row), _id(row)), row) for row in rows), key=_order, reverse=True)
    if wanted.cursor:
        last = _decode(wanted.cursor)
        placed = [(place, row) for place, row in placed if (place.key, place.id) < (last.key, last.id)]
    page = placed[: wanted.limit]
    more = len(placed) > len(page)
    return listed([row for _, row in page], _encode(page[-1][0]) if more and page else None)


def wire(row: Record) -> dict[str, JsonValue]:
    """The wire form of one record."""
    shown: dict[str, JsonValue] = row.model_dump(mode="json")
    return shown


def in_order(
    rows: Sequence[R], wanted: Wanted, form: Callable[[R], dict[str, JsonValue]] = wire
) -> dict[str, JsonValue]:
    """One page of *rows* as they stand (a ranking); the cursor remembers the id it stopped at."""
    start = 0
    if wanted.cursor:
        last = _decode(wanted.cursor)
        start = next((at + 1 for at, row in enumerate(rows) if _id(row) == last.id), len(rows))
    page = rows[start : start + wanted.limit]
    more = start + len(page) < len(rows)
    following = _encode(Place("", _id(page[-1]))) if more and page else None
    return {"items": [form(row) for row in page], "next": following}


def listed(rows: Sequence[Record], following: str | None) -> dict[str, JsonValue]:
    """The wire form of a list."""
    return {"items": [wire(row) for row in rows], "next": following}


def _id(row: Record) -> str:
    return str(row.id)  # type: ignore[attr-defined]  # every listed record has an id


def _order(placed: tuple[Place, object]) -> tuple[str, str]:
    return placed[0].key, placed[0].id


def _encode(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps([place.key, place.id]).encode()).decode()


def _decode(cursor: str) -> Place:
    try:
        key, row_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, TypeError, binascii.Error) as error:
        raise invalid("cursor: this cursor is not one of ours.") from error
    return Place(str(key), str(row_id))
