"""Spans for OpenTelemetry: one trace per matter, from the door through policy and model to the card.

The trace's id is the correlation id that log lines, audit entries and cards carry, so that nothing needs to
travel with a row. Attributes are codes and counts, never a payload or a donor. Untraced, nothing is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache

SCOPE = "countersign"
API = "opentelemetry.trace"
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
    name: str, correlation_id: str | None = None, **attributes: str | int | bool
) -> AbstractContextManager[None]:
    """Record what happens meanwhile, in the trace of *correlation_id* if given, else in the present one."""
    return _recorded(name, correlation_id, attributes) if is_traced() else _NOTHING


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
    name: str, correlation_id: str | None, attributes: Mapping[str, str | int | bool]
) -> Iterator[None]:
    from opentelemetry import trace  # noqa: PLC0415 - already loaded, or nobody traces

    context = None
    trace_id = trace_id_of(correlation_id) if correlation_id else None
    if trace_id:
        flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        root = trace.SpanContext(trace_id, trace_id & ((1 << 64) - 1) or 1, is_remote=True, trace_flags=flags)
        context = trace.set_span_in_context(trace.NonRecordingSpan(root))
    tracer = trace.get_tracer(SCOPE)
    with tracer.start_as_current_span(
        name, context=context, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except BaseException as error:
            # The kind of failure only: its text may hold data.
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(trace.StatusCode.ERROR)
            raise
