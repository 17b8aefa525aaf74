"""A donor with a very long history keeps nobody else waiting while it is computed over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handlers import long_histories
from handlers.commands import CrmEventArrived
from policy.decide import CompiledPolicy
from policy.events import CrmEvent, CrmEventType
from tests.handlers.conftest import house_in

HERE = threading.get_ident()


@pytest.mark.parametrize("most", [3, 4])
async def test_a_long_record_is_computed_beside_the_event_loop(
    most: int, migrated: Path, default_policy: CompiledPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Margaret has four gifts."""
    beside: list[tuple[str, bool]] = []

    def noting(compute: Callable[..., Any]) -> Callable[..., Any]:
        def computed(*about: Any) -> Any:
            beside.append((compute.__name__, threading.get_ident() != HERE))
            return compute(*about)

        return computed

    for name in ("compute_facts", "digest"):
        monkeypatch.setattr(long_histories, name, noting(getattr(long_histories, name)))
    monkeypatch.setattr(long_histories, "LONG", most)
    with house_in(migrated, default_policy) as house:
        told = CrmEvent(
            id="e1",
            source="crm",
            type=CrmEventType.DONATION_RECEIVED,
            time=house.clock.now(),
            donor_id="donor-1",
            record_id="gift-new",
        )
        await house.accept(CrmEventArrived(event=told))
        await house.work(1)
        await house.database.close()
    assert beside == [("compute_facts", most == 3), ("digest", most == 3)]
