"""Why the CRM refuses a request, as RFC 9457 problem documents."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_PROBLEM_JSON = "application/problem+json"


class Problem(Exception):
    """A refusal: *kind* is the problem type, *detail* a sentence for the caller."""

    def __init__(
        self, status: int, kind: str, title: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The problem document."""
        body = {"type": self.kind, "title": self.title, "status": self.status, "detail": self.detail}
        return JSONResponse(body, self.status, self.headers, media_type=_PROBLEM_JSON)


def not_found(what: str, key: str) -> Problem:
    """There is no such record."""
    return Problem(404, "not_found", "Not found", f"There is no {what} {key}.")


def gone(external_key: str) -> Problem:
    """What was created under this key was deleted, and is not created again."""
    return Problem(410, "gone", "Gone", f"What was created under {external_key} has been deleted.")


def invalid(detail: str) -> Problem:
    """The request is well-formed but cannot be carried out."""
    return Problem(422, "invalid", "Invalid request", detail)


def merged(donor_id: str, into: str) -> Problem:
    """The donor lives on under another id and takes no more writes."""
    return Problem(409, "merged", "Merged donor", f"{donor_id} was merged into {into}.")


def missing_header(name: str) -> Problem:
    """A header that the request needs is not there."""
    return Problem(400, "missing_header", "Missing header", f"The header {name} is required.")


def unauthorized() -> Problem:
    """The bearer token is missing or wrong."""
    return Problem(
        401,
        "unauthorized",
        "Unauthorized",
        "A valid bearer token is required.",
        {"WWW-Authenticate": "Bearer"},
    )


def stale(record_id: str, seen: str) -> Problem:
    """The record moved on since the caller read it."""
    detail = f"{record_id} was changed after version {seen}."
    return Problem(412, "stale_version", "Precondition failed", detail)


def version_required() -> Problem:
    """The caller did not say which version it read."""
    detail = "Send If-Match with the version of the record that you read."
    return Problem(428, "version_required", "Precondition required", detail)


async def answer_problem(_request: Request, exc: Exception) -> Response:
    """Exception handler for `Problem`."""
    assert isinstance(exc, Problem)  # noqa: S101 - Starlette's handler type is wider than its registration
    return exc.response()


async def answer_invalid(_request: Request, exc: Exception) -> Response:
    """Exception handler for pydantic's errors: names the field and what is wrong, never the value."""
    assert isinstance(exc, ValidationError)  # noqa: S101 - as above
    reasons = [f"{'.'.join(map(str, error['loc'])) or 'body'}: {error['msg']}" for error in exc.errors()]
    return invalid("; ".join(reasons)).response()


async def answer_http_error(_request: Request, exc: Exception) -> Response:
    """Exception handler for the router's own 404 and 405."""
    assert isinstance(exc, HTTPException)  # noqa: S101 - as above
    return Problem(exc.status_code, "http_error", exc.detail, f"{exc.detail}.", exc.headers or {}).response()
