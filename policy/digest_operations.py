"""The operations digest: technical incidents beside anomalies of the work and matters of compliance."""

from __future__ import annotations

from policy.cells import Cells, Pair, because
from policy.digest import Digest, DigestFigure, DigestKind, DigestSection, Told
from policy.digest_material import Material
from policy.digest_words import count, count_figure, counted, listed
from policy.interactions import Kind
from policy.tally import By

INCIDENTS = {
    Kind.GIVEN_UP: "Approved, but could not be written to the CRM",
    Kind.OUTCOME_UNKNOWN: "Written without an answer from the CRM",
    Kind.STOPPED: "Approved, but no longer right when it was carried out",
    Kind.WITHOUT_MODEL: "Texts written without a model because it did not answer",
    Kind.RULES_FAULTY: "Rules that could not be read",
    Kind.PAUSED: "Pauses",
}
ANOMALIES = {
    Kind.INJECTION: "Records that seem to give the AI orders",
    Kind.REMOVED: "Sentences of the AI that were removed as unsupported",
    Kind.REFUSED: "Requests and presses that were refused",
    Kind.EXPIRED: "Decisions nobody took in time",
    Kind.WITHDRAWN: "Proposals replaced or withdrawn",
}
COMPLIANCE = {
    Kind.REPLAY_DIFFERENT: "Recorded decisions that come out differently when decided again",
    Kind.CHECKPOINT_FAILED: "Times the audit log could not be signed",
    Kind.CHECKPOINT: "Times the audit log was signed",
    Kind.ERASED: "Donors erased",
    Kind.RETENTION: "Times old records were removed as planned",
    Kind.EXPORTED: "Exports of the audit",
    Kind.RULES_CHANGED: "Changes of the rules",
}
GRAVE = (Kind.REPLAY_DIFFERENT, Kind.CHECKPOINT_FAILED, Kind.GIVEN_UP, Kind.RULES_FAULTY, Kind.INJECTION)
_SUMMED = frozenset({Kind.REMOVED, Kind.REPLAY_DIFFERENT})

WHY_WORDS = {
    "timeout": "it took too long",
    "unreachable": "it could not be reached",
    "circuit_open": "it had failed too often just before",
    "paused": "it was paused",
    "nothing_verified": "nothing it said could be verified",
    "no_permitted_endpoint": "no model may see this donor",
}


def operations(material: Material) -> Digest:
    """Return the operations and compliance digest."""
    cells = material.cells
    grave = [kind for kind in GRAVE if _number(cells, kind).now]
    return Digest(
        kind=DigestKind.OPERATIONS,
        headline=_headline(cells, grave),
        figures=(
            *(count_figure(_WORDS[kind], _number(cells, kind)) for kind in GRAVE),
            count_figure("Recorded decisions replayed the same", cells.amount(Kind.REPLAY_SAME)),
            count_figure("Times the audit log was signed", cells.count(Kind.CHECKPOINT)),
            count_figure("Presses and requests refused", cells.count(Kind.REFUSED)),
            count_figure("Tokens read and written by models", cells.amount(Kind.TOKENS)),
            *_cost(material),
        ),
        sections=(
            _section(cells, "incidents", "Technical incidents", INCIDENTS),
            _without_model(cells),
            _section(cells, "anomalies", "Anomalies of the work", ANOMALIES),
            _section(cells, "compliance", "Compliance", COMPLIANCE),
        ),
        footnotes=("Counted from the audit. Each line can be found there with countersign audit search.",),
    )


def _number(cells: Cells, kind: Kind) -> Pair:
    return cells.amount(kind) if kind in _SUMMED else cells.count(kind)


def _headline(cells: Cells, grave: list[Kind]) -> str:
    if not grave:
        return "Nothing here needs your attention."
    said = [f"{_WORDS[kind][0].lower()}{_WORDS[kind][1:]} ({_number(cells, kind).now:,})" for kind in grave]
    return f"Please look into this: {listed(said)}."


def _cost(material: Material) -> tuple[DigestFigure, ...]:
    price = material.tokens_price_minor
    if price is None:
        return ()
    tokens = material.cells.amount(Kind.TOKENS)
    now, before = (_spent(each * price / 100_000_000) for each in (tokens.now, tokens.before))
    return (DigestFigure(label="Cost of the models", value=now, before=before),)


def _spent(amount: float) -> Told:
    return Told(words=f"{amount:,.2f}", number=round(amount, 2))


def _section(cells: Cells, id_: str, title: str, kinds: dict[Kind, str]) -> DigestSection:
    found = [(words, _number(cells, kind)) for kind, words in kinds.items()]
    happened = [(words, pair) for words, pair in found if pair.now]
    says = "Nothing of this kind happened."
    if happened:
        words, pair = max(happened, key=lambda each: each[1].now)
        says = f"Most often: {words[0].lower()}{words[1:]} ({pair.now:,})."
    return DigestSection(
        id=id_,
        title=title,
        says=says,
        columns=("What", "Now", "Before"),
        rows=tuple(
            (words, count(pair.now), count(pair.before)) for words, pair in found if pair.now or pair.before
        ),
    )


def _without_model(cells: Cells) -> DigestSection:
    reasons = cells.values((Kind.WITHOUT_MODEL,), By.REASON)
    total = cells.count(Kind.WITHOUT_MODEL).now
    texts = counted(total, "text was", "texts were")
    return DigestSection(
        id="without_model",
        title="When no model answered",
        says=f"{texts} written from the facts alone instead." if total else _answered(cells),
        columns=("Because", "Now", "Before"),
        rows=tuple(
            (WHY_WORDS.get(each, each.replace("_", " ")), count(pair.now), count(pair.before))
            for each in reasons
            for pair in (cells.count(Kind.WITHOUT_MODEL, because(each)),)
        ),
    )


def _answered(cells: Cells) -> str:
    if not cells.amount(Kind.TOKENS).now:
        return "No model was asked in this period."
    return "A model answered whenever it was asked."


_WORDS = INCIDENTS | ANOMALIES | COMPLIANCE
