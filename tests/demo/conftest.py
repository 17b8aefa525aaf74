"""The demo as somebody sees it for the first time: its own process, one address, real Chromium."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect, sync_playwright

from bot.cli.running import listen
from tests.chromium import CHROMIUM_ARGS, chromium_path
from tests.forked import ROOT, Forking, end_of, is_running, start
from tests.patience import PATIENCE_S

PATIENCE_MS = PATIENCE_S * 1000
GLANCE_S = 0.01
OLIVIA, MARA = "U0OLIVIA0", "U0MARA000"
PORTFOLIO = "C0OLIVIA0"


def pytest_pycollect_makemodule() -> None:
    """Without a browser the directory is skipped as a whole, in one line."""
    if chromium_path() is None and os.environ.get("COUNTERSIGN_REQUIRE_ALL") != "1":
        pytest.skip("no Chromium found; set COUNTERSIGN_CHROMIUM to its path", allow_module_level=True)


@dataclass
class Demo:
    """A `countersign demo` of its own; after a kill it is started again on its port, with its data."""

    data: Path
    origin: str = ""
    said: list[str] = field(default_factory=list)
    forking: Forking | None = None
    """Whose fork it is; without, it is started as everybody starts it."""
    _pid: int | None = None
    _process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> Demo:
        """Start it and wait until it says where it is; what it printed until then is in *said*."""
        self._run("--port", self.origin.rpartition(":")[2] or "0", *arguments)
        deadline = time.monotonic() + PATIENCE_S
        while not any("Ctrl-C" in line for line in self.printed()):
            assert self._pid
            assert is_running(self._pid), f"The demo did not start: {self.complaints()}"
            assert time.monotonic() < deadline, f"The demo did not start: {self.printed()}"
            time.sleep(GLANCE_S)
        self.said = self.printed()
        [self.origin] = [
            found[1] for line in self.said if (found := re.search(r"Slack +(http://\S+)/$", line))
        ]
        return self

    def refused(self, *arguments: str) -> int:
        """Try to start one that ends by itself without printing anything; return its exit code."""
        self._run(*arguments)
        code = self._ended()
        assert self.printed() == []
        return code

    def _run(self, *arguments: str) -> None:
        """Run `countersign demo` with this demo's data; what it complains about is appended to a file."""
        self._output.unlink(missing_ok=True)
        command = ["demo", "--data", str(self.data), *arguments]
        if self.forking is not None:
            self._pid = start(self.forking, command, {}, ROOT, self._output, self._complaints)
            return
        with self._output.open("w") as printed, self._complaints.open("a") as errors:
            whole = [sys.executable, "-m", "bot", *command]
            self._process = subprocess.Popen(whole, stdout=printed, stderr=errors, env=_environment())
        self._pid = self._process.pid

    def _ended(self) -> int:
        """Wait for its end; return the exit code, or the signal that ended it as a negative number."""
        assert self._pid is not None
        pid, self._pid = self._pid, None
        if self._process is not None:
            return self._process.wait(PATIENCE_S)
        assert self.forking is not None
        end = end_of(self.forking, pid)
        return -end["signal"] if end["signal"] else end["code"] or 0

    @property
    def _output(self) -> Path:
        return self.data.with_suffix(".out")

    @property
    def _complaints(self) -> Path:
        return self.data.with_suffix(".err")

    def printed(self) -> list[str]:
        """Return the lines that the one started last has printed."""
        text = self._output.read_text() if self._output.exists() else ""
        return text.splitlines() if text.endswith("\n") else text.splitlines()[:-1]

    def complaints(self) -> str:
        """Return everything written to standard error so far."""
        return self._complaints.read_text()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        return self._end(signal.SIGINT)

    def _end(self, with_signal: int) -> int:
        assert self._pid is not None
        os.kill(self._pid, with_signal)
        return self._ended()

    def close(self) -> None:
        """Leave nothing running."""
        if self._pid is not None:
            self.kill()

    def happen(self, what: str, donor_id: str, **wish: object) -> None:
        """Make something happen in the CRM, as its control strip does."""
        self._post("/crm/sim/happen", {"what": what, "donor_id": donor_id, **wish})

    def switch(self, system: str, **faults: object) -> None:
        """Break or repair `crm`, `slack` or `model`."""
        prefix = {"slack": "", "crm": "/crm", "model": "/model"}[system]
        self._post(f"{prefix}/sim/faults", faults)

    def tasks(self, donor_id: str) -> list[str]:
        """Return the titles of a donor's tasks in the CRM."""
        answer = httpx2.get(f"{self.origin}/crm/sim/donors/{donor_id}", trust_env=False, verify=False)
        return [task["title"] for task in answer.raise_for_status().json()["tasks"]]

    def _post(self, path: str, body: dict[str, object]) -> None:
        headers = {"X-Sim": "1"}
        httpx2.post(
            self.origin + path, json=body, headers=headers, trust_env=False, verify=False
        ).raise_for_status()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    return kept | {"PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Workspace:
    """The page of the simulated Slack, opened by one person."""

    page: Page

    def card(self, title: str) -> Locator:
        """The newest message in the channel with *title* in it."""
        return self.page.locator(".conversation .message").filter(has_text=title).last

    def press(self, card: Locator, button: str) -> None:
        """Press a button of a card, and confirm where Slack asks."""
        card.get_by_role("button", name=button).click()
        # The page asks while it handles the click, so that it has asked by now if it asks at all.
        confirm = self.page.locator("dialog.confirm button").last
        if confirm.count():
            confirm.click()

    def controls(self) -> FrameLocator:
        """Open the demo controls."""
        opener = self.page.get_by_role("button", name="Demo controls")
        if opener.get_attribute("aria-pressed") != "true":
            opener.click()
        panel = self.page.frame_locator("iframe")
        # Until then it may still choose a donor of its own, and what was typed would be gone.
        expect(panel.locator("#panel")).to_have_attribute("data-ready", "true")
        return panel

    def become(self, name: str) -> None:
        """Become somebody else, in the side bar."""
        self.page.get_by_role("button", name="You are").click()
        self.page.get_by_role("option", name=name).click()
        expect(self.page.get_by_role("button", name=f"You are {name}")).to_be_visible()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = chromium_path()
    if chromium is None:
        pytest.fail("Chromium is required and was not found; set COUNTERSIGN_CHROMIUM.")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The pages keep nothing beyond their tab; an empty one keeps the process that all are shown by."""
    opened = browser.new_context(
        viewport={"width": 1440, "height": 900}, timezone_id="America/New_York", locale="en-US"
    )
    opened.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    opened.new_page()
    yield opened
    opened.close()


@pytest.fixture
def visit(context: BrowserContext) -> Iterator[Callable[..., Workspace]]:
    """Open the workspace of a demo, at a place or where it opens by itself."""
    troubles: list[str] = []

    def opened(demo: Demo, address: str = f"/?as={OLIVIA}&channel={PORTFOLIO}") -> Workspace:
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(demo.origin + address)
        expect(page.locator("#app, #panel").first).to_have_attribute("data-ready", "true")
        return Workspace(page)

    yield opened
    for page in context.pages[1:]:
        page.close()
    assert troubles == []


@pytest.fixture(scope="session")
def shared_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo, started as anybody starts it, for all tests that leave it running; each has its own donor."""
    demo = Demo(tmp_path_factory.mktemp("demo") / "state").start()
    yield demo
    demo.close()


@pytest.fixture
def own_demo(tmp_path: Path, forking: Forking) -> Iterator[Demo]:
    """A demo that is not started yet, for the tests that end it; nobody else gets its port meanwhile."""
    with closing(listen("127.0.0.1", 0)) as reserved:
        origin = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        demo = Demo(tmp_path / "state", origin, forking=forking)
        yield demo
        demo.close()
