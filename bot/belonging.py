"""Whose database this is: the file of another organisation is refused before anything is done with it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from handlers.context import Context
from policy.organisation import Organisation
from storage.transaction import Transaction

OWNER = "organisation"
ANOTHERS = (
    "This database is that of “{theirs}”, and the organisation file is that of “{ours}”, with none of the "
    "same people. Check COUNTERSIGN_DATABASE_URL and COUNTERSIGN_ORGANISATION_FILE: each organisation has a "
    "database of its own. If it has only been renamed, start once with one of the people from before in the "
    "file. Nothing was started."
)


class AnotherOrganisation(Exception):
    """The database is somebody else's; the message says what to do."""


class _Owner(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    people: frozenset[str]

    def is_other_than(self, before: _Owner) -> bool:
        """Say whether name and people are all others: a name may change, and people may."""
        is_known = bool(self.people and before.people)
        return self.name != before.name and is_known and not self.people & before.people


async def claim_database(context: Context) -> None:
    """Remember whose database it is. Raises AnotherOrganisation."""
    ours, now = _owner(context.organisation), context.clock.now()

    def write(tx: Transaction) -> _Owner | None:
        stored = tx.settings.get(OWNER)
        before = _Owner.model_validate(stored) if stored else None
        if before and ours.is_other_than(before):
            return before
        if before != ours:
            tx.settings.put(OWNER, {"name": ours.name, "people": [*sorted(ours.people)]}, now)
        return None

    theirs = await context.database.write(write)
    if theirs:
        raise AnotherOrganisation(ANOTHERS.format(theirs=theirs.name, ours=ours.name))


def _owner(organisation: Organisation) -> _Owner:
    people = frozenset(person.email.casefold() for person in organisation.people)
    return _Owner(name=organisation.name, people=people)
