"""A whole fundraising organisation from a seed."""

from __future__ import annotations

from datetime import date

from .model import World


def generate(seed: int, today: date) -> World:
    """The same world for the same *seed* and *today*."""
    return World(origin=f"seed {seed}", as_of=today)
