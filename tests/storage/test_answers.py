"""Answers, opinions, schedule occurrences and settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue

from storage.answers import Answer, Feedback
from storage.database import Database
from storage.errors import ConstraintError
from storage.holds import LegalHold
from storage.transaction import Transaction

NOW = datetime(2026, 11, 3, 9, 30, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)

ANSWER = Answer(
    id="ans_1",
    kind="summary",
    asked_by="U1",
    donor_id="donor_1",
    body=b'{"claims":[]}',
    created_at=NOW,
    correlation_id="cor_1",
)
OPINION = Feedback(subject_id="ans_1", user_id="U1", value="helpful", at=NOW)


async def test_an_answer_is_shared_once(database: Database) -> None:
    await database.write(lambda t: t.answers.add(ANSWER))
    assert await database.read(lambda t: t.answers.get("ans_1")) == ANSWER
    assert await database.read(lambda t: t.answers.get("ans_2")) is None
    assert await database.write(lambda t: t.answers.mark_shared("ans_1", "C1")) is True
    assert await database.write(lambda t: t.answers.mark_shared("ans_1", "C2")) is False
    assert await database.write(lambda t: t.answers.mark_shared("ans_2", "C2")) is False
    assert await database.read(lambda t: t.answers.get("ans_1")) == replace(ANSWER, shared_to="C1")
    with pytest.raises(ConstraintError):
        await database.write(lambda t: t.answers.add(ANSWER))


async def test_old_answers_go_but_for_those_on_hold_and_those_by_which_a_message_is_found(
    database: Database,
) -> None:
    answers = (
        ANSWER,
        replace(ANSWER, id="ans_2", donor_id=None),
        replace(ANSWER, id="held", donor_id="donor_2"),
        replace(ANSWER, id="of several", donor_id=None),
        replace(ANSWER, id="young", created_at=NOW + HOUR),
    )

    def add_all(t: Transaction) -> None:
        for answer in answers:
            t.answers.add(answer)
        t.feedback.put(OPINION)
        t.holds.place(LegalHold(donor_id="donor_2", reason="inquiry", placed_by="carmen", placed_at=NOW))
        t.posts.remember("C1", "1.0", subject_id="ans_1", donor_id="donor_1", at=NOW)
        t.posts.remember("C1", "2.0", subject_id="of several", donor_id=None, at=NOW)

    await database.write(add_all)
    assert await database.write(lambda t: t.answers.forget(NOW + HOUR)) == 2
    left = await database.read(lambda t: [each.id for each in answers if t.answers.get(each.id)])
    assert left == ["held", "of several", "young"]
    assert await database.read(lambda t: t.feedback.of("ans_1")) == []


async def test_a_person_has_one_opinion_and_may_change_it(database: Database) -> None:
    changed = replace(OPINION, value="not_helpful", reason="outdated", at=NOW + HOUR)
    another = replace(OPINION, user_id="U2", at=NOW + HOUR / 2)
    for opinion in (OPINION, another, changed):
        await database.write(lambda t, opinion=opinion: t.feedback.put(opinion))
    assert await database.read(lambda t: t.feedback.of("ans_1")) == [another, changed]
    assert await database.read(lambda t: t.feedback.of("esc_1")) == []


async def test_an_occurrence_is_taken_once(database: Database) -> None:
    claims = [
        ("digest", "2026-11-03"),
        ("digest", "2026-11-03"),
        ("digest", "2026-11-04"),
        ("drift", "2026-11-03"),
    ]
    taken = [await database.write(lambda t, c=claim: t.occurrences.claim(*c, NOW)) for claim in claims]
    assert taken == [True, False, True, True]
    assert await database.write(lambda t: t.occurrences.purge(NOW)) == 0
    assert await database.write(lambda t: t.occurrences.claim("drift", "2026-11-04", NOW + HOUR)) is True
    assert await database.write(lambda t: t.occurrences.purge(NOW + 2 * HOUR, ("drift", "x"))) == 3
    assert await database.read(lambda t: t.occurrences.latest(("drift", "digest"))) == {"drift": NOW + HOUR}
    assert await database.write(lambda t: t.occurrences.claim("digest", "2026-11-03", NOW)) is True


@pytest.mark.parametrize("value", [None, True, 0, "für Ágnes", [1, {"a": None}], {"on": True, "by": "U1"}])
async def test_a_setting_is_read_back_as_it_was_put(database: Database, value: JsonValue) -> None:
    assert await database.read(lambda t: t.settings.get("kill_switch")) is None
    await database.write(lambda t: t.settings.put("kill_switch", "before", NOW))
    await database.write(lambda t: t.settings.put("kill_switch", value, NOW))
    assert await database.read(lambda t: t.settings.get("kill_switch")) == value
