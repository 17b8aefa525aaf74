"""Finding donors: words in any order, accents and case aside, exact e-mail and id, and near misses."""

from __future__ import annotations

import pytest

from bot.sandbox.crm.search import fold


async def found(sandbox, **query):
    return [donor["id"] for donor in (await sandbox.get("/donors", **query))["items"]]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Jane Doe", ["donor-0001"]),
        ("doe JANE", ["donor-0001"]),
        ("  jane   do ", ["donor-0001"]),
        ("anna muller", ["donor-0020", "donor-0019"]),
        ("ANNA MÜLLER", ["donor-0020", "donor-0019"]),
        ("heydt kathe", ["donor-0010"]),
        ("etienne belanger", ["donor-0016"]),
        ("chatelain", ["donor-0026"]),
        ("ليلى الحداد", ["donor-0023"]),
        ("<!channel> bold", ["donor-0021"]),
        ("jane.doe@mail.example", ["donor-0001"]),
        ("Jane.Doe@MAIL.example", ["donor-0001"]),
        ("donor-0013", ["donor-0013"]),
        ("Fairbanks", ["donor-0014"]),
        ("nobody of this name", []),
        ("***", []),
        ("", []),
    ],
)
async def test_a_search_finds_who_was_meant(sandbox, text, ids):
    assert sorted(await found(sandbox, search=text)) == sorted(ids)


async def test_the_living_come_before_the_dead_and_whole_names_before_beginnings(sandbox):
    assert await found(sandbox, search="doe") == ["donor-0001", "donor-0027"]
    lindgren_and_others = await found(sandbox, search="w")
    assert lindgren_and_others[-1] == "donor-0002"


async def test_only_the_owners_donors_are_listed(sandbox):
    everyone = await found(sandbox, owner_id="staff-felix")
    assert everyone == ["donor-0010", "donor-0026", "donor-0019", "donor-0022"]
    assert await found(sandbox, owner_id="staff-felix", search="anna") == ["donor-0019"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Jane Do", "donor-0001"),
        ("Jan Dow", "donor-0001"),
        ("Margret Okafor", "donor-0003"),
        ("Beatrix Holoway", "donor-0007"),
        ("Belangé Etiene", "donor-0016"),
    ],
)
async def test_near_names_are_suggested_most_similar_first(sandbox, text, first):
    names = await found(sandbox, near=text)
    assert names[0] == first
    assert len(names) <= 5


@pytest.mark.parametrize("text", ["xqzw", "", "…"])
async def test_nothing_is_suggested_for_nonsense(sandbox, text):
    assert await found(sandbox, near=text) == []


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("O’Brien", "obrien"),
        ("O'Brien", "obrien"),
        ("Weiß", "weiss"),
        ("Øyvind Ångström-Lind", "oyvind angstrom lind"),
        ("Łukasz", "lukasz"),
        ("Adébáyọ̀", "adebayo"),
        ("Þóra", "thora"),
        ("*_~`", ""),
    ],
)
def test_folding_keeps_what_people_type(name, folded):
    assert fold(name) == folded
