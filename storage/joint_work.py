"""Works of one kind that wait side by side and are done with one statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import Dialect

from storage.transaction import Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Statement(Generic[T]):
    """One statement in the server's own words, and what the rows that it returns mean for each work."""

    text: str
    parameters: tuple[Any, ...]
    values: Callable[[Sequence[Sequence[Any]]], list[T]]


class JointWork(Generic[T]):
    """A work that several callers hand in at the same time; `together` does what `__call__` does alone."""

    __slots__ = ()

    def __call__(self, transaction: Transaction) -> T:
        """Do this one."""
        raise NotImplementedError

    @classmethod
    def together(cls, transaction: Transaction, works: Sequence[Self]) -> list[T]:
        """Do *works* as if one after the other, and return their values in the same order."""
        raise NotImplementedError

    @classmethod
    def statement(cls, dialect: Dialect, works: Sequence[Self]) -> Statement[T] | None:
        """Return the one statement that does *works* on PostgreSQL, if one is enough."""
        del dialect, works
        return None


Work = Callable[[Transaction], Any]


def runs(works: Sequence[Work]) -> Iterator[Sequence[Work]]:
    """Divide *works* into neighbours that can be done together, most often one."""
    for _, neighbours in groupby(enumerate(works), key=_kind):
        yield [work for _, work in neighbours]


def perform(transaction: Transaction, works: Sequence[Work]) -> list[Any]:
    """Do the *works* of one run and return their values."""
    joint = [work for work in works if isinstance(work, JointWork)]
    if len(joint) > 1:
        return joint[0].together(transaction, joint)
    return [work(transaction) for work in works]


def as_statement(dialect: Dialect, works: Sequence[Work]) -> Statement[Any] | None:
    """Return what does all *works* in one statement; None where they are of several kinds or take more."""
    joint = [work for work in works if isinstance(work, JointWork)]
    if len(joint) < len(works) or len({type(work) for work in joint}) != 1:
        return None
    return joint[0].statement(dialect, joint)


def _kind(placed: tuple[int, Work]) -> object:
    place, work = placed
    return type(work) if isinstance(work, JointWork) else place
