"""How a counterpart fails, as far as handlers tell one way from another."""

from __future__ import annotations

from datetime import timedelta


class Unavailable(Exception):
    """A counterpart does not answer now; try again, after *retry_after* if it said so."""

    def __init__(self, who: str, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(f"{who}: {code}")
        self.who, self.code, self.retry_after = who, code, retry_after


class OutcomeUnknown(Exception):
    """A write was sent and no answer came: look before sending it again, *look_after* a while if given."""

    def __init__(self, what: str, look_after: timedelta | None = None) -> None:
        super().__init__(what)
        self.look_after = look_after


class NotThere(OutcomeUnknown):
    """The write was answered with yes, and reading it back shows nothing of it."""


class StaleRecord(Exception):
    """The CRM record changed since it was read; read it again before deciding anything."""


class DonorUnknown(Exception):
    """The CRM has no such donor, or we may not see it."""


class Refused(Exception):
    """A counterpart understood the request and said no; trying again will not help."""

    def __init__(self, who: str, code: str) -> None:
        super().__init__(f"{who}: {code}")
        self.who, self.code = who, code
