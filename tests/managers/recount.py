"""The digests' headline figures, counted from an exported zip by somebody who has nothing else.

Plain Python on purpose: nothing of the product is imported, and nothing is read but the zip.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

ENDS = {"approved": "approved", "declined": "declined", "sent_back": "sent back", "expired": "expired"}
USES = "summary.generated escalation.edited escalation.deferred escalation.approved escalation.declined"
USES += " escalation.sent_back"


def entries_of(zip_path: Path) -> list[dict]:
    """Return every entry with what it records, in the order of the log."""
    with zipfile.ZipFile(zip_path) as zipped:
        events = [json.loads(line) for line in zipped.read("events.jsonl").splitlines()]
        payloads = [json.loads(line) for line in zipped.read("payloads.jsonl").splitlines()]
    said = {each["id"]: json.loads(each["payload"] or "{}") for each in payloads}
    return [
        each | {"moment": datetime.fromisoformat(each["at"]), "said": said[each["id"]]} for each in events
    ]


def share(part: int, whole: int) -> str:
    """Say a share as the digests do: a percentage from twenty on."""
    return f"{100 * part / whole:.0f} % ({part} of {whole})" if whole >= 20 else f"{part} of {whole}"


def headline_figures(zip_path: Path, start: datetime, end: datetime, people: int) -> dict[str, str]:
    """Return the figures of the adoption and override digests from *start* until before *end*."""
    proposals, opened, edited = {}, {}, set()
    ends, minutes, persons, count = Counter(), [], set(), Counter()
    for entry in entries_of(zip_path):
        kind, said = entry["kind"], entry["said"]
        if kind == "recommendation.decided":
            proposals[entry["correlation_id"]] = said
        if kind == "escalation.opened":
            opened[said["escalation_id"]] = proposals[entry["correlation_id"]]
        if kind == "escalation.edited":
            edited.add(said["escalation_id"])
        if not start <= entry["moment"] < end:
            continue
        count[kind] += 1
        count["useful"] += said.get("value") == "useful"
        count["faster"] += kind == "escalation.approved" and said["considered"]["faster_than_reading"]
        if kind in USES.split() and entry["actor"].startswith("slack:"):
            persons.add(entry["actor"])
        how = ENDS.get(kind.removeprefix("escalation."))
        if how is None:
            continue
        ends["edited" if how == "approved" and said["escalation_id"] in edited else how] += 1
        if how != "expired":
            began = datetime.fromisoformat(opened[said["escalation_id"]]["event"]["time"])
            minutes.append((entry["moment"] - began) // timedelta(minutes=1))
    every, approved = sum(ends.values()), ends["approved"] + ends["edited"]
    waited = median(minutes)
    return {
        "People who used it": f"{len(persons)} of {people}",
        "Donor summaries": str(count["summary.generated"]),
        "Proposals put before somebody": str(count["escalation.opened"]),
        "Decided by people": str(every - ends["expired"]),
        "Time to decision": f"{waited:.0f} min" if waited < 120 else f"{waited / 60:.0f} h",
        "Found useful": share(count["useful"], count["feedback.given"]),
        "Proposals that ended": str(every),
        "Approved as proposed": share(ends["approved"], every),
        "Approved after an edit": share(ends["edited"], every),
        "Declined": share(ends["declined"], every),
        "Sent back": share(ends["sent back"], every),
        "Nobody decided in time": share(ends["expired"], every),
        "Put off": str(count["escalation.deferred"]),
        "Undone afterwards": share(count["action.undone"], count["action.executed"]),
        "Approved faster than reading": share(count["faster"], approved),
    }


def gave_within_90_days(zip_path: Path, start: datetime, end: datetime) -> dict[str, str]:
    """Return the figures of the outcomes digest for decisions concluded from *start* until before *end*."""
    entries = entries_of(zip_path)
    gifts, households = defaultdict(list), {}
    for entry in entries:
        event = entry["said"].get("event") or {}
        if event.get("type") == "donation.received":
            gifts[entry["subject_ref"]].append(min(datetime.fromisoformat(event["time"]), entry["moment"]))
        if entry["kind"] == "recommendation.decided":
            households[entry["correlation_id"]] = entry["said"]["household_id"] or entry["subject_ref"]
    found = {True: [0, 0, set()], False: [0, 0, set()]}
    for entry in entries:
        how = ENDS.get(entry["kind"].removeprefix("escalation."))
        if how is None or not start <= entry["moment"] < end:
            continue
        group, until = found[how == "approved"], entry["moment"] + timedelta(days=90)
        group[0] += any(entry["moment"] < gift <= until for gift in gifts[entry["subject_ref"]])
        group[1] += 1
        group[2].add(households[entry["correlation_id"]])
    (gave, acted, of_acted), (others_gave, others, of_others) = found[True], found[False]
    return {
        "Acted on, and followed for 90 days": f"{acted} about {len(of_acted)} households",
        "Gave after it": share(gave, acted),
        "Not acted on, and followed for 90 days": f"{others} about {len(of_others)} households",
        "Gave after that": share(others_gave, others),
    }
