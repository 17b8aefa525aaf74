"""Whatever arrives leaves an audit entry: done, refused, or set aside, also by handlers yet to be written."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
import pytest_asyncio
from pydantic import AwareDatetime, BaseModel
from pydantic_core import PydanticUndefined

from bot.cli.audit_options import add_audit
from handlers.commands import ChatUser, Command, ReplyAddress
from handlers.tables import ARRIVALS, DEPARTURES
from policy.decide import CompiledPolicy
from policy.events import CrmEvent
from tests.handlers.conftest import GUEST, OWNER, House, house_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
MOMENT = datetime(2026, 11, 20, 9, tzinfo=UTC)
COMMANDS = sorted(ARRIVALS, key=lambda command: command.__name__)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


def made_up(command: type[Any], user: str) -> Command:
    """A value of *command* that is about nothing known; whatever has a default keeps it."""
    fields = command.model_fields.items()
    values = {name: _value(name, field.annotation, user) for name, field in fields if _needed(field)}
    return command(**values)  # type: ignore[no-any-return]


def _needed(field: Any) -> bool:
    return field.default is PydanticUndefined and field.default_factory is None


def _value(name: str, wanted: Any, user: str) -> Any:
    if wanted is ChatUser:
        return ChatUser(id=user)
    if wanted is ReplyAddress:
        return ReplyAddress(channel_id="C1", user_id=user)
    if wanted is CrmEvent:
        return CrmEvent.model_validate(
            {
                "id": "e1",
                "type": "donation.received",
                "donor_id": "nobody",
                "source": "crm",
                "time": MOMENT,
            }
        )
    if get_origin(wanted) is Literal:
        return get_args(wanted)[0]
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return next(iter(wanted))
    if get_origin(wanted) in (Union, UnionType, Annotated):
        return _value(name, get_args(wanted)[0], user)
    if get_origin(wanted) is tuple:
        return ()
    if isinstance(wanted, type) and issubclass(wanted, BaseModel):
        return made_up(wanted, user)
    plain = {int: 1, bool: False, datetime: MOMENT, AwareDatetime: MOMENT, date: MOMENT.date()}
    return "2026-11-20T09:00:00+00:00" if name == "period_key" else plain.get(wanted, "unknown")


@pytest.mark.parametrize("user", [OWNER.id, GUEST.id])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
async def test_it_leaves_an_entry(house: House, command: type[Any], user: str) -> None:
    before = await house.database.read(lambda tx: tx.audit.head())
    dead = len(house.dead)
    await house.accept(made_up(command, user))
    await house.work(1)
    after = await house.database.read(lambda tx: tx.audit.head())
    assert after.seq > before.seq or len(house.dead) > dead, "dead letters are recorded by the worker"
    await house.work_all()


WITNESSED_BY: dict[str, tuple[str, ...]] = {
    "ShowCard": ("escalation.opened",),
    "UpdateCopy": ("card.copy_ended",),
    "ShowCleanup": ("escalation.sent_back",),
    "RemindDecider": ("escalation.came_back", "decider.reminded"),
    "ShowToStandIn": ("card.shown_to_stand_in", "card.stand_in_refused"),
    "SendAnswer": ("summary.generated", "timeline.shown", "why.shown", "explanation.given"),
    "SayWait": ("summary.generated", "timeline.shown"),
    "PostOutcome": ("summary.shared", "decider.reminded"),
    "PostDigest": ("digest.delivered",),
    "PostDigestDetail": ("digest.delivered",),
    "ShareChart": ("digest.delivered", "digest.file_refused"),
    "ShareFigures": ("digest.delivered", "digest.file_refused"),
    "ExecuteAction": ("action.begun", "action.executed", "action.stopped", "action.outcome_unknown"),
    "TakeBack": ("action.undone", "undo.refused"),
    "AskToAgree": ("undo.waits",),
    "PublishEvent": ("recommendation.decided", "action.executed", "action.undone"),
    "PublishHome": ("escalation.opened",),
    "RefreshHomes": ("escalation.opened",),
    "ShowGrouping": ("escalation.listed",),
    "RememberPermalink": ("escalation.opened",),
    "FillEvidence": ("evidence.shown", "evidence.refused"),
    "TakeAwayTwins": ("message.twin_taken_away",),
    "RedactMessage": ("message.redacted", "donor.erased"),
    "KeepCheckpoint": ("checkpoint.signed", "checkpoint.kept"),
    "FillWindow": ("edit.checked", "card.read_in_full"),
    "AnnouncePause": ("capability.paused", "capability.resumed"),
    "RefreshCards": ("capability.paused", "capability.resumed"),
    "ShowProposal": ("policy.proposed", "policy.activated"),
    "ShowAlarm": ("drift.alarmed",),
    "ShowDrill": ("drill.given", "drill.ended"),
}
"""Which entries say that something left us, or why it did: what is only shown was written down before."""

AT_THE_COMMAND_LINE: dict[str, str] = {
    "trace": "audit.read",
    "show": "audit.read",
    "search": "audit.read",
    "export": "export.made",
    "access": "export.made",
    "erase": "donor.erased",
    "declare-restore": "restore.declared",
    "checkpoint": "checkpoint.signed",
    "keys": "keys.rotated",
    "hold": "hold.placed",
    "retention": "retention.applied",
}
TELLS_NOTHING_OF_A_DONOR = {"verify", "proof", "ropa", "replay", "encrypt"}


def _sources() -> str:
    root = Path(__file__).parents[2]
    return "".join(each.read_text() for part in ("handlers", "bot") for each in (root / part).rglob("*.py"))


async def test_whatever_leaves_or_is_done_at_the_command_line_is_told_by_an_entry() -> None:
    assert set(WITNESSED_BY) == {effect.__name__ for effect in DEPARTURES}
    parser = argparse.ArgumentParser()
    add_audit(parser)
    [ways] = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    assert set(ways.choices) == set(AT_THE_COMMAND_LINE) | TELLS_NOTHING_OF_A_DONOR
    written = _sources()
    for kinds in (*WITNESSED_BY.values(), tuple(AT_THE_COMMAND_LINE.values())):
        for kind in kinds:
            assert f'"{kind}"' in written, f"nobody writes {kind}"
