"""What a donor is told: from the audit alone, the same every time, and nothing that is not theirs to read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from policy.donor_explanation import LOOKED, MOST_MATTERS, NOTHING, STEPS, Recorded, explain_to_donor

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = datetime(2026, 11, 4, 2, 0, tzinfo=UTC)


SUGGESTED = (
    "On 3 Nov 2026, after we received a gift from you, our software suggested that a member of staff does "
    "something for you, such as calling to thank you"
)


def decided(
    action: str = "create_task", origin: str = "model", outcome: str = "require_approval"
) -> dict[str, Any]:
    return {
        "event": {"type": "donation.received"},
        "happened": "Jane Doe gave $2,500 for John Roe.",
        "recommendation": {
            "action": {"kind": action, "title": "Major gift ask: capacity $5m"},
            "origin": {"kind": origin},
            "headline": "Wealth rating A",
        },
        "decision": {"outcome": outcome},
    }


def told(*steps: tuple[str, dict[str, Any] | None], matter: str = "m") -> tuple[str, ...]:
    entries = [
        Recorded(kind, NIGHT + timedelta(days=n), matter, payload) for n, (kind, payload) in enumerate(steps)
    ]
    return explain_to_donor(entries, NEW_YORK)


def test_a_matter_is_told_from_beginning_to_end_in_the_readers_days() -> None:
    [matter] = told(
        ("recommendation.decided", decided()),
        ("escalation.opened", {}),
        ("escalation.approved", {"name": "Olivia Hart"}),
        ("action.executed", {"ref": "t-1"}),
        ("action.undone", {}),
    )
    assert matter.split(". ") == [
        SUGGESTED,
        "Its reasons were worded with the help of a language model",
        "Our written rules ask for a person to decide",
        "On 5 Nov 2026 a member of staff decided that it should be done",
        "On 6 Nov 2026 it was entered in our donor records",
        "On 7 Nov 2026 it was undone again.",
    ]


def test_what_was_refused_removed_or_only_read_is_told_too() -> None:
    held = told(("recommendation.decided", decided(origin="facts", outcome="deny")))
    assert held[0].endswith("worded without AI. Our written rules did not allow it, and nothing was done.")
    assert told(("recommendation.decided", None)) == (
        "On 3 Nov 2026 our software suggested something; the details are no longer kept.",
    )
    assert told(("summary.generated", {}), ("timeline.shown", {}), ("summary.generated", {})) == (
        "A member of staff read a short summary of your record 2 times between 3 Nov 2026 and 5 Nov 2026.",
        "A member of staff read the recent history of your giving and our contact on 4 Nov 2026.",
    )
    assert told() == told(("click.refused", {})) == (NOTHING,)


def test_a_long_history_is_shortened_from_its_beginning() -> None:
    entries = [
        Recorded("recommendation.decided", NIGHT + timedelta(days=n), f"m{n}", decided())
        for n in range(MOST_MATTERS + 3)
    ]
    lines = explain_to_donor(entries, NEW_YORK)
    assert (lines[0], len(lines)) == ("Earlier suggestions: 3.", MOST_MATTERS + 1)
    assert lines == explain_to_donor(entries, NEW_YORK)


SECRET = st.text("XYZ", min_size=3, max_size=6).map(lambda letters: f"secret{letters}")


@given(
    st.lists(
        st.tuples(st.sampled_from([*STEPS, *LOOKED, "recommendation.decided", "note"]), SECRET), max_size=12
    )
)
def test_no_text_of_the_record_can_get_into_it(history: list[tuple[str, str]]) -> None:
    steps = []
    for kind, secret in history:
        payload = decided(action=secret, origin=secret, outcome=secret)
        payload["event"]["type"] = payload["happened"] = payload["recommendation"]["headline"] = secret
        steps.append((kind, payload | {"name": secret}))
    assert "secret" not in " ".join(told(*steps))
