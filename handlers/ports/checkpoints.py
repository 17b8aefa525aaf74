"""Where signed checkpoints are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from storage.merkle import KnownRoot
    from storage.signed_note import VerifierKey


class CheckpointStore(Protocol):
    """Where signed checkpoints are kept outside of the database."""

    async def keep(self, size: int, note: str, vkeys: str) -> tuple[str, ...]:
        """Keep *note*, with the keys that verify it; return the places that failed."""
        ...

    async def roots(self, keys: tuple[VerifierKey, ...]) -> tuple[KnownRoot, ...]:
        """Return what the checkpoints that are kept state, as far as one of *keys* signed them."""
        ...
