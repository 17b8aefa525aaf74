"""What of the service needs a person, in sentences that say what to do."""

from __future__ import annotations

from datetime import timedelta

from handlers.service.counterparts import COUNTERPARTS, HOW, SILENT_S
from handlers.service.state import BudgetStatus, ServiceStatus
from policy.organisation import Organisation

LATE = timedelta(minutes=5)
CHECKPOINT_SLACK = timedelta(minutes=15)
REPLAY_LATE = timedelta(hours=36)
SCHEDULE_LATE = timedelta(hours=1)
MOST_UNSEALED = 10_000
OURS = {
    "checkpoint_due": "signing the audit log",
    "retention_due": "retention",
    "replay_due": "replay of decisions",
    "drift_due": "watching the model",
}
"""How the schedules that every installation has are called."""
CONDITIONS = {
    "cannot_store": "what arrives cannot be stored, and is refused. Is the database's disk full, does it "
    "take no changes, or does somebody hold a lock? countersign doctor says. What is refused comes again.",
    "slack_held": "Slack has asked us to wait; messages follow by themselves.",
    "crm_held": "the CRM has asked us to wait; what needs it follows by itself.",
    "model_open": "the language model fails and is left alone for a while; texts come from CRM records.",
    "slack_cut_off": "Socket Mode is not connected, so nobody's click arrives here.",
    "slack_refused": "what Slack sends is refused: its signatures do not fit "
    "COUNTERSIGN_SLACK__SIGNING_SECRET, so nobody's click arrives. Compare it with the app's Signing Secret.",
    "crm_refused": "what the CRM sends is refused: its signatures do not fit "
    "COUNTERSIGN_CRM__WEBHOOK_SECRET, so events come late, by its list. Compare it with the CRM's.",
    "clock_off": "this machine's clock is wrong, so what Slack sends is refused. Switch on NTP.",
    "database_clock_off": "the database server's clock is wrong; it is not followed. Switch on NTP there.",
    "time_doubtful": "the time is in doubt, so nothing is reminded of, ended or deleted by it. "
    "countersign doctor compares the clocks; it goes on by itself when Slack's agrees.",
    "redis_down": "Redis does not answer or takes nothing; work is found every second and not at once.",
}
UNREADABLE_RULES = (
    "The rules in force cannot be read, so nothing is allowed: countersign doctor says what to do."
)
CHANGED = "The audit log is not as it was sealed: countersign audit verify says where."
USED_UP = "What models may cost in the {0} is used up; texts come from CRM records until it is over."


def attention(found: ServiceStatus, organisation: Organisation | None, *, rules_readable: bool) -> list[str]:
    """Return what needs a person, the worst first, each as a sentence."""
    unreadable = found.policy_version is not None and not rules_readable
    return [
        *([UNREADABLE_RULES] if unreadable else []),
        *_of_replicas(found),
        *_of_queues(found),
        *_of_counterparts(found),
        *_of_evidence(found, organisation),
        *_of_schedules(found),
        *(USED_UP.format(each.period) for each in found.budgets if _is_used_up(each)),
        *(f"{p.capability} is paused by {p.by_name}." for p in found.pauses),
        *_of_alarms(found),
    ]


def _of_alarms(found: ServiceStatus) -> list[str]:
    if not found.open_alarms:
        return []
    several = "1 drift alarm waits" if found.open_alarms == 1 else f"{found.open_alarms} drift alarms wait"
    return [f"{several} to be acknowledged: countersign eval alarms shows what drifted."]


NOBODY = (
    "No process of the service is running, or none can write to the database: it may be full or locked. "
    "countersign doctor looks; countersign serve starts one."
)


def _of_replicas(found: ServiceStatus) -> list[str]:
    alive = [each for each in found.replicas if each.alive]
    said = [] if alive else [NOBODY]
    said += [
        f"{each.id} stopped without saying so, {_ago(each.silent_s)} ago. Is its machine up?"
        for each in found.replicas
        if not each.alive
    ]
    if len({each.version for each in alive}) > 1:
        said.append("The processes run different versions. Finish the upgrade.")
    if alive and not any(each.role in ("all", "worker") for each in alive):
        said.append("No process works through the queues. Start one with COUNTERSIGN_ROLE=worker.")
    if alive and not any(each.role in ("all", "scheduler") for each in alive):
        said.append("No process watches the clock. Start one with COUNTERSIGN_ROLE=scheduler.")
    for each in alive:
        said += [f"{each.id}: {CONDITIONS[name]}" for name in CONDITIONS if each.report.get(name)]
    return said


def _of_queues(found: ServiceStatus) -> list[str]:
    late = [q for q in found.queues if q.oldest_wait_s > LATE.total_seconds()]
    said = [f"The {q.name} is late: something has been due for {_ago(q.oldest_wait_s)}." for q in late]
    dead = sum(q.dead for q in found.queues)
    if dead:
        which = "1 item is" if dead == 1 else f"{dead} items are"
        said.append(f"{which} set aside. Look: countersign inbox list.")
    return said


def _of_counterparts(found: ServiceStatus) -> list[str]:
    """Say of whom nothing is heard; a moment's silence needs nobody."""
    return [
        f"{_first_upper(COUNTERPARTS[each.who])} {HOW[each.who]} for {_ago(each.since_s)}. "
        f"What needs it ({each.items:,}) follows by itself; countersign doctor says what is wrong."
        for each in found.waiting_for
        if each.since_s >= SILENT_S
    ]


def _of_evidence(found: ServiceStatus, organisation: Organisation | None) -> list[str]:
    said = [] if found.log_holds else [CHANGED]
    if found.policy_version is None:
        said.append("No rules are in force, so nothing is allowed. Start the service, or activate a policy.")
    every = timedelta(minutes=organisation.checkpoint_minutes if organisation else 60)
    since = found.unsigned_since
    if since and found.at - since > every + CHECKPOINT_SLACK:
        said.append("The audit log was not signed when it should have been: countersign audit verify.")
    if found.unsealed > MOST_UNSEALED:
        said.append(f"{found.unsealed:,} audit entries wait for their place in the chain.")
    if found.replay and found.replay.differ:
        said.append(
            f"{found.replay.differ} recorded decisions would come out differently: countersign audit replay."
        )
    if found.replay and found.at - found.replay.at > REPLAY_LATE:
        said.append("Recorded decisions were not replayed for more than a day.")
    return said


def _of_schedules(found: ServiceStatus) -> list[str]:
    overdue = [
        OURS.get(each.id, f"the digest {each.id}")
        for each in found.schedules
        if each.due_at
        and found.at - each.due_at > SCHEDULE_LATE
        and (each.last_at is None or each.last_at < each.due_at)
    ]
    return [f"Overdue: {', '.join(overdue)}. Is a scheduler running?"] if overdue else []


def _is_used_up(budget: BudgetStatus) -> bool:
    return budget.limit_micros is not None and budget.spent_micros >= budget.limit_micros


def _ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]
