"""Reading back what the CRM said it has written: a yes that nothing follows from is no yes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.crm.wire import CRM, Wire
from handlers.ports import DonorUnknown, NotThere


async def check_it_holds(wire: Wire, path: str, sent: Mapping[str, Any]) -> None:
    """Read the record at *path* and raise NotThere unless it holds what was *sent*."""
    try:
        held = await wire.get(path)
    except DonorUnknown:
        raise NotThere(CRM) from None
    if not holds(held, sent):
        raise NotThere(CRM)


async def check_it_is_gone(wire: Wire, path: str) -> None:
    """Raise NotThere while the CRM still shows the record at *path*, which it said it has deleted."""
    try:
        await wire.get(path)
    except DonorUnknown:
        return
    raise NotThere(CRM)


def holds(held: object, sent: object) -> bool:
    """Say whether *held* is what was *sent*, whatever it holds besides and in whatever order."""
    if isinstance(sent, Mapping):
        return isinstance(held, Mapping) and all(holds(held.get(name), sent[name]) for name in sent)
    if isinstance(sent, list):
        return isinstance(held, list) and sorted(map(str, held)) == sorted(map(str, sent))
    return held == sent
