"""What somebody typed, read as a request: "summary Jane Doe", "timeline D-1", "help" or just a name."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.pause_words import pause_words
from bot.slack.away import absence_request
from bot.slack.text import one_line, unescape
from handlers.commands import (
    AwayRequested,
    BackRequested,
    ChatUser,
    CleanupListRequested,
    DashboardRequested,
    DigestRequested,
    DonorExplanationRequested,
    DrillsSwitched,
    FollowUpAsked,
    HelpRequested,
    NextStepRequested,
    PauseRequested,
    PolicyRequested,
    PracticeRequested,
    PulseSwitched,
    QueueRequested,
    ReplyAddress,
    ResumeRequested,
    SummaryRequested,
    TimelineRequested,
    WhyRequested,
)
from policy.questions import is_question

LONGEST_QUERY = 200
_HELP = frozenset({"", "help", "?"})
_GREETINGS = frozenset(
    {"hi", "hello", "hey", "good morning", "good afternoon", "good evening"}
    | {"thanks", "thank you", "thank you very much", "thx", "ok", "okay", "great", "bye"}
)
_QUEUE = frozenset({"queue", "my queue", "decisions", "my decisions", "show my queue"})
_DRILLS = {"drills on": True, "drills": True, "drills off": False}
_FOR_DONOR = re.compile(r"(?:--|[–—])\s?for[- ]donor\b", re.IGNORECASE)
_MENTION = re.compile(r"<[@!#][^>]*>")
_LINK = re.compile(r"<(?:mailto:|tel:|https?://)[^|>]*\|([^>]*)>|<(?:mailto:|tel:)?([^>|]*)>")
_COURTESY = re.compile(r"^[\s,:;\-–]+|[\s,;]+$")

Request = (
    SummaryRequested
    | TimelineRequested
    | NextStepRequested
    | FollowUpAsked
    | HelpRequested
    | PauseRequested
    | ResumeRequested
    | AwayRequested
    | BackRequested
    | CleanupListRequested
    | DashboardRequested
    | DigestRequested
    | PolicyRequested
    | PracticeRequested
    | DrillsSwitched
    | PulseSwitched
    | WhyRequested
    | DonorExplanationRequested
    | QueueRequested
)


def typed(text: str) -> str:
    """Return what a person typed: without mentions, with links as their words, unescaped, on one line."""
    without = _MENTION.sub(" ", text)
    words = _LINK.sub(lambda link: link.group(1) or link.group(2) or "", without)
    return _COURTESY.sub("", one_line(unescape(words)))


def request(text: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    """Read *text* as a request; what cannot be one is answered with help."""
    absence = absence_request(text, by, reply_to)
    if absence:
        return absence
    asked = typed(text)
    said = asked.casefold()
    if said in _HELP or said.rstrip("!. ") in _GREETINGS:
        return HelpRequested(by=by, reply_to=reply_to)
    if said in _QUEUE:
        return QueueRequested(by=by, reply_to=reply_to)
    verb, _, rest = asked.partition(" ")
    read = _VERBS.get(verb.casefold())
    return read(rest.strip(), by, reply_to) if read else _summary(asked, by, reply_to)


def spoken(text: str, by: ChatUser, reply_to: ReplyAddress, *, in_thread: bool) -> Request:
    """Read what was written in a conversation: what is no request of its own may ask more about a donor."""
    asked = request(text, by, reply_to)
    named = typed(text).casefold().startswith("summary ")
    if not isinstance(asked, SummaryRequested) or not asked.query or named:
        return asked
    if in_thread or is_question(asked.query):
        return FollowUpAsked(text=asked.query, by=by, reply_to=reply_to)
    return asked


def _summary(query: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    if query and (len(query) > LONGEST_QUERY or not any(char.isalnum() for char in query)):
        return HelpRequested(unknown=query[:LONGEST_QUERY], by=by, reply_to=reply_to)
    return SummaryRequested(query=query, by=by, reply_to=reply_to)


def _timeline(query: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    return TimelineRequested(query=query[:LONGEST_QUERY], by=by, reply_to=reply_to)


def _next(query: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    return NextStepRequested(query=query[:LONGEST_QUERY], by=by, reply_to=reply_to)


def _pause(words: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    read = pause_words(words)
    return PauseRequested(
        capabilities=read.capabilities,
        reason=read.reason,
        minutes=read.minutes,
        unknown=read.unknown,
        by=by,
        reply_to=reply_to,
    )


def _resume(words: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    read = pause_words(words)
    return ResumeRequested(capabilities=read.capabilities, unknown=read.unknown, by=by, reply_to=reply_to)


def _cleanup(_words: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    return CleanupListRequested(by=by, reply_to=reply_to)


def _dashboard(_words: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    return DashboardRequested(by=by, reply_to=reply_to)


def _digest(words: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    """Read "now override" and, since there is nothing else to ask of digests, "override" alone."""
    kind = words.casefold().removeprefix("now").strip()
    return DigestRequested(kind=kind[:LONGEST_QUERY], by=by, reply_to=reply_to)


def _policy(words: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    del words
    return PolicyRequested(by=by, reply_to=reply_to)


def _practice(words: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    switched = words.casefold().strip("!. ")
    if switched in _DRILLS:
        return DrillsSwitched(wanted=_DRILLS[switched], by=by, reply_to=reply_to)
    return PracticeRequested(by=by, reply_to=reply_to)


def _pulse(words: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    wanted = words.casefold().strip("!. ") not in ("off", "no", "stop")
    return PulseSwitched(wanted=wanted, by=by, reply_to=reply_to)


def _why(query: str, by: ChatUser, reply_to: ReplyAddress) -> Request:
    for_donor = _FOR_DONOR.search(query)
    if for_donor:
        rest = typed(f"{query[: for_donor.start()]} {query[for_donor.end() :]}")
        return DonorExplanationRequested(query=rest[:LONGEST_QUERY], by=by, reply_to=reply_to)
    return WhyRequested(query=query[:LONGEST_QUERY], by=by, reply_to=reply_to)


_VERBS: dict[str, Callable[[str, ChatUser, ReplyAddress], Request]] = {
    "summary": _summary,
    "timeline": _timeline,
    "next": _next,
    "pause": _pause,
    "resume": _resume,
    "cleanup": _cleanup,
    "digest": _digest,
    "dashboard": _dashboard,
    "policy": _policy,
    "practice": _practice,
    "pulse": _pulse,
    "why": _why,
}
