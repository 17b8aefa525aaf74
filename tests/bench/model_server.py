"""The simulated language model as a process: `python -m tests.bench.model_server --port PORT`."""

from __future__ import annotations

import argparse

import uvloop

from bot.cli.running import listen, server_for
from bot.clock import SystemClock
from bot.sandbox.model.app import ModelSandboxConfig, build_model


async def _serve(port: int) -> None:
    server = server_for(build_model(ModelSandboxConfig(), SystemClock()))
    await server.serve(sockets=[listen("127.0.0.1", port)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(_serve(parser.parse_args().port))
