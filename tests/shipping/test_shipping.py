"""What is shipped can be built, started and found healthy, as far as shows without a container engine."""

from __future__ import annotations

import asyncio
import configparser
import json
import re
import runpy
import shlex
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, SecretStr
from sqlalchemy import make_url

from bot.cli import main
from bot.cli.doctor_machine import of_redis
from bot.cli.running import listen
from bot.http.reception import Reception
from bot.master_key import key_at_hand
from bot.secret_files import SECRETS
from bot.settings import Settings
from handlers.tables import ARRIVALS, DEPARTURES
from tests.loop.staging import serving

ROOT = Path(__file__).parents[2]
COMPOSE_TEXT = (ROOT / "compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
README = (ROOT / "README.md").read_text()
DOCKERFILE = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
STEPS = [line.split(None, 1) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
OURS = {name: each for name, each in COMPOSE["services"].items() if each.get("image") == "countersign"}


def _variables(model: type[BaseModel], prefix: str = "COUNTERSIGN_") -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(f"{prefix}{name}".upper())
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names |= _variables(field.annotation, f"{prefix}{name}__")
    return names


KNOWN = _variables(Settings) | {f"COUNTERSIGN_{name}_FILE".upper() for name in SECRETS}


def _of(instruction: str) -> list[str]:
    return [rest for name, rest in STEPS if name == instruction]


def test_the_image_copies_what_is_there_and_nothing_is_kept_from_it() -> None:
    sources = [s for rest in _of("COPY") if "--from" not in rest for s in rest.split()[:-1]]
    assert [s for s in sources if not (ROOT / s).exists()] == []
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*", "what is not named stays out: keys, databases, .env"
    assert {f"!{s}" for s in sources} == {each for each in ignored if each.startswith("!")}


def test_it_runs_as_nobody_in_particular_with_the_python_we_support() -> None:
    users = _of("USER")
    assert users == ["countersign"]
    assert [name for name, _ in STEPS].index("USER") < [name for name, _ in STEPS].index("ENTRYPOINT")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    lowest = tuple(map(int, wanted.removeprefix(">=").split(".")))
    bases = re.findall(r"^FROM python:(\d+)\.(\d+)-slim", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert tuple(map(int, bases[0])) >= lowest


@pytest.mark.parametrize("commands", ["ENTRYPOINT", "HEALTHCHECK"])
def test_its_commands_exist(commands: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    said = re.findall(r'"([^"]+)"', _of(commands)[0]) + re.findall(r'"([^"]+)"', _of("CMD")[0])
    assert said[0] in scripts
    with pytest.raises(SystemExit) as ended:
        main([said[1], "--help"])
    assert ended.value.code == 0
    monkeypatch.setenv("COUNTERSIGN_PORT", "9")
    assert main(["healthy"]) == 1, "nobody answers there"


async def test_the_health_check_hears_the_service_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(Reception(), listen("127.0.0.1", 0)) as origin:
        monkeypatch.setenv("COUNTERSIGN_PORT", origin.rpartition(":")[2])
        monkeypatch.setenv("COUNTERSIGN_HOST", "0.0.0.0")
        assert await asyncio.to_thread(main, ["healthy"]) == 0
        monkeypatch.delenv("COUNTERSIGN_PORT")
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".env").write_text(f"COUNTERSIGN_PORT={origin.rpartition(':')[2]}\n")
        assert await asyncio.to_thread(main, ["healthy"]) == 0


def test_every_service_is_told_only_what_it_understands() -> None:
    assert {each["environment"]["COUNTERSIGN_ROLE"] for each in OURS.values()} == {
        "web",
        "worker",
        "scheduler",
    }
    for each in OURS.values():
        assert set(each["environment"]) - KNOWN == set()
        assert (each["read_only"], each["cap_drop"]) == (True, ["ALL"])
        files = {v for k, v in each["environment"].items() if k.endswith("_FILE") and v.startswith("/run/")}
        assert files == {f"/run/secrets/{name}" for name in each["secrets"]}
    used = {name for each in COMPOSE["services"].values() for name in each.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    assert all("mem_limit" in each for each in COMPOSE["services"].values())


def test_what_compose_says_at_its_top_makes_files_that_the_image_can_read(tmp_path: Path) -> None:
    """The engine binds each secret as it is on the host, whatever the account in the container may read."""
    said = [line[2:].strip() for line in COMPOSE_TEXT.splitlines() if line.startswith("#   ")]
    commands = [line for line in said[: said.index("docker compose up -d --build")] if "..." not in line]
    owners = [line for line in commands if line.startswith("sudo chown ")]
    [uid] = [shlex.split(rest)[3] for rest in _of("RUN") if rest.startswith("useradd --system --uid")]
    assert [line.split()[2:4] for line in owners] == [[uid, "secrets/*"]]
    (tmp_path / "bot/sandbox").mkdir(parents=True)
    shutil.copy(ROOT / "bot/sandbox/organisation.yaml", tmp_path / "bot/sandbox")
    script = "set -eu\n" + "\n".join(line for line in commands if line not in owners)
    subprocess.run(["sh"], input=script, cwd=tmp_path, text=True, check=True)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "organisation.yaml").stat().st_mode) == 0o644, "it is bound too"
    given = (tmp_path / "secrets/database_url").read_text()
    assert make_url(given).password == (tmp_path / "secrets/postgres_password").read_text().strip()
    key = SecretStr((tmp_path / "secrets/master_key").read_text())
    assert key_at_hand(Settings.model_construct(master_key=key, database_url=given))
    needed = set(re.findall(r"\$\{(\w+):", COMPOSE_TEXT))
    named = {line.partition("=")[0] for line in (tmp_path / ".env").read_text().splitlines()}
    assert named == needed, "or every later command of docker compose would ask for it"


def test_doctor_has_nothing_against_the_redis_that_is_shipped() -> None:
    words = COMPOSE["services"]["redis"]["command"]
    told = dict(zip(words[1::2], words[2::2], strict=True))
    about = {"redis_version": "7", "maxmemory": told["--maxmemory"]}
    assert of_redis(about | {"maxmemory_policy": told["--maxmemory-policy"]}).level == "ok"


def test_compose_is_held_to_its_specification() -> None:
    assert (
        "step $bin/check-jsonschema --builtin-schema vendor.compose-spec compose.yml"
        in (ROOT / ".ci/check").read_text()
    )


def test_each_instruction_of_the_image_is_one_that_builders_know() -> None:
    known = {"FROM", "ENV", "RUN", "WORKDIR", "COPY", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL"}
    known |= {"HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in STEPS} <= known
    assert STEPS[0][0] == "FROM"
    exec_form = [*_of("ENTRYPOINT"), *_of("CMD"), _of("HEALTHCHECK")[0].partition(" CMD ")[2]]
    assert [type(json.loads(each)) for each in exec_form] == [list] * 3, "no shell in between: signals arrive"
    options = _of("HEALTHCHECK")[0].partition(" CMD ")[0].split()
    right = re.compile(r"--(interval|timeout|start-period)=\d+s|--retries=\d+")
    assert [each for each in options if not right.fullmatch(each)] == []
    stages = {rest.split(" AS ")[1] for rest in _of("FROM") if " AS " in rest}
    assert set(re.findall(r"--from=(\S+)", DOCKERFILE)) == stages


def test_what_the_services_keep_is_named() -> None:
    kept = {
        volume.split(":")[0]
        for each in COMPOSE["services"].values()
        for volume in each.get("volumes", ())
        if not volume.startswith(("./", "/"))
    }
    assert kept == set(COMPOSE["volumes"])


def test_the_readme_describes_every_setting_and_no_other() -> None:
    described = set(re.findall(r"`(COUNTERSIGN_[A-Z_]+)`", README))
    briefly = {name for name in KNOWN if f"`…{name.rpartition('__')[2]}`" in README}
    files = {f"COUNTERSIGN_{name}_FILE".upper() for name in SECRETS}  # said once of all secrets
    assert KNOWN - files - {f"COUNTERSIGN_{name}" for name in ("SLACK", "CRM", "AI")} <= described | briefly
    assert described <= KNOWN


def test_the_readme_lists_every_handler_and_names_no_file_that_is_not_there() -> None:
    modules = {handler.__module__ for handler in (*ARRIVALS.values(), *DEPARTURES.values())}
    listed = set(re.findall(r"`([a-z_]+/[a-z_]+\.py)`", README))
    assert {f"{module.removeprefix('handlers.').replace('.', '/')}.py" for module in modules} <= listed
    assert [each for each in listed if not any((ROOT / at / each).exists() for at in ("handlers", ""))] == []
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [each for each in linked if not (ROOT / each).exists()] == []


def test_the_unit_starts_the_program_we_install(tmp_path: Path) -> None:
    text = (ROOT / "bot/ops/countersign.service").read_text()
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    service = unit["Service"]
    program, command = service["ExecStart"].split()
    assert (Path(program).name, command) == ("countersign", "serve")
    assert program.startswith("/opt/countersign/bin/")
    assert service["User"] not in ("root", "")
    assert (service["NoNewPrivileges"], service["ProtectSystem"]) == ("yes", "strict")
    if shutil.which("systemd-analyze"):
        tried = tmp_path / "countersign.service"
        tried.write_text(text.replace(program, "/bin/true").replace("User=countersign", "User=root"))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(tried)], capture_output=True, text=True, check=False
        )
        complaints = [line for line in done.stderr.splitlines() if "countersign.service" in line]
        assert complaints == []
        judged = ["systemd-analyze", "security", "--offline=yes", "--threshold=25", "--no-pager", str(tried)]
        assert subprocess.run(judged, capture_output=True, check=False).returncode == 0, (
            "an exposure over 2.5"
        )


WEAK = {"id": "PYSEC-2026-1", "fix_versions": ["2.1"]}


@pytest.mark.parametrize(
    ("dependencies", "code", "said"),
    [
        ([], 0, "Advisories: the service could not be asked, so nothing was looked up."),
        (
            [{"name": "a", "skip_reason": "not found"}],
            0,
            "Advisories: the service could not be asked, so nothing was looked up.",
        ),
        (
            [{"name": "a", "version": "1", "vulns": []}],
            0,
            "Advisories: 1 dependencies looked up, 0 known weaknesses.",
        ),
        (
            [{"name": "a", "version": "2", "vulns": [WEAK]}, {"name": "b", "skip_reason": "not found"}],
            1,
            (
                "a 2: PYSEC-2026-1, put right in 2.1\n"
                "Advisories: 1 dependencies looked up, 1 known weaknesses, 1 not known there."
            ),
        ),
    ],
)
def test_known_weaknesses_stop_a_change_and_a_missing_service_does_not(
    dependencies: list[dict[str, Any]], code: int, said: str
) -> None:
    verdict = runpy.run_path(str(ROOT / ".ci/advisories.py"))["verdict"]
    assert verdict(dependencies) == (code, said.split("\n"))
    assert "step $bin/python .ci/advisories.py" in (ROOT / ".ci/check").read_text()
