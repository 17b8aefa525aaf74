"""A lifecycle matrix in words: equal rows drawn together, each cell as who has to say yes, and a legend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from policy.action_words import ACTION_WORDS, CAPABILITY_WORDS
from policy.decision import Outcome
from policy.decision_facts import ActionKind, Capability, Stage
from policy.matrix import ACTIONS, CAPABILITIES, STAGES, Answer, Cell, Matrix, Row
from policy.matrix_complications import every_complication
from policy.matrix_situations import ASSUMED, Variant
from policy.value import Value

EVERYTHING = "Whatever the action"
_NOT: Mapping[Capability, str] = MappingProxyType(
    {
        "recommend": "not even recommended",
        "draft": "not drafted",
        "auto_route": "not put before anybody or carried out",
        "execute": "not carried out",
    }
)
_VARIANT_WORDS: Mapping[Variant, str] = MappingProxyType(
    {"usual": "", "ask": "asking for a gift", "major_gift": "major gift"}
)


class MatrixLine(Value):
    """Rows that read the same: *actions* at *stages*, a cell per capability."""

    actions: tuple[ActionKind, ...]
    variant: Variant
    stages: tuple[Stage, ...]
    cells: tuple[Cell, ...]

    @property
    def what(self) -> str:
        """The actions in words, with what they are about."""
        names = ", ".join(ACTION_WORDS[action] for action in self.actions)
        about = _VARIANT_WORDS[self.variant]
        return f"{names} ({about})" if about else names

    @property
    def where(self) -> str:
        """The stages in words."""
        if len(self.stages) == len(STAGES):
            return "every stage"
        if len(self.stages) > len(STAGES) // 2 + 1:
            others = (stage for stage in STAGES if stage not in self.stages)
            return f"all but {', '.join(others)}"
        return ", ".join(self.stages)


def matrix_lines(matrix: Matrix) -> tuple[MatrixLine, ...]:
    """Draw together stages, then actions, whose cells read the same; a major gift only where it differs."""
    blocks: dict[tuple[ActionKind, Variant], tuple[MatrixLine, ...]] = {}
    for row in matrix.rows:
        key = (row.action, row.variant)
        if key not in blocks:
            mine = [each for each in matrix.rows if (each.action, each.variant) == key]
            blocks[key] = tuple(_by_stage(mine))
    return tuple(_by_action(_without_repetition(blocks)))


def answer_words(answer: Answer) -> str:
    """Say an answer as "yes", "no", or who has to agree: "owner", "owner and 2 managers"."""
    if answer.outcome is Outcome.ALLOW:
        return "yes"
    if answer.outcome is Outcome.DENY:
        return "no"
    people = (
        each.role.value if each.count == 1 else f"{each.count} of {each.role.value}"
        for each in answer.approvals
    )
    return " and ".join(people)


def cell_words(cell: Cell) -> str:
    """Say a cell: the usual answer, and the strictest where that asks for more."""
    usual, strictest = answer_words(cell.usual), answer_words(cell.strictest)
    return usual if usual == strictest else f"{usual}, at most {strictest}"


def strictest_words(line: MatrixLine) -> str:
    """Say when the strictest answer of carrying out a line applies; empty when it is the usual one."""
    cell = line.cells[CAPABILITIES.index("execute")]
    label = _labels().get(cell.strictest_when, "")
    return f"{answer_words(cell.strictest)} when {label}" if label else ""


class Stop(Value):
    """What turns yes into no: for *what*, from *capability* on, each of the *situations* by itself."""

    what: str
    capability: Capability
    situations: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one sentence."""
        return f"{self.what}, {_NOT[self.capability]} when {'; or '.join(self.situations)}."


def stops(matrix: Matrix) -> tuple[Stop, ...]:
    """Gather what stops what, the same reach drawn together; a major gift is stopped by what stops any."""
    reach: dict[str, dict[tuple[Capability, Variant], list[ActionKind]]] = {}
    for row in matrix.rows:
        if row.variant == "major_gift":
            continue
        for name in dict.fromkeys(name for cell in row.cells for name in cell.never_when):
            first = next(cell.capability for cell in row.cells if name in cell.never_when)
            actions = reach.setdefault(name, {}).setdefault((first, row.variant), [])
            if row.action not in actions:
                actions.append(row.action)
    together: dict[tuple[str, Capability], list[str]] = {}
    for name, spread in reach.items():
        for (capability, variant), actions in spread.items():
            what = _reach_words(actions, variant, spread.get((capability, "usual"), []))
            if what:
                together.setdefault((what, capability), []).append(_labels()[name])
    return tuple(
        Stop(what=what, capability=capability, situations=tuple(labels))
        for (what, capability), labels in sorted(together.items(), key=lambda item: _order(item[0]))
    )


def _reach_words(actions: Sequence[ActionKind], variant: Variant, usual: Sequence[ActionKind]) -> str:
    """Name actions; an ask that stops with the ordinary contact needs no word of its own."""
    if variant == "ask":
        actions = [action for action in actions if action not in usual]
    if len(actions) == len(ACTIONS):
        return EVERYTHING
    if len(actions) > len(ACTIONS) // 2:
        others = (ACTION_WORDS[action].lower() for action in ACTIONS if action not in actions)
        return f"Everything except: {', '.join(others)}"
    names = ", ".join(ACTION_WORDS[action] for action in actions)
    return f"{names} ({_VARIANT_WORDS[variant]})" if names and _VARIANT_WORDS[variant] else names


def _order(key: tuple[str, Capability]) -> tuple[bool, int]:
    return key[0] != EVERYTHING, CAPABILITIES.index(key[1])


def _labels() -> dict[str, str]:
    return {each.id: each.label for each in every_complication()}


def legend(matrix: Matrix) -> tuple[str, ...]:
    """Say how to read the table and what was assumed."""
    return (
        f"{matrix.title}, version {matrix.version[:12]}, rollout phase {matrix.phase}.",
        "Found by asking the policy. yes: nobody is asked; no: it does not happen; a role: who has to agree.",
        "The first answer is the usual one, 'at most' the strictest short of a no when one thing differs.",
        f"Assumed: {'; '.join(ASSUMED)}.",
        "A major gift is a sum at or above the organisation's threshold, for a donor in the major tier.",
    )


def notes(matrix: Matrix) -> tuple[str, ...]:
    """Return the sentences under the table: when more people have to agree, and when the answer is no."""
    stricter: dict[str, list[str]] = {}
    for line in matrix_lines(matrix):
        if words := strictest_words(line):
            stricter.setdefault(words, []).append(line.what)
    told = (f"{words[0].upper()}{words[1:]}: {', '.join(what)}." for words, what in stricter.items())
    return (*told, *map(str, stops(matrix)))


def render_markdown(matrix: Matrix) -> str:
    """Return the matrix as a Markdown document."""
    head = ["Action", "Stage", *CAPABILITY_WORDS.values()]
    table = [_md_row(head), _md_row(["---"] * len(head))]
    table += [_md_row([line.what, line.where, *map(cell_words, line.cells)]) for line in matrix_lines(matrix)]
    parts = [f"# {matrix.title}", *legend(matrix), "\n".join(table), "## When the answer is stricter"]
    return "\n\n".join([*parts, "\n".join(f"- {note}" for note in notes(matrix))]) + "\n"


def _md_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _by_stage(rows: Iterable[Row]) -> Iterator[MatrixLine]:
    found: list[tuple[tuple[Cell, ...], list[Row]]] = []
    for row in rows:
        same = next((members for cells, members in found if _reads(cells) == _reads(row.cells)), None)
        if same is None:
            found.append((row.cells, [row]))
        else:
            same.append(row)
    for cells, members in found:
        first, stages = members[0], tuple(member.stage for member in members)
        yield MatrixLine(actions=(first.action,), variant=first.variant, stages=stages, cells=cells)


def _without_repetition(
    blocks: Mapping[tuple[ActionKind, Variant], tuple[MatrixLine, ...]],
) -> Iterator[tuple[MatrixLine, ...]]:
    for (action, variant), block in blocks.items():
        plain = blocks.get((action, "ask"), blocks.get((action, "usual"), ()))
        if variant != "major_gift" or _shape(block) != _shape(plain):
            yield block


def _by_action(blocks: Iterable[tuple[MatrixLine, ...]]) -> Iterator[MatrixLine]:
    groups: dict[tuple[Variant, str], list[tuple[MatrixLine, ...]]] = {}
    for block in blocks:
        groups.setdefault((block[0].variant, str(_shape(block))), []).append(block)
    for members in groups.values():
        actions = tuple(block[0].actions[0] for block in members)
        yield from (line.model_copy(update={"actions": actions}) for line in members[0])


def _shape(block: Sequence[MatrixLine]) -> list[tuple[object, object]]:
    return [(line.stages, _reads(line.cells)) for line in block]


def _reads(cells: Sequence[Cell]) -> list[tuple[object, ...]]:
    """Return what a reader sees of cells: the answers without the gates behind them."""
    return [
        (cell.capability, answer_words(cell.usual), answer_words(cell.strictest), cell.never_when)
        for cell in cells
    ]
