"""Identifiers sort by when they were made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storage.ids import IdSource

START = datetime(2026, 11, 3, 9, 30, 0, 123456, tzinfo=UTC)


def source(*milliseconds: int, entropy: bytes = b"\x01") -> IdSource:
    moments: Iterator[datetime] = (START + timedelta(milliseconds=each) for each in milliseconds)
    return IdSource(lambda: next(moments), lambda size: entropy * size)


def test_an_identifier_is_the_ulid_of_its_moment_and_randomness() -> None:
    epoch = IdSource(
        lambda: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1), lambda n: b"\xff" * n
    )
    assert epoch.new() == "0000000001ZZZZZZZZZZZZZZZZ"
    known = IdSource(lambda: datetime.fromtimestamp(1469918176.385, UTC), lambda n: b"\x00" * n)
    assert known.new() == "01ARYZ6S410000000000000000"


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=50))
def test_identifiers_of_one_source_grow_whatever_the_clock_does(milliseconds: list[int]) -> None:
    ids = source(*milliseconds)
    made = [ids.new() for _ in milliseconds]
    assert made == sorted(set(made))
    assert {len(each) for each in made} == {26}


def test_randomness_that_is_used_up_within_a_millisecond_borrows_from_the_next() -> None:
    ids = source(0, 0, 1, entropy=b"\xff")
    made = [ids.new() for _ in range(3)]
    assert made == sorted(set(made))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=20), st.binary(min_size=10, max_size=10))
def test_each_is_spelled_as_if_it_were_the_first(milliseconds: list[int], entropy: bytes) -> None:
    moments = iter(START + timedelta(milliseconds=each) for each in milliseconds)
    ids = IdSource(lambda: next(moments), lambda size: (entropy * size)[:size])
    made = [_read(ids.new()) for _ in milliseconds]
    assert made[0] >> 80 == milliseconds[0] + int(START.timestamp() * 1000)
    for before, after in pairwise(made):
        assert after == before + 1 or after >> 80 > before >> 80


def _read(ulid: str) -> int:
    return reduce(
        lambda number, letter: number << 5 | "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter), ulid, 0
    )
