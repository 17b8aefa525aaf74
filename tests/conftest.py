"""What holds for every test: chance that repeats itself, and a memory that is not searched again and again.

COUNTERSIGN_TEST_EXAMPLES=10 tries ten times as many generated cases, and other ones at every run.
"""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.examples import MORE
from tests.scratch import write_into_memory
from tests.statements import share_compiled_statements

# Importing everything makes millions of objects that live until the end; looking through them for garbage,
# over and over while they are made, is a third of the work.
gc.disable()

settings.register_profile(
    "countersign",
    deadline=None,
    database=None,
    derandomize=MORE == 1,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("countersign")

share_compiled_statements()
write_into_memory()


@pytest.fixture(scope="session")
def template_of_postgres() -> Iterator[tuple[str, str]]:
    """The address of a PostgreSQL server, and the name of a database on it to be copied."""
    from tests.loop.databases import absent, postgres_server, postgres_template

    server = postgres_server()
    if server is None:
        absent("PostgreSQL server")
        return
    with postgres_template(server) as name:
        yield server, name


@pytest.fixture(scope="session")
def forking() -> Iterator[subprocess.Popen[bytes]]:
    """The process whose forks are bots."""
    from tests.forked import nursery_process

    with nursery_process() as process:
        yield process


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave aside for good what there is by now, and collect what tests leave behind.

    What is garbage already stays: finding it takes every worker most of a second.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
