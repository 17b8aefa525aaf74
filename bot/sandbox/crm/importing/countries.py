"""Countries by the names exports give them, with their region and a likely time zone."""

from __future__ import annotations

from functools import cache
from typing import Final

from bot.sandbox.crm.importing.columns import plain
from bot.sandbox.crm.model import Region

_EEA: Final = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO"
# Code, usual time zone, names as `plain` leaves them.
_COUNTRIES: Final = """
US America/New_York usa unitedstates unitedstatesofamerica america
GB Europe/London unitedkingdom greatbritain england scotland wales northernireland
CA America/Toronto canada
DE Europe/Berlin germany deutschland
FR Europe/Paris france
ES Europe/Madrid spain españa
IT Europe/Rome italy italia
NL Europe/Amsterdam netherlands thenetherlands nederland
BE Europe/Brussels belgium belgique
AT Europe/Vienna austria österreich
CH Europe/Zurich switzerland schweiz suisse
IE Europe/Dublin ireland
SE Europe/Stockholm sweden
NO Europe/Oslo norway
DK Europe/Copenhagen denmark
FI Europe/Helsinki finland
PL Europe/Warsaw poland polska
PT Europe/Lisbon portugal
GR Europe/Athens greece
CZ Europe/Prague czechia czechrepublic
HU Europe/Budapest hungary
RO Europe/Bucharest romania
LU Europe/Luxembourg luxembourg
AU Australia/Sydney australia
NZ Pacific/Auckland newzealand
JP Asia/Tokyo japan
CN Asia/Shanghai china
HK Asia/Hong_Kong hongkong
SG Asia/Singapore singapore
IN Asia/Kolkata india
ZA Africa/Johannesburg southafrica
IL Asia/Jerusalem israel
MX America/Mexico_City mexico
BR America/Sao_Paulo brazil
"""


@cache
def _by_name() -> dict[str, str]:
    lines = (line.split() for line in _COUNTRIES.strip().splitlines())
    return {name: code for code, _zone, *names in lines for name in names} | {"uk": "GB"}


@cache
def _zones() -> dict[str, str]:
    lines = (line.split() for line in _COUNTRIES.strip().splitlines())
    return {code: zone for code, zone, *_names in lines}


def country_of(text: str) -> str | None:
    """The ISO 3166 code of *text*, itself a code or a usual name; None when it is neither."""
    code = text.strip().upper()
    if named := _by_name().get(plain(text)):
        return named
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def region_of(country: str) -> Region:
    """The consent and residency region of a country; the EEA counts as EU."""
    if country in _EEA.split():
        return "EU"
    own: dict[str, Region] = {"US": "US", "GB": "UK", "CA": "CA"}
    return own.get(country, "OTHER")


def time_zone_of(country: str) -> str:
    """A likely time zone of *country*; UTC where none is known."""
    return _zones().get(country, "UTC")
