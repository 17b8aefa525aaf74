"""Who donors are called and where they live; every name, address and number is made up or reserved."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from random import Random

from .model import Currency, Region

_EU = frozenset(("AT", "CZ", "DE", "DK", "FR", "GR", "IE", "NL", "PL", "SE"))
_ASCII = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i", "þ": "th"})
_MAIL_HOSTS = ("mail.example", "post.example", "inbox.example", "letters.example")
_EMIGRATED = 0.125
_AREA_CODES = (207, 212, 312, 401, 503, 603, 617, 646, 718, 773, 802, 857, 860, 914, 978)


@dataclass(frozen=True, slots=True)
class Place:
    """A city with its country (ISO 3166) and time zone (IANA)."""

    city: str
    country: str
    time_zone: str

    @property
    def region(self) -> Region:
        """The group of countries whose rules on consent apply."""
        if self.country in _EU:
            return "EU"
        if self.country in ("US", "CA"):
            return "US" if self.country == "US" else "CA"
        return "UK" if self.country == "GB" else "OTHER"

    @property
    def currency(self) -> Currency:
        """What people there give in."""
        return {"EU": "EUR", "UK": "GBP", "CA": "CAD"}.get(self.region, "USD")


@dataclass(frozen=True, slots=True)
class Origin:
    """Names that go together; *weight* in a thousand donors, no *home* for people of the US cities."""

    weight: int
    given: tuple[str, ...]
    family: tuple[str, ...]
    home: tuple[Place, ...] = ()
    family_first: bool = False


PORTLAND = Place("Portland", "US", "America/New_York")
BOSTON = Place("Boston", "US", "America/New_York")
CHICAGO = Place("Chicago", "US", "America/Chicago")
MONTREAL = Place("Montréal", "CA", "America/Toronto")
HAMBURG = Place("Hamburg", "DE", "Europe/Berlin")
ROTTERDAM = Place("Rotterdam", "NL", "Europe/Amsterdam")
NANTES = Place("Nantes", "FR", "Europe/Paris")
SANTA_FE = Place("Santa Fe", "US", "America/Denver")
BRISTOL = Place("Bristol", "GB", "Europe/London")
BEIRUT = Place("Beirut", "LB", "Asia/Beirut")
_US = (
    PORTLAND,
    BOSTON,
    Place("Providence", "US", "America/New_York"),
    Place("New York", "US", "America/New_York"),
    Place("Burlington", "US", "America/New_York"),
    CHICAGO,
    Place("Milwaukee", "US", "America/Chicago"),
    SANTA_FE,
    Place("Seattle", "US", "America/Los_Angeles"),
    Place("Oakland", "US", "America/Los_Angeles"),
)
_GERMANY = (
    HAMBURG,
    Place("Lübeck", "DE", "Europe/Berlin"),
    Place("Wien", "AT", "Europe/Vienna"),
)
_FRANCE = (NANTES, Place("Brest", "FR", "Europe/Paris"))
_BRITAIN = (BRISTOL, Place("Leith", "GB", "Europe/London"))
_CANADA = (Place("Halifax", "CA", "America/Halifax"), MONTREAL)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ORIGINS: tuple[Origin, ...] = (
    Origin(
        360,
        _words(
            "Alice Andrew Barbara Benjamin Beverly Brian Catherine Charles Claire Daniel Deborah "
            "Douglas Edith Edward Emily Frank George Grace Hannah Harold Helen Henry Ian Irene Jack "
            "Jennifer Joan Keith Laura Leonard Linda Louise Marcus Martha Nathan Nora Oliver Patricia "
            "Peter Rachel Ralph Rebecca Robert Rose Ruth Sarah Simon Stephen Susan Theodore Thomas "
            "Ursula Victor Vivian Walter Wendy"
        ),
        _words(
            "Abbott Ainsworth Bancroft Barlow Blackwood Bramwell Calloway Chandler Claybourne Crane "
            "Dalton Denham Eastman Ellery Fairbanks Farrow Fenwick Garland Gentry Halloway Harcourt "
            "Holloway Hurst Ingram Jarvis Kendrick Lambert Langley Larkin Lockwood Marlow Mercer "
            "Merriweather Norwood Oakes Pemberton Prescott Quimby Radcliffe Redfern Sewell Stanhope "
            "Thackeray Tilden Underhill Vance Wainwright Whitaker Yarrow"
        ),
    ),
    Origin(
        90,
        _words("Denise Imani Jamal Keisha Malik Monique Terrence Tiana Darius Yvonne"),
        ("Washington", "Freeman", "Broussard", "Okonkwo-Hayes", "St. Clair", "Robinson", "Baptiste"),
    ),
    Origin(
        80,
        ("María José", "Luis", "Guadalupe", "Ángel", "Inés", "Joaquín", "Lucía", "Raúl", "Belén", "Íñigo"),
        ("García", "Núñez", "de la Cruz", "Rodríguez Peña", "Ibáñez", "Muñoz", "Zúñiga", "Ordóñez"),
    ),
    Origin(
        45,
        ("Siobhán", "Aoife", "Pádraig", "Niamh", "Seán", "Cillian", "Gráinne"),
        ("O'Brien", "O’Sullivan", "Ní Dhomhnaill", "MacAuliffe", "D'Arcy", "O'Rourke"),
    ),
    Origin(
        80,
        (
            "Jürgen",
            "Käthe",
            "Björn",
            "Ulrike",
            "Sören",
            "Annegret",
            "Matthias",
            "Friederike",
            "Günther",
            "Anke",
        ),
        ("Müller", "Weiß", "von der Heydt", "Schäfer", "Kröger", "Petersen", "Thießen", "Graf zu Rantzau"),
        _GERMANY,
    ),
    Origin(
        45,
        ("Hélène", "François", "Zoë", "Jean-Loup", "Maëlle", "Benoît", "Aurélie"),
        ("Lefèvre", "d'Aubigny", "Le Goff", "Châtelain", "Garçon", "Saint-Exprès"),
        _FRANCE,
    ),
    Origin(
        60,
        _words("Alistair Fiona Gareth Imogen Rhiannon Callum Harriet Rupert Sioned"),
        ("Cholmondeley-Ward", "Pryce", "MacLeod", "Featherstonehaugh", "Llewellyn", "Ashdown", "Trelawny"),
        _BRITAIN,
    ),
    Origin(
        40,
        ("Geneviève", "Étienne", "Gordon", "Margaux", "Rory"),
        ("Tremblay", "Bélanger", "MacDonald", "Côté", "Fraser"),
        _CANADA,
    ),
    Origin(
        40,
        ("Łukasz", "Małgorzata", "Zdeněk", "Jiří", "Agnieszka", "Ľubica"),
        ("Wiśniewski", "Dvořák", "Szczepański", "Żółkiewska", "Křížová"),
        (Place("Gdańsk", "PL", "Europe/Warsaw"), Place("Praha", "CZ", "Europe/Prague")),
    ),
    Origin(
        40,
        ("Åse", "Øyvind", "Søren", "Þóra", "Märta", "Jørgen"),
        ("Østergård", "Bjørnstad", "Sjöberg", "Þorláksdóttir", "Ångström-Lind"),
        (Place("Ålesund", "NO", "Europe/Oslo"), Place("Göteborg", "SE", "Europe/Stockholm")),
    ),
    Origin(
        40,
        _words("Amara Chidi Folasade Ngozi Tunde Kwame Abena"),
        ("Okafor", "Adébáyọ̀", "Nwosu", "Mensah", "Owusu-Ansah"),
    ),
    Origin(
        35,
        ("Nguyễn Thị", "Minh", "Thu Hà", "Đức", "Lan"),
        ("Trần", "Phạm", "Lê", "Đặng", "Vũ"),
    ),
    Origin(
        30,
        _words("Priya Arjun Lakshmi Vikram Ananya Sanjay"),
        ("Venkataraman", "Chatterjee", "Iyer", "Balasubramanian", "Desai"),
    ),
    Origin(
        15,
        ("美咲", "健太", "明"),
        ("佐藤", "鈴木", "渡邊"),
        (Place("Yokohama", "JP", "Asia/Tokyo"),),
        family_first=True,
    ),
    Origin(
        15,
        ("Ольга", "Дмитрий", "Наталія"),
        ("Ковальчук", "Соколова", "Шевченко"),
        (Place("Київ", "UA", "Europe/Kyiv"),),
    ),
    Origin(
        15,
        ("ليلى", "يوسف", "نور"),
        ("الحداد", "خوري", "منصور"),
        (BEIRUT,),
    ),
    Origin(
        10,
        ("נועה", "איתן"),
        ("כהן-מזרחי", "לוי"),
        (Place("Haifa", "IL", "Asia/Jerusalem"),),
    ),
    Origin(
        10,
        ("Ελένη", "Γιώργος"),
        ("Παπαδοπούλου", "Νικολαΐδης"),
        (Place("Πειραιάς", "GR", "Europe/Athens"),),
    ),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A made-up person."""

    first_name: str
    last_name: str
    name: str
    place: Place


def somebody(rng: Random) -> Identity:
    """A person of one of the origins, by their weights; one in eight of the others lives in the US."""
    origin = rng.choices(ORIGINS, [origin.weight for origin in ORIGINS])[0]
    first, last = rng.choice(origin.given), rng.choice(origin.family)
    abroad = origin.home and rng.random() > _EMIGRATED
    place = rng.choice(origin.home if abroad else _US)
    return Identity(first, last, f"{last} {first}" if origin.family_first else f"{first} {last}", place)


def email_of(name: str, number: int) -> str:
    """A reserved address: from the name where ASCII allows, and unique by *number*."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_ASCII))
    words = "".join(
        c if c.isascii() and c.isalpha() else " " if c.isspace() or c == "-" else "" for c in plain
    )
    local = ".".join(words.split()[:3]) or "friend"
    return f"{local}{number}@{_MAIL_HOSTS[number % len(_MAIL_HOSTS)]}"


def phone_of(number: int) -> str:
    """A number of the range that is reserved for fiction: 555-0100 to 555-0199 in some area."""
    return f"+1 {_AREA_CODES[number // 100 % len(_AREA_CODES)]} 555 {100 + number % 100:04d}"
