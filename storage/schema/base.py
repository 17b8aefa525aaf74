"""What every table shares, and the newest migration."""

from __future__ import annotations

from sqlalchemy import (
    MetaData,
)

HEAD = "0025"
"""The newest migration, known without loading the migration library."""


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
