"""What people wrote and the record does not say is put side by side, and nothing else is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from policy.contradictions import contradictions
from policy.donor import Channel, Consent, ConsentStatus, Donor, DonorRecord, LifecycleStage, Note
from policy.facts import Conventions, compute_facts

TODAY = date(2026, 11, 22)
DEATH = "A note of 3 Oct 2026 speaks of a death, and nobody in the household is recorded as deceased."
REFUSAL = "A note of 3 Oct 2026 asks for no more contact, and no channel is recorded as refused."
REFUSED = Consent(
    id="c1", donor_id="d1", channel=Channel.EMAIL, purpose="all", status=ConsentStatus.OPTED_OUT
)


@pytest.mark.parametrize(
    ("text", "note", "donor", "record", "expected"),
    [
        ("Lovely talk about the boats.", {}, {}, {}, ()),
        ("Her husband passed away in spring.", {}, {}, {}, (DEATH,)),
        ("Her husband passed away in spring.", {}, {"deceased": True}, {}, ()),
        ("Her husband passed away in spring.", {"category": "family"}, {}, {}, ()),
        ("Her husband passed away in spring.", {"external_author": True}, {}, {}, ()),
        ("Please take me off the list.", {}, {}, {}, (REFUSAL,)),
        ("Please take me off the list.", {}, {}, {"consents": (REFUSED,)}, ()),
        ("Please take me off the list.", {}, {"do_not_contact": True}, {}, ()),
    ],
)
def test_notes_against_the_record(
    text: str, note: dict[str, Any], donor: dict[str, Any], record: dict[str, Any], expected: tuple[str, ...]
) -> None:
    written = datetime(2026, 10, 3, 12, tzinfo=UTC)
    whom = Donor(id="d1", version="v1", name="Jane", lifecycle_stage=LifecycleStage.CULTIVATION, **donor)
    noted = Note(id="n1", donor_id="d1", written_at=written, text=text, **note)
    given = DonorRecord(donor=whom, read_at=written, notes=(noted,), **record)
    assert contradictions(given, compute_facts(given, TODAY, Conventions())) == expected
