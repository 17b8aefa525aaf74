"""Whether a text can be read by English words: by its script, and by small words only other languages have.

It says no only on good evidence. A telegraphic note without any small word counts as English; so does a short
greeting. What it misses is read by its English and plainest foreign words, as everything was before.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 20_000

_ENGLISH_WORDS = """
    the of and to is was are were be been have has had would will could should can this that these those it
    its she he they we you i my your our his her their with for from at by about into not but or if when what
    who which there here than then very please thank thanks regards dear
"""
# Small words that English does not have, and no common name or abbreviation either.
_OTHER_WORDS = """
    ich nicht und der das ist wir sie mit auf für eine einen einer auch noch aber wenn oder mich mir dass wird
    haben wurde sehr keine kein bitte danke liebe lieber vom zum zur über
    je ne pas vous nous les des est une dans pour avec sur cette mais aussi votre notre merci bonjour sont été
    suis cela leur aux plus très mon
    que los las una por para pero como muy gracias usted ustedes nosotros esta este estoy quiero hemos también
    il gli della delle sono non che questo questa grazie molto anche vorrei nostra nostro
    het een niet voor maar ook zijn jullie bedankt graag naar bij
    não uma você obrigado obrigada com mais também nós meu minha
    och att jag inte det som är på med har tack vi ikke jeg takk også
    nie jest się dla proszę dziękuję oraz przez
    ja ei on olen kiitos että mutta
    nem és hogy egy köszönöm
    bir bu için değil teşekkürler ve çok
    tidak yang dan untuk terima kasih
    není jsem děkuji prosím jako
"""
_MEANS_SOMETHING_HERE = (
    "on me is con per los las com des ve dan je bu mon non par die hat er ser art dar het bij"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_OTHERS = frozenset(_OTHER_WORDS.split()) - frozenset(_MEANS_SOMETHING_HERE.split())
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_FEWEST_LETTERS = 4
_FOREIGN_LETTERS = 0.3
_FEWEST_WORDS = 3
_MARKED_WORDS = 0.2
_ENOUGH_WORDS = 6


def reads_as_english(text: str) -> bool:
    """Say whether English words can tell what *text* speaks of; yes where nothing speaks against it."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST])
    letters = [letter for letter in plain if letter.isalpha()]
    foreign = sum(not _is_latin(letter) for letter in letters)
    if foreign >= _FEWEST_LETTERS and foreign > _FOREIGN_LETTERS * len(letters):
        return False
    words = [word.casefold() for word in _WORD.findall(plain)]
    english = sum(word in _ENGLISH for word in words)
    other = len({word for word in words if word in _OTHERS})
    if other > english and (other >= _FEWEST_WORDS or (other > 1 and not english)):
        return False
    marked = sum(not word.isascii() for word in words)
    return bool(english) or len(words) < _ENOUGH_WORDS or marked < _MARKED_WORDS * len(words)


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")
