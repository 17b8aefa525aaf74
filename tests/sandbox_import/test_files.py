"""Encodings, delimiters, quoting and broken rows: everything a file can be before its cells mean anything."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.crm.importing import UnusableExportError, import_world
from tests.examples import examples

NAMES = "id,first_name,last_name,city\n1,Jürgen,Müller,Köln\n2,Renée,O’Neil,Besançon\n"


@pytest.mark.parametrize(
    ("codec", "said"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("cp1252", "Windows-1252"),
        ("mac_roman", "Mac Roman"),
    ],
)
def test_names_survive_every_usual_encoding(export, codec, said):
    report = export.run(NAMES.encode(codec))
    assert [(d.name, d.city) for d in report.world.donors] == [
        ("Jürgen Müller", "Köln"),
        ("Renée O’Neil", "Besançon"),
    ]
    assert report.counts[0].encoding == said


def test_latin_1_and_central_european_files_are_read(export):
    latin = export.run("id,last_name\n1,Nuñez\n2,Björk\n".encode("latin-1"))
    assert [d.name for d in latin.world.donors] == ["Nuñez", "Björk"]
    polish = export.run("id,last_name\n1,Łukasiewicz\n2,Żółkiewski\n".encode("cp1250"))
    assert [d.name for d in polish.world.donors] == ["Łukasiewicz", "Żółkiewski"]


def test_a_row_pasted_in_from_another_program_does_not_spoil_the_others(export):
    data = "id,last_name\n1,Müller\n2,Dvořák\n3,Nuñez\n".encode() + b"4,G\xf6ring\n"
    report = export.run(data)
    assert [d.name for d in report.world.donors] == ["Müller", "Dvořák", "Nuñez", "Göring"]
    assert [(n.line, n.reason) for n in report.notices] == [
        (5, "Some characters were not UTF-8 and were read as Windows-1252.")
    ]


@pytest.mark.parametrize(
    ("delimiter", "said"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")]
)
def test_the_delimiter_is_found(export, delimiter, said):
    text = f'id{delimiter}name\n1{delimiter}"Doe{delimiter} Jane"\n'
    report = export.run(text)
    assert [d.name for d in report.world.donors] == [
        f"Doe{delimiter} Jane" if delimiter != "\t" else "Doe Jane"
    ]
    assert report.counts[0].delimiter == said


def test_headers_match_whatever_their_case_spacing_and_spelling(export):
    report = export.run(
        "CONSTITUENT_ID,First Name,SURNAME,E-mail Address,Do Not Email\n7,Jane,Doe,jane@example.org,yes\n",
        "Gift Id,Constituent ID,Gift Date,Amount (EUR)\na,7,2026-02-01,12\n",
    )
    (donor,) = report.world.donors
    assert (donor.id, donor.name, donor.email) == ("7", "Jane Doe", "jane@example.org")
    assert report.world.gifts[0].amount.model_dump() == {"minor": 1200, "currency": "EUR"}
    assert report.problems == report.notices == ()


def test_title_lines_blank_lines_and_quoted_line_breaks_are_no_rows(export):
    report = export.run(
        'Donors by name\n,,\n\nid,name,tags\n\n1,"Jane\nDoe",\n , ,\n2,Luis Ortega,"a;b"\n'.replace(
            "\n", "\r\n"
        ),
        'id,donor_id,amount,received_on\ng1,2,50,"2026-01-31"\n',
    )
    assert [d.name for d in report.world.donors] == ["Jane Doe", "Luis Ortega"]
    assert report.counts[0].rows == 2
    assert [n.reason for n in report.notices] == [
        "The header stands on line 4; the lines above it are skipped."
    ]


def test_line_numbers_point_at_the_start_of_the_row(export):
    report = export.run('id,name\n1,"Jane\n\nDoe"\n,Nobody\n')
    assert [(p.file, p.line, p.column) for p in report.problems] == [("donors.csv", 5, "id")]


def test_a_quotation_mark_that_is_never_closed_costs_its_own_row_only(export):
    report = export.run('id,name,city\n1,"Jane Doe,Boston\n2,"Ortega, Luis",Chicago\n3,Ann Lee,"New\nYork"\n')
    assert [d.name for d in report.world.donors] == ["Ortega, Luis", "Ann Lee"]
    assert [(p.line, p.reason) for p in report.problems if p.file == "donors.csv"] == [
        (2, "A quotation mark is opened and never closed in this row.")
    ]


def test_ragged_rows_are_read_as_far_as_they_are_certain(export):
    report = export.run("id,name,city\n1,Jane Doe\n2,Luis,Ortega,Chicago\n3,Ann Lee,Boston,,\n")
    assert [(d.id, d.city) for d in report.world.donors] == [("1", ""), ("3", "Boston")]
    assert [(p.line, p.reason) for p in report.problems] == [
        (
            3,
            (
                "The row has 4 cells where the header names 3 columns; "
                "a cell that contains the delimiter needs quotation marks."
            ),
        )
    ]


def test_nul_bytes_and_endless_lines_do_not_stop_an_import(export):
    endless = b"2," + b"x" * 2_500_000 + b"\n"
    report = export.run(b"id,name\n1,Jane\0 Doe\n" + endless + b"3,Ann Lee\n")
    assert [d.name for d in report.world.donors] == ["Jane Doe", "Ann Lee"]
    assert [(p.line, p.reason) for p in report.problems] == [
        (3, "The line is longer than a million characters.")
    ]


def test_unknown_columns_are_listed_once_and_kept_out(export):
    report = export.run("id,name,Shoe Size\n1,Jane Doe,39\n2,Ann Lee,40\n")
    assert [(n.kind, n.file, n.line, n.column) for n in report.notices] == [
        ("about the file", "donors.csv", 0, "Shoe Size")
    ]
    assert "39" not in report.world.model_dump_json(include={"donors"})


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "There is no donors.csv"),
        ({"donors.csv": b"id,name\n1,Jane\n"}, "There is no gifts.csv"),
        ({"donors.csv": b"", "gifts.csv": b""}, "donors.csv is empty"),
        ({"donors.csv": b"name,city\nJane,Boston\n", "gifts.csv": b"x"}, "no column for 'id'"),
        ({"donors.csv": b"PK\x03\x04....", "gifts.csv": b"x"}, "is an Excel workbook"),
    ],
)
def test_an_export_that_cannot_be_used_says_what_to_do(tmp_path, files, says):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UnusableExportError) as error:
        import_world(tmp_path, today=date(2026, 11, 22))
    assert says in str(error.value)


def test_a_missing_directory_is_said(tmp_path):
    with pytest.raises(UnusableExportError, match="is not a directory"):
        import_world(tmp_path / "nowhere", today=date(2026, 11, 22))


_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\u2028"), max_size=12)
_ROW = st.tuples(
    st.one_of(st.integers(1, 30).map(str), _CELL),
    st.one_of(st.sampled_from(["1", "2", "3"]), _CELL),
    st.one_of(st.decimals(-5, 5000, places=2).map(str), _CELL),
    st.one_of(st.dates(date(1990, 1, 1), date(2030, 1, 1)).map(str), _CELL),
    st.one_of(st.sampled_from(["cash", "Pledge", ""]), _CELL),
)


def _written(rows: list[tuple[str, ...]], delimiter: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(
        [("id", "donor_id", "amount", "received_on", "type"), *rows]
    )
    return out.getvalue().encode()


@settings(max_examples=examples(25))
@given(st.lists(_ROW, max_size=15), st.sampled_from([",", ";", "\t"]))
def test_every_row_is_imported_or_listed_with_a_reason(rows, delimiter):
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "donors.csv").write_text("id,name\n1,A\n2,B\n3,C\n")
        (directory / "gifts.csv").write_bytes(_written(rows, delimiter))
        report = import_world(directory, today=date(2026, 11, 22))
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    assert report.counts[1].rows == len(filled)
    assert len(report.world.gifts) + len(report.problems) == len(filled)
    assert len({problem.line for problem in report.problems}) == len(report.problems)
    assert all(problem.reason and problem.line > 1 for problem in report.problems)


@settings(max_examples=examples(25))
@given(st.binary(max_size=300))
def test_no_bytes_stop_an_import(content):
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "donors.csv").write_bytes(b"id,name\n1,Jane Doe\n" + content)
        (directory / "gifts.csv").write_bytes(b"donor_id,amount,received_on\n1,5,2026-01-31\n" + content)
        report = import_world(directory, today=date(2026, 11, 22))
    donors, gifts = report.counts
    assert donors.imported == len(report.world.donors) >= 1
    assert gifts.imported == len(report.world.gifts) >= 1
