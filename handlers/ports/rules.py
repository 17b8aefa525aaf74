"""The rules in force as handlers need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from policy.decide import CompiledPolicy
    from storage.transaction import Transaction


class RulesInForce(Protocol):
    """The policy that rules, as the database says within *tx*: never an older answer than the facts."""

    def current(self, tx: Transaction) -> CompiledPolicy:
        """Return the policy in force; when that cannot be read, one that allows nothing."""
        ...

    def version(self, tx: Transaction, version: str) -> CompiledPolicy | None:
        """Return any stored version; None when it is not there or cannot be read."""
        ...
