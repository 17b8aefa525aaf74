"""How long a test waits for what has to come: a bound that a busy machine keeps, and that costs nothing."""

from __future__ import annotations

PATIENCE_S = 120
"""Whoever waits for a state waits so long at most; a test that passes waits no longer than it takes."""
