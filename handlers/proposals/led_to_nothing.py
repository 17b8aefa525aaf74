"""Which events of late led to nothing, so that others that had arrived by then need no look of their own."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from policy.events import CrmEvent, CrmEventType

LATELY = timedelta(seconds=60)
MOST = 4096

# Of these no record has to be there that the event names: the donor alone says whether anybody is needed.
_OF_THE_DONOR_ALONE = frozenset({CrmEventType.DONOR_UPDATED, CrmEventType.EMAIL_OPENED})
_Said = tuple[str, str | None, str | None, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Look:
    """When the CRM was asked about a donor: *before* names the last arrival that was stored by then."""

    before: int
    at: datetime
    today: date


@dataclass(frozen=True, slots=True)
class _Found:
    look: Look
    donor_id: str


class LedToNothing:
    """Remembers for a minute what was looked at in vain; no record, only whose it is.

    What had arrived before the CRM was asked is in what it answered. A second event of that kind about the
    donor would be told the same as if it had come first, so an import of many costs a CRM one read, not each.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[_Said, _Found] = OrderedDict()

    def remember(self, event: CrmEvent, look: Look, donor_id: str) -> None:
        """Note that nothing came of *event*, about whom the CRM was asked as *look* says."""
        if event.type not in _OF_THE_DONOR_ALONE:
            return
        said = _said(event)
        self._found[said] = _Found(look, donor_id)
        self._found.move_to_end(said)
        while len(self._found) > MOST:
            self._found.popitem(last=False)

    def again(self, event: CrmEvent, position: int | None, look: Look) -> str | None:
        """Return whose record says that nothing comes of *event*, which arrived at *position*, if any."""
        found = self._found.get(_said(event)) if event.type in _OF_THE_DONOR_ALONE else None
        if found is None or position is None or position > found.look.before:
            return None
        is_of_late = timedelta() <= look.at - found.look.at <= LATELY and look.today == found.look.today
        return found.donor_id if is_of_late else None


def _said(event: CrmEvent) -> _Said:
    """Return all of it that a proposal can depend on; which mail was opened is none of that."""
    record_id = None if event.type is CrmEventType.EMAIL_OPENED else event.record_id
    return event.type.value, event.donor_id, record_id, event.fields
