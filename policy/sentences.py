"""Building a cited sentence: every figure, date, name and status goes in as a bound slot."""

from __future__ import annotations

from datetime import date
from string import Formatter

from policy.claims import Claim, Slot, SlotKind
from policy.donor import DonorRecord
from policy.facts_model import DonorFacts, FactValue, spelled
from policy.money import Money
from policy.phrases import wording
from policy.verifier_literals import spelled_count

_CITED_ONE_BY_ONE = 3


class Writer:
    """Writes sentences about one donor; a placeholder names a fact, or a slot given by keyword."""

    def __init__(self, record: DonorRecord, facts: DonorFacts) -> None:
        self._record = record
        self._facts = facts

    def write(self, template: str, **slots: Slot) -> Claim:
        """Fill *template*: "{giving.last_on}" becomes the fact, spelled and bound; KeyError if unknown."""
        text: list[str] = []
        used: list[Slot] = []
        for literal, name, _, _ in Formatter().parse(template):
            text.append(literal)
            if name is not None:
                slot = slots.get(name) or self.fact(name)
                text.append(slot.text)
                used.append(slot)
        return Claim(text="".join(text), cites=self._cites(used), slots=tuple(used))

    def fact(self, fact_id: str, *, as_status: bool = False) -> Slot:
        """Bind a fact; with *as_status* a number is worded, not counted ("no gift on record")."""
        fact = self._facts.get(fact_id)
        if fact is None:
            raise KeyError(fact_id)
        value = fact.value
        if isinstance(value, Money):
            return Slot(kind=SlotKind.MONEY, text=str(value), fact=fact_id)
        if isinstance(value, date):
            return Slot(kind=SlotKind.DATE, text=spelled(value), fact=fact_id)
        if isinstance(value, int) and not isinstance(value, bool) and not as_status:
            return Slot(kind=SlotKind.COUNT, text=spelled_count(value), fact=fact_id)
        if fact_id == "donor.owner":
            return Slot(kind=SlotKind.NAME, text=spelled(value), fact=fact_id)
        return Slot(kind=SlotKind.ENUM, text=wording(fact_id, value), fact=fact_id)

    def worded(self, fact_id: str, text: str) -> Slot:
        """Bind a status in other words than the usual ones; they must be among its wordings."""
        return Slot(kind=SlotKind.ENUM, text=text, fact=fact_id)

    def name(self) -> Slot:
        """Bind the donor's full name."""
        return Slot(
            kind=SlotKind.NAME, text=self._record.donor.name, record=self._record.donor.id, field="name"
        )

    def short_name(self) -> Slot:
        """Bind the first name of a person, or the full name of an organisation."""
        first = self._record.donor.first_name
        if self._record.donor.type != "individual" or len(first) <= 1 or first not in self._record.donor.name:
            return self.name()
        # "Rutger van" is half a name: some CRMs keep the particle with the first name.
        if first.split()[-1].islower():
            return self.name()
        return Slot(kind=SlotKind.NAME, text=first, record=self._record.donor.id, field="first_name")

    def of_record(self, record_id: str, field: str, value: FactValue | None) -> Slot:
        """Bind an amount, a date or a number to a field of a record; ValueError for anything else."""
        if isinstance(value, Money):
            return Slot(kind=SlotKind.MONEY, text=str(value), record=record_id, field=field)
        if isinstance(value, date):
            return Slot(kind=SlotKind.DATE, text=spelled(value), record=record_id, field=field)
        if isinstance(value, int) and not isinstance(value, bool):
            return Slot(kind=SlotKind.COUNT, text=spelled_count(value), record=record_id, field=field)
        raise ValueError(field)

    def named(self, record_id: str, field: str, name: str) -> Slot:
        """Bind a name, of a campaign or a member of staff, to a field of a record."""
        return Slot(kind=SlotKind.NAME, text=name, record=record_id, field=field)

    def status(self, record_id: str, field: str, value: str) -> Slot:
        """Bind a status word to a field of a record."""
        return Slot(kind=SlotKind.ENUM, text=wording(field, value), record=record_id, field=field)

    def _cites(self, slots: list[Slot]) -> tuple[str, ...]:
        cites: dict[str, None] = {}
        for slot in slots:
            if slot.record is not None:
                cites[slot.record] = None
                continue
            fact = self._facts.get(slot.fact or "")
            if fact is not None:
                # A total over many gifts is cited by its fact, which names them all.
                few = len(fact.records) <= _CITED_ONE_BY_ONE
                cites.update(dict.fromkeys(fact.records if few else (fact.id,)))
        return tuple(cites)


def lifetime(facts: DonorFacts) -> str:
    """Return the placeholders for lifetime giving in all its currencies."""
    return in_each_currency(facts, "giving.lifetime")


def in_each_currency(facts: DonorFacts, total: str) -> str:
    """Return the placeholders for a total in all its currencies, which are named and never added."""
    return " plus ".join(f"{{{fact_id}}}" for fact_id in facts.currencies_of(total)) or f"{{{total}}}"


def outstanding(writer: Writer, facts: DonorFacts) -> Claim:
    """Say what is still to come on pledges."""
    return writer.write(f"{in_each_currency(facts, 'pledge.balance')} is outstanding on the pledge.")


def overdue(writer: Writer, facts: DonorFacts) -> Claim:
    """Say what is late on pledges, and since when."""
    late = in_each_currency(facts, "pledge.overdue_amount")
    return writer.write(f"{late} on the pledge has been {{pledge.overdue}} since {{pledge.overdue_since}}.")


def soft_credit(writer: Writer, facts: DonorFacts) -> Claim:
    """Say what a donor is recognised for without having given it."""
    credit = in_each_currency(facts, "giving.soft_credit")
    return writer.write(f"Soft credit for gifts of others amounts to {credit}.")
