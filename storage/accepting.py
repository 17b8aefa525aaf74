"""Taking in what arrives: many at once cost little more than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Dialect

from storage.joint_work import JointWork, Statement
from storage.queue import Received, accepting, is_new
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Accept(JointWork[bool]):
    """Store what arrived; False when its source sent the same before."""

    received: Received

    def __call__(self, transaction: Transaction) -> bool:
        """Store this one."""
        return transaction.inbox.accept(self.received)

    @classmethod
    def together(cls, transaction: Transaction, works: Sequence[Accept]) -> list[bool]:
        """Store all of them; of several that repeat one another the first is new."""
        return transaction.inbox.accept_all([work.received for work in works])

    @classmethod
    def statement(cls, dialect: Dialect, works: Sequence[Accept]) -> Statement[bool] | None:
        """Return what stores all of them and commits by itself: one round trip instead of three."""
        received = [work.received for work in works]
        if not all(map(is_new, received)):
            return None
        text, parameters = accepting(dialect, received)

        def values(rows: Sequence[Sequence[str]]) -> list[bool]:
            new = {row[0] for row in rows}
            return [each.id in new for each in received]

        return Statement(text, parameters, values)
