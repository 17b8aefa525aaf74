"""The compiled policy that rules, kept by version; which version rules is asked of the database each time."""

from __future__ import annotations

import logging

from policy.closed import nothing_allowed
from policy.decide import CompiledPolicy, compile_policy
from policy.language import PolicyInvalidError, parse_policy
from storage.transaction import Transaction

log = logging.getLogger(__name__)

NO_VERSION = "none"


class PolicyInForce:
    """Compiles each version once. A version that cannot be read allows nothing; no other takes its place."""

    def __init__(self) -> None:
        self._compiled: dict[str, CompiledPolicy] = {}
        self._unreadable: set[str] = set()

    def current(self, tx: Transaction) -> CompiledPolicy:
        """Return the policy in force for the decision that *tx* reads the facts for."""
        version = tx.policies.version_in_force()
        if version is None:
            self._report(NO_VERSION)
            return nothing_allowed()
        return self.version(tx, version) or nothing_allowed()

    def version(self, tx: Transaction, version: str) -> CompiledPolicy | None:
        """Return any stored version; None when it is not there or cannot be read."""
        known = self._compiled.get(version)
        if known is None:
            known = _read(tx, version)
            if known is None:
                self._report(version)
                return None
            self._compiled[version] = known
        self._unreadable.discard(version)
        return known

    def _report(self, version: str) -> None:
        if version not in self._unreadable:
            self._unreadable.add(version)
            log.error("policy version cannot be read", extra={"version": version[:12]})


def first_fault(tx: Transaction, version: str) -> str:
    """Say where a stored version cannot be read, with its line and what to write instead."""
    stored = tx.policies.version(version)
    if stored is None:
        return "It is not stored."
    if not stored.is_intact:
        return "Its text was changed after it was stored."
    try:
        compile_policy(parse_policy(stored.source, version[:12]))
    except PolicyInvalidError as invalid:
        return f"The first fault: {invalid.faults[0]}"
    return ""


def _read(tx: Transaction, version: str) -> CompiledPolicy | None:
    stored = tx.policies.version(version)
    if stored is None or not stored.is_intact:
        return None
    try:
        return compile_policy(parse_policy(stored.source, version))
    except PolicyInvalidError:
        return None
