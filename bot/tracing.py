"""Sending spans where the environment says, if it says so and the libraries for it are installed."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from bot.heartbeat import program_version
from handlers.spans import BEGINS, SCOPE, look_again, root_of

log = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def start_tracing(role: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send spans over OTLP when OpenTelemetry's own variables name an endpoint; say whether it is done."""
    if not any(environment.get(name) for name in ENDPOINTS):
        return False
    try:
        missing = [name for name in NEEDED if find_spec(name) is None]
    except ModuleNotFoundError:
        missing = list(NEEDED)
    if missing:
        log.warning("no traces are sent: install countersign[tracing]", extra={"missing": ", ".join(missing)})
        return False
    _install(role)
    return True


def _install(role: str) -> None:
    from opentelemetry import trace  # noqa: PLC0415 - only where traces are wanted
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415

    class OwnSpans(TracerProvider):
        """Spans of our own alone: libraries' have addresses in them, and one of ours lets a manager in."""

        def get_tracer(self, instrumenting_module_name: str, *rest: Any, **named: Any) -> trace.Tracer:
            if instrumenting_module_name.partition(".")[0] != SCOPE:
                return trace.NoOpTracer()
            return super().get_tracer(instrumenting_module_name, *rest, **named)

    class CaseIds(RandomIdGenerator):
        """The first span of a trace is the one that the correlation id names; all others are random."""

        def generate_trace_id(self) -> int:
            return BEGINS.get() or super().generate_trace_id()

        def generate_span_id(self) -> int:
            trace_id = BEGINS.get()
            BEGINS.set(0)
            return root_of(trace_id) if trace_id else super().generate_span_id()

    about = {"service.name": SCOPE, "service.version": program_version(), f"{SCOPE}.role": role}
    provider = OwnSpans(resource=Resource.create(about), id_generator=CaseIds())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    look_again()
