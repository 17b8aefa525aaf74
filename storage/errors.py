"""What can go wrong with the memory, told without a value that was being stored."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError


class StorageError(Exception):
    """The database refused or failed; *code* is a short code fit for logs and never holds data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ConstraintError(StorageError):
    """A constraint of the schema was violated; *code* names it where the database does."""


class UnavailableError(StorageError):
    """The database could not be reached, was locked, or ran out of room; trying again later may help."""


class DatabaseClosedError(StorageError):
    """The database was closed before the work was handed in."""

    def __init__(self) -> None:
        super().__init__("database_closed")


class LeaseLostError(StorageError):
    """Somebody else took the item over, or it was settled already: the whole transaction must roll back."""

    def __init__(self) -> None:
        super().__init__("lease_lost")


class ImpossibleMoveError(StorageError):
    """An escalation was to make a move that its life does not know."""


class AuditPayloadError(StorageError):
    """An audit payload is not plain JSON data of strings, integers, booleans, lists and objects."""


def without_data(error: BaseException) -> BaseException:
    """Translate a database error into one that carries no stored value; other errors come back as they are.

    Drivers quote rows in their messages ("Failing row contains ..."), so only the error class, the
    SQLSTATE or SQLite code and the constraint's name are kept.
    """
    if not isinstance(error, SQLAlchemyError):
        return error
    code = ":".join(part for part in (type(error).__name__, _driver_code(error), _constraint(error)) if part)
    if isinstance(error, IntegrityError):
        return ConstraintError(code)
    if isinstance(error, OperationalError | InterfaceError):
        return UnavailableError(code)
    return StorageError(code)


def sqlstate(error: BaseException) -> str | None:
    """Return the five-letter PostgreSQL error code, or None for anything else."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state if isinstance(state, str) else None


def _driver_code(error: SQLAlchemyError) -> str | None:
    name = getattr(getattr(error, "orig", None), "sqlite_errorname", None)
    return name if isinstance(name, str) else sqlstate(error)


def _constraint(error: SQLAlchemyError) -> str | None:
    if not isinstance(error, DBAPIError):
        return None
    diagnostics = getattr(error.orig, "diag", None)
    name = getattr(diagnostics, "constraint_name", None)
    return name if isinstance(name, str) else None
