"""What is set wrongly is answered by one sentence that names the variable and the way it is written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx2
import pytest

from bot.assistant.settings import AiSettings, Endpoint
from bot.cli import demo, doctor_models, main
from bot.cli.doctor import _CRM_REMEDIES, _crm_fails
from bot.cli.doctor_machine import unread
from bot.cli.doctor_models import NOT_THERE, REMEDIES
from bot.cli.finding import bad, good, warning
from bot.cli.loading import NO_JSON
from bot.master_key import NOT_A_KEY

ORGANISATION = Path(__file__).parents[2] / "bot/sandbox/organisation.yaml"
WHOLE = "write the whole address, beginning with https://"
DATABASE = "write postgresql://ROLE:PASSWORD@HOST/DATABASE, or sqlite:///FILE"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CRM__BASE_URL", "crm.example.org", WHOLE),
        ("SLACK__BASE_URL", "slack.com/api", WHOLE),
        ("AI__BASE_URL", "localhost:11434/v1", WHOLE),
        ("REDIS_URL", "localhost:6379", "write redis://HOST:6379/0, or rediss:// where it speaks TLS"),
        ("DATABASE_URL", "countersign.db", DATABASE),
        ("DATABASE_URL", "mysql://db/countersign", DATABASE),
        (
            "CRM__WEBHOOK_SECRET",
            "whsec_####",
            "copy it again from the CRM: whsec_ and letters and digits (base64)",
        ),
        ("SLACK__TOKEN", "xoxb-1", "there is no such setting. The README lists them."),
    ],
)
@pytest.mark.parametrize("command", ["check-config", "status"])
def test_it_is_named_and_nothing_of_it_is_shown(
    command: str,
    name: str,
    value: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"COUNTERSIGN_{name}", value)
    try:
        code = main([command])
        said = capsys.readouterr().err
    except SystemExit as ended:
        code, said = 1, str(ended.code)
    assert code == 1
    assert f"Configuration: COUNTERSIGN_{name}: {told}" in said.splitlines()


def test_json_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_AI__PRICES", '{"secret')
    with pytest.raises(SystemExit) as ended:
        main(["status"])
    assert ended.value.code == NO_JSON


def test_a_name_that_nothing_reads_is_not_passed_over(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of checkpoints or a budget that is in force only in the mind of whoever set it."""
    nowhere = "http://127.0.0.1:9/"
    given = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/countersign.db",
        "ORGANISATION_FILE": str(ORGANISATION),
        "SLACK__BOT_TOKEN": "xoxb-1",
        "SLACK__SIGNING_SECRET": "s",
        "SLACK__BASE_URL": nowhere,
        "CRM__BASE_URL": nowhere,
        "CRM__WEBHOOK_SECRET": "whsec_cw==",
        "CHECKPOINT_PATH": "/mnt/checkpoints",
    }
    monkeypatch.delenv("COUNTERSIGN_REQUIRE_ALL", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(f"COUNTERSIGN_{name}", value)
    assert main(["check-config"]) == 0
    unknown = "COUNTERSIGN_CHECKPOINT_PATH is set, and there is no such setting"
    assert capsys.readouterr().out.splitlines()[-1] == f"Unknown       {unknown}"
    assert list(unread(os.environ)) == [warning("Settings", f"{unknown}. Correct its name.")]
    monkeypatch.setenv("COUNTERSIGN_MASTER_KEY", "short")
    assert main(["check-config"]) == 1
    assert capsys.readouterr().err == f"COUNTERSIGN_MASTER_KEY {NOT_A_KEY}\n"


def test_a_database_named_on_the_command_line_is_read_alike() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["status", "--database", "countersign.db"])
    assert ended.value.code == f"--database: {DATABASE}."


def test_a_crm_that_answers_is_told_from_one_that_does_not() -> None:
    assert "Check COUNTERSIGN_CRM__TOKEN" in _CRM_REMEDIES["http_401"]
    assert "Run this again in a minute" in _CRM_REMEDIES["rate_limited"]
    assert _crm_fails("http_503").startswith("it fails (HTTP 503). Ask whoever runs it")
    assert "and the proxy" in _crm_fails("http_302")


ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"ready": true}'}}
    ],
}


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (200, good("Model (eu)", "m answers")),
        (401, bad("Model (eu)", REMEDIES["not_authorised"])),
        (404, bad("Model (eu)", NOT_THERE.format(model="m"))),
        (429, bad("Model (eu)", REMEDIES["rate_limited"])),
        (503, bad("Model (eu)", REMEDIES["endpoint_error"])),
    ],
)
async def test_a_model_is_asked_a_question_since_a_list_of_models_answers_where_none_does(
    status: int, found: object
) -> None:
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(json.loads(request.content)["messages"][0]["content"])
        return httpx2.Response(status, json=ANSWER if status == 200 else {"error": {"message": "no"}})

    endpoint = Endpoint(model="m", base_url="http://model.test/v1", region="eu")
    settings = AiSettings(endpoints=(endpoint,), max_retries=0)
    client = lambda: httpx2.AsyncClient(transport=httpx2.MockTransport(answer))  # noqa: E731 - one answer
    assert await doctor_models.asked(endpoint, settings, client) == found
    assert asked == [doctor_models.QUESTION[0]["content"]]


def test_a_fresh_demo_deletes_nothing_that_no_demo_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "configure_logs", lambda _: None)
    monkeypatch.setattr(demo, "_demo", lambda *_: pytest.fail("it was started"))
    letters = tmp_path / "letters"
    letters.write_text("dear")
    assert main(["demo", "--fresh", "--data", str(tmp_path)]) == 1
    told = f"{tmp_path} holds something else than a demo. Name an empty folder, or a new one.\n"
    assert capsys.readouterr().err == told
    assert [each.name for each in tmp_path.iterdir()] == ["letters"]
    assert main(["demo", "--fresh", "--data", str(letters)]) == 1
    told = f"{letters} cannot be made or written (FileExistsError). Name another folder with --data.\n"
    assert capsys.readouterr().err == told
