"""The digests' charts as pictures, for a workspace that refuses Slack's own chart blocks.

Pillow draws them; it is imported when a picture is drawn, because hardly any workspace needs one. The font is
DejaVu where the system has it, else the one that Pillow carries, which knows English letters only: names
are then written without their accents. The table and the text alternative have them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from types import ModuleType
from typing import TYPE_CHECKING
from unicodedata import normalize

from policy.digest import Chart

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

WIDTH, ROW, BAR = 1200, 56, 30
_EDGE, _TITLE, _LEGEND, _LABELS, _VALUES = 36, 80, 48, 400, 140
_TEXT, _QUIET, _PAPER, _LINE = "#1d1c1d", "#616061", "#ffffff", "#dddddd"
COLOURS = ("#1264a3", "#b8860b", "#2e7d5b", "#a23b5e", "#5f4b8b", "#6b6b6b")
"""Apart in lightness as well as in hue, and at least 3 to 1 on white."""

MOST_CATEGORIES = 20
FONT = "DejaVuSans.ttf"
_WITHOUT_MARKS = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "æ": "ae", "“": '"', "”": '"', "–": "-"}
)


@dataclass(frozen=True, slots=True)
class _Pens:
    draw: ImageDraw
    title: FreeTypeFont | ImageFont
    label: FreeTypeFont | ImageFont
    english_only: bool


def chart_png(chart: Chart) -> bytes:
    """Return the chart as horizontal bars with the values beside them, as a PNG."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - see above

    categories = chart.categories[:MOST_CATEGORIES]
    group = max(ROW, BAR * len(chart.series) + ROW - BAR)
    top = _TITLE + (_LEGEND if len(chart.series) > 1 else 0)
    image = Image.new("RGB", (WIDTH, top + group * len(categories) + _EDGE), _PAPER)
    pens = _Pens(ImageDraw.Draw(image), *_fonts(ImageFont))
    unit = f" ({chart.unit})" if chart.unit else ""
    _write(pens, (_EDGE, 24), f"{chart.title}{unit}", pens.title, WIDTH - 2 * _EDGE)
    if len(chart.series) > 1:
        _legend(pens, chart)
    most = max((value for series in chart.series for value in series.values), default=0.0)
    scale = (WIDTH - _EDGE - _LABELS - _VALUES) / (100.0 if chart.unit == "%" else most or 1.0)
    for number, category in enumerate(categories):
        _category(pens, chart, number, category, (top + group * number, group, scale))
    bottom = top + group * len(categories)
    pens.draw.line((_LABELS, top, _LABELS, bottom), fill=_LINE, width=2)
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _fonts(fonts: ModuleType) -> tuple[FreeTypeFont | ImageFont, FreeTypeFont | ImageFont, bool]:
    try:
        return fonts.truetype(FONT, 28), fonts.truetype(FONT, 22), False
    except OSError:
        return fonts.load_default(32), fonts.load_default(24), True


def _category(
    pens: _Pens, chart: Chart, number: int, category: str, place: tuple[float, float, float]
) -> None:
    top, group, scale = place
    _write(pens, (_EDGE, top + group / 2 - 14), category, pens.label, _LABELS - _EDGE - 16)
    first = top + (group - BAR * len(chart.series)) / 2
    for which, series in enumerate(chart.series):
        value, y = series.values[number], first + which * BAR
        end = _LABELS + max(0.0, value) * scale
        colour = COLOURS[which % len(COLOURS)]
        pens.draw.rectangle((_LABELS, y + 2, max(_LABELS + 1, end), y + BAR - 2), fill=colour)
        _write(pens, (end + 10, y + 1), f"{value:g}{chart.unit}", pens.label, _VALUES)


def _legend(pens: _Pens, chart: Chart) -> None:
    x, room = _EDGE, (WIDTH - 2 * _EDGE) // len(chart.series)
    for which, series in enumerate(chart.series):
        pens.draw.rectangle((x, _TITLE + 2, x + 22, _TITLE + 24), fill=COLOURS[which % len(COLOURS)])
        _write(pens, (x + 32, _TITLE - 2), series.name, pens.label, room - 48, _QUIET)
        x += room


def _write(
    pens: _Pens,
    at: tuple[float, float],
    words: str,
    font: FreeTypeFont | ImageFont,
    room: float,
    colour: str = _TEXT,
) -> None:
    """Write one line, shortened to what there is room for."""
    text = " ".join((_english(words) if pens.english_only else words).split())
    while len(text) > 1 and pens.draw.textlength(text, font) > room:
        text = f"{text.removesuffix('...')[:-1]}..."
    pens.draw.text(at, text, font=font, fill=colour)


def _english(words: str) -> str:
    apart = normalize("NFKD", words.translate(_WITHOUT_MARKS))
    return apart.encode("ascii", "ignore").decode()
