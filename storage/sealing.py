"""Sealing: the order of the audit log is decided here, once, by whoever seals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, text, update

from storage.leaf import GENESIS, chain_hash
from storage.schema import AUDIT_LOG

_SEALER_LOCK = 0x5EA1ED


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The last sealed entry: its number (0 for an empty log) and its hash in hexadecimal."""

    seq: int
    hash: str


def head(connection: Connection) -> AuditHead:
    """Return the end of the chain."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        row = driver.execute(_LAST_ON_SQLITE).fetchone()
    else:
        row = connection.execute(_LAST).first()
    return AuditHead(0, GENESIS.hex()) if row is None else AuditHead(row[0], row[1].hex())


def seal(connection: Connection, limit: int) -> int:
    """Append up to *limit* unsealed entries to the chain, in the order in which they were inserted.

    On PostgreSQL transactions commit out of order, so an entry takes its number when it is sealed and not
    when it is written; one sealer at a time holds an advisory lock until its transaction ends.
    """
    if not _may_seal(connection) or not _is_anything_unsealed(connection):
        return 0
    unsealed = select(AUDIT_LOG.c.position, AUDIT_LOG.c.leaf_hash).where(AUDIT_LOG.c.seq.is_(None))
    rows = connection.execute(unsealed.order_by(AUDIT_LOG.c.position).limit(limit)).all()
    if not rows:
        return 0
    last = head(connection)
    seq, previous = last.seq, bytes.fromhex(last.hash)
    seals = []
    for position, hash_of_leaf in rows:
        seq, current = seq + 1, chain_hash(previous, bytes(hash_of_leaf))
        seals.append({"at_position": position, "to_seq": seq, "to_prev": previous, "to_hash": current})
        previous = current
    connection.execute(_SEAL, seals)
    return len(seals)


def links(connection: Connection, rows: list[Any]) -> list[Any]:
    """Return *rows*, which are about to be inserted and end with the leaf's hash, with their places.

    Number, previous hash and hash follow each row's own values.
    """
    last = head(connection)
    previous, linked = bytes.fromhex(last.hash), []
    for seq, row in enumerate(rows, start=last.seq + 1):
        current = chain_hash(previous, row[-1])
        linked.append((*row, seq, previous, current))
        previous = current
    return linked


_LAST = (
    select(AUDIT_LOG.c.seq, AUDIT_LOG.c.hash)
    .where(AUDIT_LOG.c.seq.is_not(None))
    .order_by(AUDIT_LOG.c.seq.desc())
    .limit(1)
)
_LAST_ON_SQLITE = "SELECT seq, hash FROM audit_log WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1"
_UNSEALED_ON_SQLITE = "SELECT 1 FROM audit_log WHERE seq IS NULL LIMIT 1"
_SEAL = (
    update(AUDIT_LOG)
    .where(AUDIT_LOG.c.position == bindparam("at_position"), AUDIT_LOG.c.seq.is_(None))
    .values(seq=bindparam("to_seq"), prev_hash=bindparam("to_prev"), hash=bindparam("to_hash"))
)


def _is_anything_unsealed(connection: Connection) -> bool:
    """Ask SQLite by the driver's own query, since every commit asks and the answer is nearly always no."""
    if connection.dialect.name != "sqlite":
        return True
    driver: Any = connection.connection.driver_connection
    return driver.execute(_UNSEALED_ON_SQLITE).fetchone() is not None


def _may_seal(connection: Connection) -> bool:
    if connection.dialect.name != "postgresql":
        return True
    lock = text("SELECT pg_try_advisory_xact_lock(:key)").bindparams(key=_SEALER_LOCK)
    return bool(connection.execute(lock).scalar_one())
