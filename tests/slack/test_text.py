"""Text of others: cleaned, cut where readers would cut, and never able to do anything."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.blocks import OPEN_IN_FULL, SHORTENED, dated, leaf, link, safe_url, said
from bot.slack.requests import typed
from bot.slack.text import clip, escape, for_notification, isolated, name, one_line, plain, unescape
from tests.examples import examples

FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("Jane\u202e eoD\u202c", "Jane eoD"),
        ("a\u200bb\ufeffc\u2060d", "abcd"),
        ("tab\tand\x00null\x1b[31m", "tab and null [31m"),
        ("two\n\n\n\nlines  with   gaps ", "two\nlines with gaps"),
        (FAMILY, FAMILY),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("pay\u200cpal", "paypal"),
        ("e" + "\u0301" * 40, "e" + "\u0301" * 6),
    ],
)
def test_invisible_characters_are_removed(given_text: str, cleaned: str) -> None:
    assert plain(given_text) == cleaned


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("short", 5, "short"),
        ("too long", 5, "too…"),
        (f"ab{FAMILY}", 8, "ab…"),
        ("cafe\u0301s", 5, "caf…"),
        ("👍🏽👍🏽", 5, "👍🏽…"),
        ("🇩🇪🇫🇷", 7, "🇩🇪…"),
        ("🇩🇪🇫🇷", 8, "🇩🇪🇫🇷"),
    ],
)
def test_text_is_cut_between_characters_as_readers_see_them(text: str, limit: int, cut: str) -> None:
    assert clip(text, limit) == cut


@settings(max_examples=examples(50))
@given(st.text(max_size=80), st.integers(1, 40))
def test_a_cut_is_never_longer_than_asked(text: str, limit: int) -> None:
    cut = clip(text, limit)
    assert len(cut.encode("utf-16-le")) // 2 <= limit
    assert cut == text or cut.endswith("…")


@settings(max_examples=examples(50))
@given(st.text(max_size=80))
def test_escaping_is_undone_exactly_and_leaves_no_markup(text: str) -> None:
    assert unescape(escape(text)) == text
    assert not set("<>") & set(escape(text))
    assert plain(plain(text)) == plain(text)


def test_what_does_not_fit_says_where_the_rest_is() -> None:
    long = "word " * 50
    assert said(long, 9, url="https://crm.example.org") == [
        leaf("word wor…"),
        leaf(" "),
        link("https://crm.example.org", OPEN_IN_FULL),
    ]
    assert said(long, 9)[-1] == leaf(SHORTENED, italic=True)
    assert said("fits", 9) == [leaf("fits")]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("محمد, 2 Mar 2019: done", ["\u2068محمد, \u2069", "2 Mar 2019", ": done"]),
        ("on 2 Mar 2019 by محمد", ["on ", "2 Mar 2019", "\u2068 by محمد\u2069"]),
        ("\u2068محمد\u2069 on 2 Mar 2019", ["\u2068محمد\u2069 on ", "2 Mar 2019", ""]),
    ],
)
def test_a_day_in_a_sentence_from_right_to_left_tears_no_isolation_apart(text: str, parts: list[str]) -> None:
    whole = text if "\u2068" in text else isolated(text)
    assert [each.get("text") or each["fallback"] for each in dated(whole)] == [part for part in parts if part]


def test_right_to_left_names_do_not_reorder_a_sentence() -> None:
    assert name("שרה כהן") == "\u2068שרה כהן\u2069"
    assert isolated("Jane") == "Jane"
    assert name(" \u200b ") == "Unnamed"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Jane gave $25,000 today", "Jane gave an amount today"),
        ("€1.250,50 from CHF 500", "an amount from an amount"),
        ("$25k or £1.2 million", "an amount or an amount"),
        ("500 EUR and 20\u00a0€", "an amount and an amount"),
        ("7 gifts in 2026 <!channel>", "7 gifts in 2026 &lt;!channel&gt;"),
    ],
)
def test_lock_screens_show_no_amounts(text: str, shown: str) -> None:
    assert for_notification(text) == shown


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<@U0CSIGN00> Jane", "Jane"),
        ("<@U0CSIGN00>, Jane &amp; Co &lt;3", "Jane & Co <3"),
        ("<mailto:jane@doe.org|jane@doe.org>", "jane@doe.org"),
        ("<tel:+123|123> <https://x.org|x.org> <https://y.org>", "123 x.org https://y.org"),
        ("<!here> Jane\u202e Doe", "Jane Doe"),
    ],
)
def test_what_people_type_is_read_without_slacks_markup(text: str, read: str) -> None:
    assert typed(text) == read


def test_only_ordinary_web_addresses_become_links() -> None:
    assert safe_url("https://crm.example.org/1?a=b") == "https://crm.example.org/1?a=b"
    for bad in (None, "javascript:alert(1)", "https://x/ y", "https://x|y", "https://" + "x" * 3000):
        assert safe_url(bad) is None
    assert one_line("a\nb") == "a b"


SHOWN_AS_THEY_ARE = ("Cn", "Co", "Ll", "Lo", "Lu")


def test_every_kind_of_character_is_kept_or_taken_out() -> None:
    wrong: list[str] = []
    for char in map(chr, range(sys.maxunicode + 1)):
        category = unicodedata.category(char)
        if category in SHOWN_AS_THEY_ARE and ord(char) % 97:  # a sample of the many will do
            continue
        breaks = char == "\n" or category in ("Zl", "Zp")
        shown = "\n" if breaks else " " if category in ("Zs", "Cc") else char
        if plain(f"a{char}b") != ("ab" if category in ("Cf", "Cs") else f"a{shown}b"):
            wrong.append(char)
    assert wrong == []


def test_every_character_that_runs_from_right_to_left_is_kept_from_reordering_others() -> None:
    wrong = [
        char
        for char in map(chr, range(sys.maxunicode + 1))
        if (isolated(char) != char) != (unicodedata.bidirectional(char) in ("R", "AL", "AN"))
    ]
    assert wrong == []
