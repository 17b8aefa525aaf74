"""Identifiers and message timestamps of the simulated workspace."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.slack.shapes import Clock


class Mint:
    """Issues ids and timestamps; *entropy* returns that many random bytes as hexadecimal digits."""

    def __init__(self, clock: Clock, entropy: Callable[[int], str]) -> None:
        self._clock = clock
        self._entropy = entropy
        self._last_micros = 0

    def remember(self, ts: str) -> None:
        """Never issue *ts* or anything older again, as after a restart."""
        self._last_micros = max(self._last_micros, _micros(ts))

    def ts(self) -> str:
        """A message timestamp, unique and increasing: seconds, a dot and six digits."""
        now = int(self._clock().timestamp() * 1_000_000)
        self._last_micros = max(now, self._last_micros + 1)
        seconds, micros = divmod(self._last_micros, 1_000_000)
        return f"{seconds}.{micros:06d}"

    def seconds(self) -> int:
        """Now, in whole seconds since 1970 (UTC)."""
        return int(self._clock().timestamp())

    def id(self, prefix: str) -> str:
        """An identifier as Slack makes them: one letter and ten capitals or digits."""
        return prefix + self._entropy(5).upper()

    def token(self) -> str:
        """An unguessable string for addresses and tickets."""
        return self._entropy(16)

    def short(self) -> str:
        """A short random name, as Slack gives to blocks without a block_id."""
        return self._entropy(3)


def _micros(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])
