"""Check that the migrations end at the schema the code works with."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from storage.migrate import upgrade
from storage.schema import METADATA


def main() -> int:
    """Upgrade an empty database and compare."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'empty.db'}"
        upgrade(url)
        engine = create_engine(url)
        with engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), METADATA)
        engine.dispose()
    for difference in differences:
        print(f"The migrations and the schema differ: {difference}", file=sys.stderr)
    return 1 if differences else 0


sys.exit(main())
