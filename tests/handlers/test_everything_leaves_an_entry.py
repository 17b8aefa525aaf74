"""Whatever arrives leaves an audit entry: done, refused, or set aside, also by handlers yet to be written."""

from __future__ import annotations

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

from handlers import ARRIVALS
from handlers.commands import ChatUser, Command, ReplyAddress
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
