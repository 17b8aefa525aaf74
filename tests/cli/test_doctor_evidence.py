"""`countersign doctor` says what is missing of the evidence, and what to do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.checkpoint_files import CheckpointFiles
from bot.cli.doctor_evidence import checks, erasures, last_checkpoint, places, signing_key
from bot.cli.finding import Finding
from bot.cli.loading import database_settings
from bot.erasure_list import ErasureList
from bot.settings import Settings
from handlers.record.last_checks import LastChecks
from policy.organisation import Organisation
from storage.checkpoints import Checkpoint, SigningKey
from storage.signed_note import TreeHead, VerifierKey

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
ORGANISATION = Organisation(review_channel="#desk", checkpoint_channel="#proof")


def stated(size: int, ago: timedelta = timedelta()) -> Checkpoint:
    note = TreeHead("x", size, bytes(32)).text + "\n\u2014 x AAAAAAAA\n"
    return Checkpoint(size, bytes(32), note, NOW - ago)


def levels(found: list[Finding]) -> list[tuple[str, str]]:
    return [(each.what, each.level) for each in found]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A database in one folder, checkpoints in two others."""
    (tmp_path / "own").mkdir()
    (tmp_path / "away").mkdir()
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", f"sqlite:///{tmp_path / 'own' / 'countersign.db'}")
    monkeypatch.setenv("COUNTERSIGN_CHECKPOINT_PATHS", f"{tmp_path / 'away'}, {tmp_path / 'far' / 'all.txt'}")
    return database_settings(None)


async def test_two_places_outside_are_enough_and_each_has_the_last_checkpoint(
    settings: Settings, tmp_path: Path
) -> None:
    away, far = tmp_path / "away", tmp_path / "far" / "all.txt"
    latest = stated(9)
    assert await CheckpointFiles([away, far]).keep(9, latest.note, "") == ()
    assert levels(list(places(settings, None, latest))) == [
        ("Checkpoints", "ok"),
        (str(away), "ok"),
        (str(far), "ok"),
    ]
    behind = list(places(settings, None, stated(10)))
    assert levels(behind)[1:] == [(str(away), "warn"), (str(far), "warn")]
    assert "lacks the last checkpoint (over 10 entries)" in behind[1].text
    far.write_text("not a note")
    assert levels(list(places(settings, None, latest)))[2] == (str(far), "fail")


@pytest.mark.parametrize(
    ("paths", "organisation", "level", "told"),
    [
        ("", None, "warn", "no place outside of the database keeps them"),
        ("", ORGANISATION, "warn", "only one place (#proof in Slack)"),
        ("{own}/beside", ORGANISATION, "warn", "only one place (#proof in Slack)"),
        ("{away}", None, "warn", "only one place ({away})"),
        ("{away}", ORGANISATION, "ok", "kept in {away}, #proof in Slack"),
    ],
)
def test_a_place_beside_the_database_is_none(
    settings: Settings, tmp_path: Path, paths: str, organisation: Organisation, level: str, told: str
) -> None:
    own, away = tmp_path / "own", tmp_path / "away"
    named = settings.model_copy(update={"checkpoint_paths": paths.format(own=own, away=away)})
    first = next(iter(places(named, organisation, None)))
    assert (first.what, first.level) == ("Checkpoints", level)
    assert told.format(away=away) in first.text


def test_a_place_that_is_no_folder_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    named = settings.model_copy(update={"checkpoint_paths": str(tmp_path / "file" / "folder")})
    assert levels(list(places(named, ORGANISATION, None)))[1][1] == "fail"


HOUR = timedelta(hours=1)
KEY = VerifierKey("countersign.audit/x", bytes(32))


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (last_checkpoint(None, HOUR, NOW), "warn"),
        (last_checkpoint(stated(5, 3 * HOUR), HOUR, NOW), "ok"),
        (last_checkpoint(stated(5, 3 * HOUR + timedelta(seconds=1)), HOUR, NOW), "fail"),
        (signing_key([], NOW), "ok"),
        (signing_key([SigningKey(KEY, NOW - timedelta(days=365), None)], NOW), "ok"),
        (signing_key([SigningKey(KEY, NOW - timedelta(days=366), None)], NOW), "warn"),
        (
            signing_key(
                [
                    SigningKey(KEY, NOW, None),
                    SigningKey(KEY, NOW - timedelta(days=800), NOW + timedelta(days=30)),
                ],
                NOW,
            ),
            "ok",
        ),
        (checks(LastChecks(), NOW), "warn"),
        (checks(LastChecks(replayed_at=NOW, verified_at=NOW), NOW), "ok"),
        (checks(LastChecks(replayed_at=NOW, verified_at=NOW - timedelta(days=3)), NOW), "warn"),
        (checks(LastChecks(replayed_at=NOW, verified_at=NOW, differ=1), NOW), "fail"),
        (checks(LastChecks(replayed_at=NOW, verified_at=NOW, ok=False, what="changed"), NOW), "fail"),
        (erasures(ErasureList((Path("a"),)), 0, 0), "ok"),
        (erasures(ErasureList(()), 0, 0), "warn"),
        (erasures(ErasureList((Path("a"),)), 2, 0), "fail"),
        (erasures(ErasureList((Path("a"),)), 0, 1), "fail"),
    ],
)
def test_each_finding_has_its_level(found: Finding, level: str) -> None:
    assert found.level == level
    assert found.text
