"""What people write as an amount or a date, and what it means."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.crm.importing.amounts import UnreadableAmountError, read_amount, study_amounts
from bot.sandbox.crm.importing.dates import UnreadableDateError, read_date, read_instant, study_dates
from bot.sandbox.crm.model import Money

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("1,234.50", 123450, "USD"),
        ("1.234,50", 123450, "USD"),
        ("1 234,50", 123450, "USD"),
        ("1\u00a0234,50", 123450, "USD"),
        ("1\u202f234,50 €", 123450, "EUR"),
        ("1'234.50", 123450, "USD"),
        ("1,23,456.00", 12345600, "USD"),
        ("$1,234", 123400, "USD"),
        ("EUR 50", 5000, "EUR"),
        ("50 EUR", 5000, "EUR"),
        ("£12.5", 1250, "GBP"),
        ("C$5", 500, "CAD"),
        ("¥500", 500, "JPY"),
        ("(50.00)", -5000, "USD"),
        ("-$50", -5000, "USD"),
        ("50-", -5000, "USD"),
        ("\u221250", -5000, "USD"),
        ("0", 0, "USD"),
        (".5", 50, "USD"),
        ("1,234", 123400, "USD"),
        ("1.234", 123400, "USD"),
    ],
)
def test_amounts_are_read_however_they_are_written(text: str, minor: int, currency: str):
    assert read_amount(text, study_amounts([])) == Money(minor=minor, currency=currency)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("abc", "The amount is not a number."),
        ("1e5", "The amount is not a number."),
        ("50 XYZ", "The currency is not known."),
        ("1.2.3", "The points and commas of the amount do not make a number."),
        ("1,2345", "The amount has more decimal places than USD has."),
        ("¥1.50", "The amount has more decimal places than JPY has."),
        ("9999999999999999", "The amount is too large to be a gift."),
    ],
)
def test_what_is_no_amount_says_why(text: str, reason: str):
    with pytest.raises(UnreadableAmountError) as error:
        read_amount(text, study_amounts([]))
    assert str(error.value) == reason


def test_the_column_decides_whether_a_mark_separates_thousands_or_decimals():
    assert read_amount("1.234", study_amounts(["1.234", "5,50"])) == Money(minor=123400)
    with pytest.raises(UnreadableAmountError, match="more decimal places"):
        read_amount("1.234", study_amounts(["1.234", "5.50"]))
    with pytest.raises(UnreadableAmountError, match="both ways"):
        read_amount("1.234", study_amounts(["5,50", "5.50"]))


def test_an_amount_never_contradicts_its_currency_column():
    assert read_amount("$50", study_amounts([]), "CAD") == Money(minor=5000, currency="CAD")
    with pytest.raises(UnreadableAmountError, match="says EUR and its currency column says USD"):
        read_amount("€50", study_amounts([]), "USD")


@given(
    st.integers(min_value=1, max_value=10**11),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]),
)
def test_every_written_amount_reads_back(minor: int, marks: tuple[str, str]):
    grouped = f"{minor / 100:,.2f}" if minor < 10**9 else f"{minor // 100:,}.{minor % 100:02d}"
    written = grouped.translate(str.maketrans({",": marks[0], ".": marks[1]}))
    assert read_amount(written, study_amounts([written])) == Money(minor=minor)


@given(st.text(max_size=30))
def test_no_text_breaks_reading_an_amount_or_a_date(text: str):
    for read in (
        lambda: read_amount(text, study_amounts([text])),
        lambda: read_instant(text, study_dates([text]), TODAY),
    ):
        try:
            read()
        except (UnreadableAmountError, UnreadableDateError):
            continue


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31",
        "2026-01-31 14:30",
        "2026-01-31T14:30:00Z",
        "2026/1/31",
        "20260131",
        "1/31/2026",
        "31/01/2026",
        "31.01.2026",
        "31-01-26",
        "31 Jan 2026",
        "31-Jan-26",
        "January 31, 2026",
        "46053",
        "46053.75",
    ],
)
def test_a_day_is_read_in_every_usual_form(text: str):
    assert read_date(text, study_dates([text]), TODAY) == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["03/04/2026", "13/04/2026"], date(2026, 4, 3)),
        (["03/04/2026", "04/13/2026"], date(2026, 3, 4)),
        (["03/04/2026"], date(2026, 3, 4)),
        (["03.04.2026"], date(2026, 4, 3)),
    ],
)
def test_the_whole_column_decides_what_comes_first(column: list[str], expected: date):
    assert read_date(column[0], study_dates(column), TODAY) == expected


def test_a_column_that_contradicts_itself_is_read_only_where_it_is_certain():
    column = study_dates(["13/04/2026", "04/13/2026", "03/04/2026"])
    assert read_date("13/04/2026", column, TODAY) == date(2026, 4, 13)
    assert read_date("04/13/2026", column, TODAY) == date(2026, 4, 13)
    assert read_date("05/05/2026", column, TODAY) == date(2026, 5, 5)
    with pytest.raises(UnreadableDateError, match="either way round"):
        read_date("03/04/2026", column, TODAY)


@pytest.mark.parametrize("text", ["2026-02-30", "99999999", "12/31/1899", "soon", "13/13/2026", "3 Foo 2026"])
def test_what_is_no_date_is_refused(text: str):
    with pytest.raises(UnreadableDateError):
        read_date(text, study_dates([text]), TODAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("1/31/2026 2:05 PM", datetime(2026, 1, 31, 14, 5, tzinfo=UTC)),
        ("1/31/2026 12:05 AM", datetime(2026, 1, 31, 0, 5, tzinfo=UTC)),
        ("2026-01-31T14:30:05.123+02:00", datetime(2026, 1, 31, 12, 30, 5, tzinfo=UTC)),
        ("46053.5", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_a_time_of_day_is_kept(text: str, expected: datetime):
    assert read_instant(text, study_dates([text]), TODAY) == expected
