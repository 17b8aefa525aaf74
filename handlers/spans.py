"""Spans for OpenTelemetry: one trace per matter, from the door through policy and model to the card.

The trace's id is the correlation id that log lines, audit entries and cards carry, so that nothing needs to
travel with a row. Attributes are codes and counts, never a payload or a donor. Untraced, nothing is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import lru_cache
from typing import Literal

SCOPE = "countersign"
BEGINS: ContextVar[int] = ContextVar("begins", default=0)
"""The id of the trace that the next span begins; 0 where it has another one before it."""
API = "opentelemetry.trace"
Kind = Literal["INTERNAL", "SERVER", "CONSUMER"]
_CROCKFORD = {char: value for value, char in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")}


def trace_id_of(correlation_id: str) -> int | None:
    """Return the 128 bits of a correlation id; None for one that is no ULID."""
    value = 0
    for char in correlation_id:
        digit = _CROCKFORD.get(char)
        if digit is None:
            return None
        value = value * 32 + digit
    return value if len(correlation_id) == 26 and 0 < value < 1 << 128 else None


def span(
    name: str,
    correlation_id: str | None = None,
    *,
    kind: Kind = "INTERNAL",
    begins: bool = False,
    **attributes: str | int | bool,
) -> AbstractContextManager[None]:
    """Record what happens meanwhile, in the trace of *correlation_id* if given, else in the present one.

    One that *begins* the trace is what all others of it hang on.
    """
    return _recorded(name, correlation_id, kind, attributes, begins=begins) if is_traced() else _NOTHING


def tell(**attributes: str | int | bool) -> None:
    """Add to the span that is being recorded, if any."""
    if is_traced():
        from opentelemetry import trace  # noqa: PLC0415 - already loaded

        trace.get_current_span().set_attributes(_named(attributes))


def root_of(trace_id: int) -> int:
    """Return the id of the span that a trace begins with."""
    return trace_id & ((1 << 64) - 1) or 1


def _named(attributes: Mapping[str, str | int | bool]) -> dict[str, str | int | bool]:
    return {f"{SCOPE}.{name}": value for name, value in attributes.items()}


_NOTHING = nullcontext()


def is_traced() -> bool:
    """Say whether anybody looks; the library alone, which others load too, records nothing."""
    trace = sys.modules.get(API)
    return trace is not None and _records(trace.get_tracer, trace.ProxyTracer)


@lru_cache(maxsize=1)
def _records(get_tracer: Callable[[str], object], of_nobody: type) -> bool:
    """Ask once: each answer costs the library several looks at the environment."""
    return not isinstance(get_tracer(SCOPE), of_nobody)


def look_again() -> None:
    """Find out anew whether anybody looks, once tracing was set up in the middle of a process."""
    _records.cache_clear()


@contextmanager
def _recorded(
    name: str,
    correlation_id: str | None,
    kind: Kind,
    attributes: Mapping[str, str | int | bool],
    *,
    begins: bool,
) -> Iterator[None]:
    from opentelemetry import trace  # noqa: PLC0415 - already loaded, or nobody traces

    context = None
    trace_id = trace_id_of(correlation_id) if correlation_id else None
    if trace_id and begins:
        BEGINS.set(trace_id)
        context = trace.set_span_in_context(trace.INVALID_SPAN)
    elif trace_id:
        flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        root = trace.SpanContext(trace_id, root_of(trace_id), is_remote=True, trace_flags=flags)
        context = trace.set_span_in_context(trace.NonRecordingSpan(root))
    tracer = trace.get_tracer(SCOPE)
    with tracer.start_as_current_span(
        name,
        context=context,
        kind=trace.SpanKind[kind],
        attributes=_named(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except BaseException as error:
            # The kind of failure only: its text may hold data.
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(trace.StatusCode.ERROR)
            raise
