"""Whose holidays count, and what a wrong setting is told."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from bot.files import FileInvalid, read_organisation
from bot.holiday_calendar import HolidayCalendar

BASE = "review_channel: '#desk'\n"


def _read(folder: Path, text: str) -> object:
    path = folder / "organisation.yaml"
    path.write_text(BASE + text, encoding="utf-8")
    return read_organisation(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("holidays: {country: XX}", "no holidays are known for country 'XX'"),
        ("holidays: {country: us}", "did you mean US?"),
        ("holidays: {country: US, subdivision: ZZ}", "US has no subdivision 'ZZ'; write one of AK, AL"),
        ("holidays: {subdivision: NY}", "name the country of NY"),
        ("people: [{email: a@x.example, holidays: {country: QQ}}]", "holidays of a@x.example: no holidays"),
        ("working_days: []", "working_days"),
        ("working_days: [monday]", "working_days"),
        ("time_zone: Mars/Olympus", "no time zone is called 'Mars/Olympus'; write it like Europe/Berlin"),
        ("working_day_end_hour: 9", "the working day must end after it starts (9 to 9)"),
        (
            "people: [{email: a@x.example, working_day_start_hour: 18}]",
            "the working day of a@x.example must end after it starts (18 to 17)",
        ),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_with_what_to_write(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(FileInvalid) as refused:
        _read(tmp_path, text)
    assert told in str(refused.value)


def test_countries_have_weekends_holidays_and_made_up_days() -> None:
    calendar, years = HolidayCalendar(), range(2026, 2028)
    assert calendar.days_off("IL", None, years).weekend == {5, 6}
    assert date(2026, 11, 26) in calendar.days_off("US", None, years).closed
    massachusetts = calendar.days_off("US", "MA", years)
    assert date(2026, 4, 20) in massachusetts.closed, "Patriots' Day is kept there alone"
    assert date(2026, 4, 20) not in calendar.days_off("US", None, years).closed
    assert date(2026, 10, 10) in calendar.days_off("CN", None, years).worked


def test_the_library_is_loaded_by_whoever_needs_it_alone() -> None:
    """It costs a start 60 ms; without a country in the settings nobody pays them."""
    root = Path(__file__).parent.parent.parent
    program = "import sys, bot.wiring, bot.cli; sys.exit('holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0
