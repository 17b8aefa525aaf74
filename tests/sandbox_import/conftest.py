"""An export directory that a test fills and imports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from bot.sandbox.crm.importing import ImportReport, import_world

TODAY = date(2026, 11, 22)
DONORS = "id,first_name,last_name\n1,Jane,Doe\n2,Luis,Ortega\n"
GIFTS = "id,donor_id,amount,received_on\ng1,1,50.00,2026-01-31\n"


@dataclass(frozen=True)
class Export:
    """A directory of exported files; every file has a readable default."""

    directory: Path

    def run(
        self,
        donors: str | bytes = DONORS,
        gifts: str | bytes = GIFTS,
        interactions: str | bytes | None = None,
    ) -> ImportReport:
        files = {"donors.csv": donors, "gifts.csv": gifts, "interactions.csv": interactions}
        for name, content in files.items():
            if content is not None:
                data = content.encode() if isinstance(content, str) else content
                (self.directory / name).write_bytes(data)
        return import_world(self.directory, today=TODAY)


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)
