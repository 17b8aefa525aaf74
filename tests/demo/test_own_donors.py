"""The demo with somebody's own donors: an export as CRMs write them, and the same loop on one of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

DONORS = 1000


def test_an_export_with_broken_rows_goes_through_the_loop(own_demo, visit: Callable, tmp_path: Path) -> None:
    _export(tmp_path / "export")
    own_demo.start("--import", str(tmp_path / "export"))
    assert own_demo.said[:3] == [
        "donors.csv: 1,000 of 1,001 rows imported, 1 not (UTF-8, semicolon-separated)",
        "gifts.csv: 2,998 of 3,000 rows imported, 2 not (UTF-8, semicolon-separated)",
        f"  3 rows could not be read; each is listed with its reason in {own_demo.data}/import-problems.csv",
    ]

    workspace = visit(own_demo)
    controls = workspace.controls()
    controls.get_by_label("To whom").fill("C-00007")
    controls.get_by_role("option", name=re.compile(r"^Jörg Weiß 7\b")).click()
    controls.get_by_role("button", name="Record the gift").click()
    card = workspace.card("Jörg Weiß 7")
    expect(card).to_contain_text("€")
    workspace.press(card, "Approve")
    expect(card).to_contain_text(re.compile("Written to the CRM"))

    own_demo.interrupt()
    own_demo.start()
    record = visit(own_demo, "/crm/donors/C-00007").page
    expect(record.get_by_role("heading", name="Jörg Weiß 7")).to_be_visible()
    expect(record.get_by_text("countersign for Olivia Hart").first).to_be_visible()


def _export(folder: Path) -> None:
    folder.mkdir()
    donors = [
        [f"C-{n:05}", "Jörg", f"Weiß {n}", "Köln", "Germany", "Olivia Hart"] for n in range(1, DONORS + 1)
    ]
    gifts = [
        [f"G{n}", f"C-{n % DONORS + 1:05}", "1.250,00", "EUR", f"{n % 28 + 1:02}.03.2025"]
        for n in range(3000)
    ]
    gifts[10][2] = "to be confirmed"
    gifts[20][4] = "31.02.2025"
    head = ["Donor ID", "First Name", "Last Name", "City", "Country", "Owner"]
    _write(folder / "donors.csv", [head, *donors, ["", "Nobody", "Known", "", "", ""]])
    _write(folder / "gifts.csv", [["Gift ID", "Donor ID", "Amount", "Currency", "Date"], *gifts])


def _write(path: Path, rows: Iterable[list[str]]) -> None:
    """As spreadsheets in much of Europe export: a byte-order mark, semicolons, decimal commas."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
