"""Whoever collects spans over OTLP: remembers what was sent, by trace."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Condition, Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.patience import PATIENCE_S


@dataclass
class Collected:
    """What came so far, at which *address*."""

    address: str
    bodies: list[bytes] = field(default_factory=list)
    came: Condition = field(default_factory=Condition)

    def add(self, body: bytes) -> None:
        """Remember what came, and wake whoever waits for it."""
        with self.came:
            self.bodies.append(body)
            self.came.notify_all()

    def until(self, trace_id: int | None, names: Collection[str]) -> list[Span]:
        """Wait until a trace has spans of all these names, and return all of them."""
        with self.came:
            self.came.wait_for(lambda: {*names} <= {each.name for each in self.spans(trace_id)}, PATIENCE_S)
        return self.spans(trace_id)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a service send here, and soon."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.address, "OTEL_BSP_SCHEDULE_DELAY": "100"}

    def spans(self, trace_id: int | None) -> list[Span]:
        """Return the spans of one trace in the order of their beginning."""
        wanted = (trace_id or 0).to_bytes(16, "big")
        requests = [ExportTraceServiceRequest.FromString(body) for body in list(self.bodies)]
        spans = [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if span.trace_id == wanted
        ]
        return sorted(spans, key=lambda span: span.start_time_unix_nano)


@contextmanager
def collecting() -> Iterator[Collected]:
    """Take in spans on a port of its own."""

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                collected.add(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        collected = Collected(f"http://127.0.0.1:{server.server_port}")
        listening = Thread(target=server.serve_forever)
        listening.start()
        try:
            yield collected
        finally:
            server.shutdown()
            listening.join()
