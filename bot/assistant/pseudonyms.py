"""Pseudonyms for one request: the model sees DONOR_1 and GIFT_3, and only we know who and what that is."""

from __future__ import annotations

import re
from collections import defaultdict

from bot.assistant.answer import ClaimAnswer, SlotAnswer
from bot.assistant.masking import name_variants
from policy.claims import Claim, Slot, SlotKind
from policy.donor import Donor, DonorRecord, StaffMember
from policy.injection import without_hidden_characters

# Never the id of a record or a fact, so the verifier finds nothing under it.
UNKNOWN = "(unknown reference)"
_PSEUDONYM = re.compile(r"\b[A-Z]+_\d+\b")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|<?(?:https?://|mailto:|tel:|www\.)\S+>?", re.IGNORECASE)


class Pseudonyms:
    """Both directions of one request's mapping; it lives in memory and is never logged."""

    def __init__(self, record: DonorRecord) -> None:
        self._record = record
        self._by_id: dict[str, str] = {}
        self._by_pseudonym: dict[str, str] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._counts: defaultdict[str, int] = defaultdict(int)
        self.facts: set[str] = set()
        self._name_people()

    def of(self, record_id: str, kind: str) -> str:
        """Return the pseudonym of a record, giving it one when it has none; *kind* is such as "GIFT"."""
        if record_id not in self._by_id:
            self._counts[kind] += 1
            pseudonym = f"{kind}_{self._counts[kind]}"
            self._by_id[record_id] = pseudonym
            self._by_pseudonym[pseudonym] = record_id
        return self._by_id[record_id]

    def known(self, record_id: str) -> str | None:
        """Return the pseudonym of a record that has one."""
        return self._by_id.get(record_id)

    def of_name(self, name: str) -> str | None:
        """Return the pseudonym of somebody by name."""
        return next((one for one, (known, _) in self._names.items() if known == name), None)

    @property
    def masks(self) -> dict[str, str]:
        """Every value of this donor and the people around them that must not stand in free text."""
        masks: dict[str, str] = {}
        for donor in (*self._record.household_members, self._record.donor):
            masks |= self._of_donor(donor, self._by_id[donor.id])
        for colleague in self._colleagues:
            for variant in (*name_variants("", "", colleague.name), colleague.email):
                masks.setdefault(variant, self._by_id[colleague.id])
        if self._record.household is not None:
            masks.setdefault(self._record.household.name, "[household]")
        return masks

    def claim(self, answer: ClaimAnswer) -> Claim:
        """Turn a sentence back: names for pseudonyms, record ids for references, unknown for unknown."""
        text = _LINK.sub(lambda link: link[1] or "", without_hidden_characters(answer.text))
        slots = [self._slot(slot) for slot in answer.slots if not self._is_name(slot)]
        cites = [self._reference(cite) for cite in answer.cites]
        for pseudonym in sorted({one for one in _PSEUDONYM.findall(text) if one in self._names}):
            name, field = self._names[pseudonym]
            record_id = self._by_pseudonym[pseudonym]
            slots.append(Slot(kind=SlotKind.NAME, text=name, record=record_id, field=field))
            cites.append(record_id)
        text = _PSEUDONYM.sub(lambda found: self._names.get(found[0], (found[0], ""))[0], text)
        return Claim(text=text[:600] or "-", cites=tuple(dict.fromkeys(cites)), slots=tuple(slots))

    @property
    def _colleagues(self) -> tuple[StaffMember, ...]:
        owner = (self._record.owner,) if self._record.owner is not None else ()
        return (*owner, *(one for one in self._record.staff if one not in owner))

    def _is_name(self, slot: SlotAnswer) -> bool:
        # We bind names ourselves, from the pseudonyms in the sentence.
        return slot.kind is SlotKind.NAME and slot.text in self._names

    def _slot(self, slot: SlotAnswer) -> Slot:
        return Slot(
            kind=slot.kind,
            text=slot.text,
            record=None if slot.record is None else self._reference(slot.record),
            field=slot.field,
            aggregate=slot.aggregate,
            over=tuple(self._reference(one) for one in slot.over),
            fact=None if slot.fact is None else slot.fact if slot.fact in self.facts else UNKNOWN,
        )

    def _reference(self, reference: str) -> str:
        if reference in self.facts:
            return reference
        return self._by_pseudonym.get(reference, UNKNOWN)

    def _name_people(self) -> None:
        for donor in (self._record.donor, *self._record.household_members):
            self._names[self.of(donor.id, "DONOR")] = (donor.name, "name")
        for colleague in self._colleagues:
            self._names[self.of(colleague.id, "STAFF")] = (colleague.name, "name")
        for campaign in self._record.campaigns:
            self._names[self.of(campaign.id, "CAMPAIGN")] = (campaign.name, "name")

    def _of_donor(self, donor: Donor, pseudonym: str) -> dict[str, str]:
        masks = dict.fromkeys(name_variants(donor.first_name, donor.last_name, donor.name), pseudonym)
        personal = {
            donor.email: "[email]",
            donor.phone: "[phone]",
            donor.city: "[place]",
            donor.id: pseudonym,
        }
        masks |= {value: mask for value, mask in personal.items() if value}
        spoken = dict.fromkeys(name_variants("", "", donor.salutation), pseudonym)
        return masks | spoken
