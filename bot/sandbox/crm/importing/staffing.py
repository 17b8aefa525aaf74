"""Who owns imported donors: the demo's own staff where the e-mail is equal, otherwise staff without Slack."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.sandbox.crm.importing.columns import plain
from bot.sandbox.crm.model import Staff
from bot.sandbox.people import PEOPLE, Person

_NO_ADDRESS: Final = "no-email.invalid"


class StaffRegister:
    """Staff by e-mail address or name, growing as owners turn up."""

    def __init__(self, people: Iterable[Person] = PEOPLE) -> None:
        self._staff: list[Staff] = []
        self._by_key: dict[str, str] = {}
        for person in people:
            if person.staff_id is not None:
                self._add(_demo_staff(person, person.staff_id), person.email, person.name)

    @property
    def staff(self) -> tuple[Staff, ...]:
        return tuple(self._staff)

    def id_of(self, owner: str) -> str | None:
        """The staff id of *owner*, an e-mail address or a name; None for an empty cell."""
        if not owner:
            return None
        if found := self._by_key.get(_key(owner)):
            return found
        number = sum(member.id.startswith("staff-import-") for member in self._staff) + 1
        self._add(_imported_staff(owner, number), owner)
        return self._by_key[_key(owner)]

    def _add(self, member: Staff, *known_as: str) -> None:
        self._staff.append(member)
        self._by_key.update(dict.fromkeys(map(_key, known_as), member.id))


def _key(owner: str) -> str:
    return owner.strip().casefold()


def _demo_staff(person: Person, staff_id: str) -> Staff:
    return Staff(
        id=staff_id,
        name=person.name,
        email=person.email,
        title=person.title,
        active=person.slack_id is not None,
        time_zone=person.time_zone,
    )


def _imported_staff(owner: str, number: int) -> Staff:
    has_address = "@" in owner
    name = (
        owner.split("@", maxsplit=1)[0].replace(".", " ").replace("_", " ").title() if has_address else owner
    )
    return Staff(
        id=f"staff-import-{number:03d}",
        name=name,
        email=owner.strip() if has_address else f"{plain(owner) or number}@{_NO_ADDRESS}",
        title="Owner named in the import",
        active=True,
        time_zone="UTC",
    )
