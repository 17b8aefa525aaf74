"""Post a digest, then its detail and its figures as a file in the thread; with pictures if need be."""

from __future__ import annotations

from collections.abc import Awaitable

from handlers.context import Arrived, Context, Write
from handlers.digests.as_csv import as_csv, file_name
from handlers.effects import PostDigest, PostDigestDetail, ShareChart, ShareFigures
from handlers.enqueueing import enqueue
from handlers.outcomes import OUTCOME, DigestDetail, DigestShown
from handlers.ports import MessageRef, Refused
from handlers.record.evidence import record as write_down
from storage.transaction import Transaction

REFUSED_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "unsupported_block"})
NO_FILES = frozenset({"missing_scope", "not_allowed_token_type", "file_uploads_disabled"})


async def post_digest(effect: PostDigest, arrived: Arrived, context: Context) -> Write:
    """Post the digest, and plan what belongs into its thread."""
    digest = await _digest(effect.answer_id, context)
    if digest is None:
        return lambda _tx: None
    marker = f"post:{effect.answer_id}"
    shown, charts = await _posted(digest, effect.channel, marker, arrived, context, None)

    def write(tx: Transaction) -> None:
        order = f"thread:{effect.answer_id}"
        for number in range(len(digest.sections)):
            detail = PostDigestDetail(
                answer_id=effect.answer_id,
                section=number,
                channel=shown.channel_id,
                thread_ts=shown.ts,
                charts=charts,
            )
            key = f"digest:{effect.answer_id}:{number}"
            enqueue(tx, detail, key=key, order=order, arrived=arrived)
            if not charts and digest.sections[number].chart:
                _plan_picture(tx, detail, order, arrived)
        share = ShareFigures(answer_id=effect.answer_id, channel=shown.channel_id, thread_ts=shown.ts)
        enqueue(tx, share, key=f"figures:{effect.answer_id}", order=order, arrived=arrived)

    return write


def _plan_picture(tx: Transaction, detail: PostDigestDetail, order: str, arrived: Arrived) -> None:
    place = detail.model_dump(include={"answer_id", "section", "channel", "thread_ts"})
    key = f"chart:{detail.answer_id}:{detail.section}"
    enqueue(tx, ShareChart(**place), key=key, order=order, arrived=arrived)


async def post_digest_detail(effect: PostDigestDetail, arrived: Arrived, context: Context) -> Write:
    """Post one section of a digest in its thread."""
    digest = await _digest(effect.answer_id, context)
    if digest is None or effect.section >= len(digest.sections):
        return lambda _tx: None
    detail = DigestDetail(section=digest.sections[effect.section], charts=effect.charts)
    marker = f"post:{effect.answer_id}:{effect.section}"
    await _posted(detail, effect.channel, marker, arrived, context, effect.thread_ts)
    return lambda _tx: None


async def share_chart(effect: ShareChart, arrived: Arrived, context: Context) -> Write:
    """Put the picture of a section's chart into the thread, after the table that says the same."""
    digest = await _digest(effect.answer_id, context)
    section = digest.sections[effect.section] if digest and effect.section < len(digest.sections) else None
    if digest is None or section is None or section.chart is None:
        return lambda _tx: None
    name = f"{file_name(digest).removesuffix('.csv')}-{section.id.replace('_', '-')}.png"
    place = MessageRef(effect.channel, effect.thread_ts)
    sharing = context.chat.share_chart(name, section.chart, place, arrived.retry_since)
    return await _shared(sharing, arrived)


async def share_figures(effect: ShareFigures, arrived: Arrived, context: Context) -> Write:
    """Put the figures as a file into the thread; a workspace that takes no files has the tables there."""
    digest = await _digest(effect.answer_id, context)
    if digest is None:
        return lambda _tx: None
    place = MessageRef(effect.channel, effect.thread_ts)
    content = as_csv(digest).encode("utf-8-sig")
    sharing = context.chat.share_file(file_name(digest), content, place, arrived.retry_since)
    return await _shared(sharing, arrived)


async def _shared(sharing: Awaitable[None], arrived: Arrived) -> Write:
    """Wait for a file to be there; where no files are taken, that is written down and nothing else."""
    try:
        await sharing
    except Refused as refused:
        if refused.code not in NO_FILES:
            raise
        code = refused.code
        return lambda tx: write_down(tx, arrived, "digest.file_refused", subject=None, code=code)
    return lambda _tx: None


async def _digest(answer_id: str, context: Context) -> DigestShown | None:
    stored = await context.database.read(lambda tx: tx.answers.get(answer_id))
    if stored is None:
        return None
    outcome = OUTCOME.validate_json(stored.body)
    return outcome if isinstance(outcome, DigestShown) else None


async def _posted(
    shown: DigestShown | DigestDetail,
    channel: str,
    marker: str,
    arrived: Arrived,
    context: Context,
    thread_ts: str | None,
) -> tuple[MessageRef, bool]:
    """Post it, without charts if the workspace refuses them; return where, and whether with charts."""
    try:
        at = await context.chat.post(shown, channel, marker, arrived.retry_since, thread_ts)
    except Refused as refused:
        if refused.code not in REFUSED_BLOCKS or not shown.charts:
            raise
        plain = shown.model_copy(update={"charts": False})
        return await context.chat.post(plain, channel, marker, arrived.retry_since, thread_ts), False
    return at, shown.charts
