"""The CRM port over Countersign's documented REST contract."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from bot.crm.undoing import Undoing
from bot.crm.wire import UNREADABLE, NotPermitted, Wire, items_of
from bot.crm.writes import Writes
from handlers.ports import Clock, CrmReceipt, DonorUnknown, Unavailable
from policy.actions import Action
from policy.donor import (
    Campaign,
    Consent,
    Donor,
    DonorMatch,
    DonorRecord,
    Gift,
    Household,
    Interaction,
    Note,
    PlannedMeeting,
    Pledge,
    Record,
    RecurringGift,
    StaffMember,
    Task,
)
from policy.undoing import ChangedSince, TakenBack

R = TypeVar("R", bound=Record)

_STAFF_AGE = timedelta(minutes=5)
_CAMPAIGN_AGE = timedelta(minutes=1)
_MOST_HOUSEHOLD_MEMBERS = 8
_AT_A_TIME = 500
_LOOKED_FOR_AGAIN = timedelta(hours=1)
_NO_SUCH_ADDRESS = frozenset({"http_400", "http_405", "http_410", "http_501", UNREADABLE})
_IN_PERSON = ("meeting", "visit")
_OUT_OF_PLACE = frozenset("/\\?#%")

_LISTS: dict[str, tuple[str, type[Record], str]] = {
    "gifts": ("gifts", Gift, "gifts"),
    "soft_credited_gifts": ("soft-credits", Gift, "soft credits"),
    "pledges": ("pledges", Pledge, "pledges"),
    "recurring_gifts": ("recurring-gifts", RecurringGift, "recurring gifts"),
    "interactions": ("interactions", Interaction, "interactions"),
    "notes": ("notes", Note, "notes"),
    "tasks": ("tasks", Task, "tasks"),
    "consents": ("consents", Consent, "consents"),
}


_NOTHING: Mapping[str, Any] = MappingProxyType({})
_People = tuple[Donor, Household | None, tuple[Donor, ...], tuple[Record, ...]]
"""The donor, the household, its other members, and how those were contacted."""
_Lists = tuple[dict[str, tuple[Record, ...]], tuple[str, ...]]
"""The donor's records by their name in DonorRecord, and the kinds that we may not see."""


class RestCrm:
    """Reads donors with everything around them, and hands writes to `Writes`.

    *zone* is the organisation's: a day that is written down is a day there.
    """

    def __init__(self, wire: Wire, clock: Clock, zone: tzinfo = UTC) -> None:
        self._wire = wire
        self._clock = clock
        self._staff: _Remembered[StaffMember] = _Remembered(clock, _STAFF_AGE)
        self._campaigns: _Remembered[Campaign] = _Remembered(clock, _CAMPAIGN_AGE)
        self._writes = Writes(wire, clock, zone)
        self._undoing = Undoing(wire, self.staff)
        self._has_no_record_until = clock.now()

    async def search(self, text: str, limit: int) -> tuple[DonorMatch, ...]:
        """Find donors by id, e-mail or name, best match first."""
        page = await self._wire.get("donors", search=text, limit=limit)
        return tuple(DonorMatch.model_validate(item) for item in items_of(page))

    async def near(self, text: str) -> tuple[DonorMatch, ...]:
        """Find donors whose names look like *text*."""
        page = await self._wire.get("donors", near=text)
        return tuple(DonorMatch.model_validate(item) for item in items_of(page))

    async def read(self, donor_id: str) -> DonorRecord:
        """Read one donor with everything around them; what may not be seen is named in the gaps."""
        if not _is_id(donor_id):
            raise DonorUnknown(donor_id)
        around, staff, campaigns = await asyncio.gather(
            self._around(donor_id), self.staff(), self._every_campaign()
        )
        (donor, household, members, theirs), (read, gaps) = around
        return DonorRecord.model_validate(
            {
                "donor": donor,
                "read_at": self._clock.now(),
                "owner": next((s for s in staff if s.id == donor.owner_id), None),
                "staff": staff,
                "household": household,
                "household_members": members,
                "household_interactions": theirs,
                "campaigns": campaigns,
                "gaps": gaps,
                **read,
            }
        )

    async def campaign(self, campaign_id: str) -> Campaign | None:
        """Read one campaign afresh."""
        if not _is_id(campaign_id):
            return None
        try:
            return Campaign.model_validate(await self._wire.get(f"campaigns/{campaign_id}"))
        except DonorUnknown:
            return None

    async def planned_meetings(self, start: datetime, end: datetime) -> tuple[PlannedMeeting, ...]:
        """List the meetings and visits planned from *start* until before *end*, if the CRM lists them."""
        query = {"status": "planned", "from": start.isoformat(), "until": end.isoformat()}
        try:
            found = await self._wire.every("interactions", **query)
        except (DonorUnknown, NotPermitted):
            return ()
        emails = {member.id: member.email for member in await self.staff() if member.active}
        planned = [Interaction.model_validate(each) for each in found]
        return tuple(
            PlannedMeeting(id=i.id, donor_id=i.donor_id, at=i.at, staff_email=emails.get(i.staff_id or ""))
            for i in planned
            if i.status == "planned" and i.kind in _IN_PERSON and start <= i.at < end
        )

    async def staff(self) -> tuple[StaffMember, ...]:
        """Return the organisation's staff, read at most every five minutes."""
        return await self._staff.get(lambda: self._records("staff", StaffMember))

    async def execute(self, action: Action, *, key: str, version: str, actor: str) -> CrmReceipt:
        """Write *action* once under *key* and read it back."""
        return await self._writes.execute(action, key=key, version=version, actor=actor)

    async def find(self, action: Action, *, key: str) -> CrmReceipt | None:
        """Look for the effect of an earlier `execute` with this *key*."""
        return await self._writes.find(action, key=key)

    async def undo(
        self, action: Action, *, key: str, ref: str, actor: str, rest: bool = False
    ) -> TakenBack | ChangedSince:
        """Take back what `execute` wrote under *key*, unless it was changed since."""
        return await self._undoing.undo(action, key=key, ref=ref, actor=actor, rest=rest)

    async def ping(self) -> dict[str, Any]:
        """Ask the CRM who it is, how many donors it shows us, and what time it has."""
        return await self._wire.get("ping")

    async def _donor(self, donor_id: str) -> Donor:
        try:
            return Donor.model_validate(await self._wire.get(f"donors/{donor_id}"))
        except NotPermitted:
            raise DonorUnknown(donor_id) from None

    async def _around(self, donor_id: str) -> tuple[_People, _Lists]:
        """Read the donor with everything around them, in one answer where the CRM has such an answer.

        A dozen requests for one donor is what uses up a CRM's quota; the answer saves all but one.
        """
        whole = await self._whole(donor_id)
        around = await asyncio.gather(self._people(donor_id, whole), self._lists(donor_id, whole))
        if not whole and self._clock.now() >= self._has_no_record_until:
            self._has_no_record_until = self._clock.now() + _LOOKED_FOR_AGAIN
        return around

    async def _whole(self, donor_id: str) -> dict[str, Any]:
        """Return what the CRM says of the donor in one answer; empty where it has no such answer."""
        if self._clock.now() < self._has_no_record_until:
            return {}
        try:
            whole = await self._wire.get(f"donors/{donor_id}/record")
        except (DonorUnknown, NotPermitted):  # no such donor, or no such address: the next request will tell
            return {}
        except Unavailable as unavailable:
            if unavailable.code not in _NO_SUCH_ADDRESS:
                raise
            return {}
        return whole if isinstance(whole.get("donor"), dict) else {}

    async def _lists(self, donor_id: str, whole: Mapping[str, Any]) -> _Lists:
        reads = [
            self._list(f"donors/{donor_id}/{path}", model, whole, path) for path, model, _ in _LISTS.values()
        ]
        found = await asyncio.gather(*reads)
        read = {name: records or () for name, records in zip(_LISTS, found, strict=True)}
        labels = (label for _, _, label in _LISTS.values())
        gaps = tuple(label for label, records in zip(labels, found, strict=True) if records is None)
        return read, gaps

    async def _list(
        self, path: str, model: type[Record], whole: Mapping[str, Any] = _NOTHING, name: str = ""
    ) -> tuple[Record, ...] | None:
        """Read a list, or what the *whole* answer does not hold of it; None where we may not see it."""
        if name in whole and whole[name] is None:
            return None
        try:
            if not isinstance(first := whole.get(name), dict):
                return await self._records(path, model)
            return await _read_as(model, await self._wire.onwards(path, first))
        except NotPermitted:
            return None

    async def _records(self, path: str, model: type[R]) -> tuple[R, ...]:
        return await _read_as(model, await self._wire.every(path))

    async def _every_campaign(self) -> tuple[Campaign, ...]:
        return await self._campaigns.get(lambda: self._records("campaigns", Campaign))

    async def _people(self, donor_id: str, whole: Mapping[str, Any]) -> _People:
        """Read the donor, then the household, then its members: each names the next."""
        donor = Donor.model_validate(whole["donor"]) if whole else await self._donor(donor_id)
        if isinstance(told := whole.get("household"), dict):
            household: Household | None = Household.model_validate(told)
        else:
            household = None if "household" in whole else await self._household(donor)
        members, theirs = await self._members(household, donor)
        return donor, household, members, theirs

    async def _household(self, donor: Donor) -> Household | None:
        if donor.household_id is None:
            return None
        try:
            return Household.model_validate(await self._wire.get(f"households/{donor.household_id}"))
        except (DonorUnknown, NotPermitted):
            return None

    async def _members(
        self, household: Household | None, donor: Donor
    ) -> tuple[tuple[Donor, ...], tuple[Record, ...]]:
        """Read the others of the household, and how they were contacted: cadence counts for all together."""
        listed = household.member_ids[:_MOST_HOUSEHOLD_MEMBERS] if household else ()
        others = [member_id for member_id in listed if member_id != donor.id]
        members, contacts = await asyncio.gather(
            asyncio.gather(*(self._member(each) for each in others)),
            asyncio.gather(*(self._list(f"donors/{each}/interactions", Interaction) for each in others)),
        )
        theirs = tuple(contact for found in contacts for contact in found or ())
        return tuple(member for member in members if member), theirs

    async def _member(self, donor_id: str) -> Donor | None:
        try:
            return await self._donor(donor_id)
        except DonorUnknown:
            return None


async def _read_as(model: type[R], items: Sequence[Any]) -> tuple[R, ...]:
    """Read *items* as records, some hundreds at a time: a long history keeps nobody waiting."""
    read: list[R] = []
    for begin in range(0, len(items), _AT_A_TIME):
        if begin:
            await asyncio.sleep(0)
        read += [model.model_validate(item) for item in items[begin : begin + _AT_A_TIME]]
    return tuple(read)


def _is_id(text: str) -> bool:
    """Say whether *text* stays where it is put in an address; an event may name anything as a donor."""
    return text not in (".", "..") and text.isprintable() and not _OUT_OF_PLACE & set(text)


class _Remembered(Generic[R]):
    """A list that changes rarely, read again when it has come of age."""

    def __init__(self, clock: Clock, age: timedelta) -> None:
        self._clock, self._age = clock, age
        self._records: tuple[R, ...] | None = None
        self._until = clock.now()
        self._reading = asyncio.Lock()

    async def get(self, read: Callable[[], Awaitable[tuple[R, ...]]]) -> tuple[R, ...]:
        """Return the list as it was read lately, or read it."""
        async with self._reading:
            if self._records is None or self._clock.now() >= self._until:
                self._records = await read()
                self._until = self._clock.now() + self._age
            return self._records
