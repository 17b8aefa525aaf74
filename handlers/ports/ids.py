"""Fresh ids as handlers need them."""

from __future__ import annotations

from typing import Protocol


class Ids(Protocol):
    """A source of sortable, unguessable ids."""

    def new(self) -> str:
        """Return a fresh id."""
        ...
