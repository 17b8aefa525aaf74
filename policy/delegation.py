"""Who decides while somebody is away: their delegate, the delegate's delegate, the next above, reviewers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pydantic import AwareDatetime

from policy.value import Value


class Absence(Value):
    """A time in which *email* is away, from *starts_at* until before *ends_at* (UTC), and who decides then.

    *user_id* is a Slack user id. After *ended_at* it no longer counts: they came back early or called it off.
    """

    id: str
    user_id: str
    email: str
    name: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    delegate_email: str | None = None
    delegate_name: str | None = None
    created_at: AwareDatetime
    ended_at: AwareDatetime | None = None

    def overlaps(self, starts_at: AwareDatetime, ends_at: AwareDatetime) -> bool:
        """Say whether any of this absence lies in that time."""
        return self.starts_at < ends_at and starts_at < self.ends_at


class StandIns(Value):
    """Who has the part of somebody absent: *people* in the order they were found, by e-mail address.

    The last of them is the one who is there. With *reviewers* nobody is, and any manager has the part.
    """

    people: tuple[str, ...] = ()
    reviewers: bool = False

    @property
    def present(self) -> str | None:
        """The e-mail address of the one who is there, None when a reviewer has to decide."""
        return None if self.reviewers or not self.people else self.people[-1]


def stand_ins(
    holder: str,
    absences: Sequence[Absence],
    above: Sequence[str],
    gone: Collection[str] = (),
) -> StandIns:
    """Return who has the part of *holder* besides them; nobody when they are there themselves.

    *absences* are those of this moment, *above* is whom *holder* reports to, the nearest first, *gone* are
    addresses nobody reads any more. A circle of delegates ends where it began; then the next above decides.
    """
    away = {absence.email.casefold(): absence for absence in absences}
    left = {email.casefold() for email in gone}
    people: list[str] = []
    seen, current = {holder.casefold()}, holder.casefold()
    while current in away or current in left:
        absence = away.get(current)
        delegate = absence.delegate_email if absence and current not in left else None
        if delegate is None or delegate.casefold() in seen:
            return _next_above(people, above, seen, away, left)
        current = delegate.casefold()
        seen.add(current)
        people.append(delegate)
    return StandIns(people=tuple(people))


def _next_above(
    people: list[str],
    above: Sequence[str],
    seen: set[str],
    away: Mapping[str, Absence],
    left: Collection[str],
) -> StandIns:
    for email in above:
        key = email.casefold()
        if key not in away and key not in left and key not in seen:
            return StandIns(people=(*people, email))
    return StandIns(people=tuple(people), reviewers=True)


def goes_round(person: str, delegate: str, absences: Sequence[Absence]) -> bool:
    """Say whether following delegates from *delegate* leads back to *person*."""
    next_of = {a.email.casefold(): a.delegate_email.casefold() for a in absences if a.delegate_email}
    seen: set[str] = set()
    current = delegate.casefold()
    while current not in seen:
        if current == person.casefold():
            return True
        seen.add(current)
        current = next_of.get(current, current)
    return False
