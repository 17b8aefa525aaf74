"""Whether two first names may belong to one person."""

from __future__ import annotations

# Short forms that do not begin like the name they stand for; whatever does is taken for the same anyway.
_SHORT = """
bill billy will liam=william
bob bobby rob robbie=robert
dick rick=richard
ted ned ed eddie=edward
ted theo=theodore
jack=john
tony=anthony
sandy alec alex sasha=alexander
sandy alex sasha=alexandra
peggy meg maggie daisy greta=margaret
betty beth liz lizzie libby elsie=elizabeth
polly molly=mary
nell nora ellie=eleanor
hank harry=henry
chuck=charles
dolly dot=dorothy
kitty kate katie=katherine
kitty kate katie=catherine
gus=august
tina chris=christina
bella=isabella
bert=albert
bert=herbert
bert bart=bartholomew
drew=andrew
gene=eugene
"""
_GROUPS = tuple(frozenset(line.replace("=", " ").split()) for line in _SHORT.strip().splitlines())


def may_be_the_same(one: str, other: str) -> bool:
    """Say yes with any doubt: equal initials, a known short form, or a name within the other."""
    a, b = one.casefold(), other.casefold()
    if not a or not b or a[0] == b[0] or a in b or b in a:
        return True
    return any(a in group and b in group for group in _GROUPS)
