"""Where no organisation is named, nobody knows who acts: it is said, and going on again is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import main
from tests.databases import fresh_sqlite


def test_who_is_not_verified_may_stop_but_not_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COUNTERSIGN_ORGANISATION_FILE", raising=False)
    monkeypatch.delenv("COUNTERSIGN_REDIS_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    url = fresh_sqlite(tmp_path / "a.db")
    anybody = ["--by", "anybody@x.example", "--database", url]
    assert main(["pause", "execute", *anybody]) == 0
    assert "execute     paused by anybody@x.example (not verified) since" in capsys.readouterr().out
    assert main(["resume", "execute", *anybody]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.startswith("Set COUNTERSIGN_ORGANISATION_FILE: it says who may resume.")) == (
        "",
        True,
    )
    main(["audit", "search", "--kind", "capability.paused", "--json", "--database", url])
    assert '"cli-unverified:anybody@x.example"' in capsys.readouterr().out
