"""Naming the sources of a sentence as people know them: not ids, but the records behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from handlers.outcomes import Source
from policy.changes import spell_date
from policy.claims import VerifiedClaim
from policy.donor import DonorRecord
from policy.facts import DonorFacts
from policy.organisation import Organisation

NOT_THE_DONORS = frozenset({"campaign", "staff", "household", "household member"})
"""Kinds of record that do not belong to one donor, so that their address is not below the donor's."""


def sources(
    claims: Iterable[VerifiedClaim],
    record: DonorRecord,
    facts: DonorFacts,
    organisation: Organisation | None = None,
    *,
    also: Iterable[str] = (),
) -> tuple[Source, ...]:
    """Return a label for everything that *claims* cite and what is cited *also*, in order of first mention.

    Where the organisation's CRM has addresses for single records, what stands for one of them leads there.
    """
    names = _names(record, facts.conventions.day_of)
    address = _Addresses(record, organisation)
    cited = dict.fromkeys((*(cite for claim in claims for cite in claim.claim.cites), *also))
    behind = {cite: _behind(cite, names, facts) for cite in cited}
    return tuple(
        Source(id=cite, label=_label([names[each] for each in found]), url=address.of(found, names))
        for cite, found in behind.items()
    )


@dataclass(frozen=True, slots=True)
class _Addresses:
    record: DonorRecord
    organisation: Organisation | None

    def of(self, found: Sequence[str], names: Mapping[str, tuple[str, str]]) -> str | None:
        """Return where the one record of *found* is; None for several, and where it has no address."""
        url = self.organisation.crm_item_url if self.organisation else None
        donor_id = self.record.donor.id
        if url is None or len(found) != 1 or found[0] == donor_id or names[found[0]][0] in NOT_THE_DONORS:
            return None
        parts = {"{donor_id}": donor_id, "{record_id}": found[0], "{kind}": names[found[0]][0]}
        for place, value in parts.items():
            url = url.replace(place, quote(value, safe=""))
        return url


def _behind(cite: str, names: Mapping[str, tuple[str, str]], facts: DonorFacts) -> list[str]:
    """Return the ids of the known records that a citation stands for."""
    fact = facts.get(cite)
    return [record_id for record_id in (fact.records if fact else (cite,)) if record_id in names]


def _label(behind: Sequence[tuple[str, str]]) -> str:
    if not behind:
        return "the CRM record"
    if len(behind) == 1:
        kind, when = behind[0]
        return f"{kind}{when}"
    kinds = Counter(kind for kind, _ in behind)
    return ", ".join(kind if count == 1 else f"{count} {_plural(kind)}" for kind, count in kinds.items())


def _names(record: DonorRecord, day_of: Callable[[datetime], date]) -> dict[str, tuple[str, str]]:
    """Map every record id to what kind of record it is and, where it has one, its day."""
    donor = record.donor
    named: dict[str, tuple[str, str]] = {donor.id: ("donor record", "")}
    named |= {g.id: ("gift", f" of {spell_date(g.received_on)}") for g in record.gifts}
    named |= {g.id: ("soft credit", f" of {spell_date(g.received_on)}") for g in record.soft_credited_gifts}
    named |= {p.id: ("pledge", f" of {spell_date(p.pledged_on)}") for p in record.pledges}
    named |= {r.id: ("recurring gift", "") for r in record.recurring_gifts}
    named |= {i.id: (_kind(i.kind), f" of {spell_date(day_of(i.at))}") for i in record.interactions}
    named |= {n.id: ("note", f" of {spell_date(day_of(n.written_at))}") for n in record.notes}
    named |= {t.id: ("task", f" due {spell_date(t.due_on)}") for t in record.tasks}
    named |= {c.id: ("campaign", f" {c.name}") for c in record.campaigns}
    named |= {c.id: ("consent", f", {c.channel.value}") for c in record.consents}
    named |= {m.id: ("household member", "") for m in record.household_members}
    named |= {s.id: ("staff", f" {s.name}") for s in record.staff}
    if record.household:
        named[record.household.id] = ("household", "")
    return named


def _kind(kind: str) -> str:
    return {"email": "e-mail", "email_open": "e-mail opened"}.get(kind, kind)


def _plural(kind: str) -> str:
    return {"reply": "replies", "staff": "colleagues"}.get(kind, f"{kind}s")
