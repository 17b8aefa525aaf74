"""What can go wrong with the memory, told without a value that was being stored."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

READ_ONLY = "25006"
_PASSING = ("08", READ_ONLY, "28", "3D", "40", "53", "54", "55", "57", "58")
"""SQLSTATE classes of an unreachable, refusing, contended, exhausted or stopping PostgreSQL server, and of
one that takes no changes, as a standby does that is not the primary yet, or not any more.
"""


class StorageError(Exception):
    """The database refused or failed; *code* is a short code fit for logs and never holds data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ConstraintError(StorageError):
    """A constraint of the schema was violated; *code* names it where the database does."""


class UnavailableError(StorageError):
    """The database could not be reached, was locked, ran out of room, or takes no changes just now."""


class DatabaseClosedError(StorageError):
    """The database was closed before the work was handed in."""

    def __init__(self) -> None:
        super().__init__("database_closed")


class LeaseLostError(StorageError):
    """Somebody else took the item over, or it was settled already: the whole transaction must roll back."""

    def __init__(self) -> None:
        super().__init__("lease_lost")


class NewerReleaseError(StorageError):
    """The schema is one that this release does not know: a newer release has been at work."""

    def __init__(self) -> None:
        super().__init__("newer_release")


class ImpossibleMoveError(StorageError):
    """An escalation was to make a move that its life does not know."""


class AuditPayloadError(StorageError):
    """An audit payload is not plain JSON data of strings, integers, booleans, lists and objects."""


def without_data(error: BaseException) -> BaseException:
    """Translate a database error into one that carries no stored value; other errors come back as they are.

    Drivers quote rows in their messages ("Failing row contains ..."), so only the error class, the
    SQLSTATE or SQLite code and the constraint's name are kept.
    """
    if isinstance(error, TimeoutError):  # no answer of the server in time: nobody knows what it has done
        return UnavailableError("no_answer_in_time")
    if isinstance(error, StopIteration):  # no future can carry one: whoever awaits it would wait for ever
        return StorageError("work_raised:StopIteration")
    if not isinstance(error, SQLAlchemyError | sqlite3.Error):
        return error
    cause = error.orig if isinstance(error, StatementError) else error
    details = (type(error).__name__, _cause_name(error, cause), _driver_code(cause), _constraint(cause))
    code = ":".join(detail for detail in details if detail)
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return ConstraintError(code)
    return UnavailableError(code) if _may_pass(error) else StorageError(code)


def sqlstate(error: BaseException) -> str | None:
    """Return the five-letter PostgreSQL error code, or None for anything else."""
    code = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return code if isinstance(code, str) else None


def _may_pass(error: BaseException) -> bool:
    """Tell what trying again may cure; the PostgreSQL driver does so by the SQLSTATE only."""
    state = sqlstate(error)
    if state is not None:
        return state.startswith(_PASSING)
    if isinstance(error, InterfaceError):  # a closed connection, or an address that makes no sense
        return not isinstance(error.driver_exception, ValueError)
    if isinstance(error, InternalError):  # the driver lost its thread with a connection that broke meanwhile
        return True
    return isinstance(error, OperationalError | PoolTimeoutError | sqlite3.OperationalError)


def _cause_name(error: BaseException, cause: BaseException | None) -> str | None:
    """Name what a value did to the statement; a driver's class name only repeats the wrapper's."""
    return None if isinstance(error, DBAPIError) or cause is error else type(cause).__name__


def _driver_code(cause: BaseException | None) -> str | None:
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return code if isinstance(code, str) else None


def _constraint(cause: BaseException | None) -> str | None:
    name = getattr(getattr(cause, "driver_exception", None), "constraint_name", None)
    return name if isinstance(name, str) else None
