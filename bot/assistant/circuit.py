"""A circuit breaker: a failing endpoint is left alone for a while, then tried by one question."""

from __future__ import annotations

from collections.abc import Callable


class CircuitBreaker:
    """Opens after consecutive failures; *monotonic* returns seconds and never goes back."""

    def __init__(
        self, monotonic: Callable[[], float], *, failures_until_open: int, cool_down_s: float
    ) -> None:
        self._monotonic = monotonic
        self._limit = failures_until_open
        self._cool_down_s = cool_down_s
        self._failures = 0
        self._closed_again_at: float | None = None

    def admits(self) -> bool:
        """Say whether a question may be asked now; after the cool-down one is let through at a time."""
        if self._closed_again_at is None:
            return True
        now = self._monotonic()
        if now < self._closed_again_at:
            return False
        self._closed_again_at = now + self._cool_down_s
        return True

    @property
    def is_open(self) -> bool:
        """Say whether the endpoint is being left alone."""
        return self._closed_again_at is not None

    def succeeded(self) -> None:
        """Close the circuit."""
        self._failures = 0
        self._closed_again_at = None

    def failed(self) -> None:
        """Count a failure, and open when there were too many in a row, for as long as it asked at least."""
        self._failures += 1
        if self._failures >= self._limit:
            cooled_down_at = self._monotonic() + self._cool_down_s
            self._closed_again_at = max(self._closed_again_at or cooled_down_at, cooled_down_at)
