"""Machines and their patches, as Systems Manager's Patch Manager last found them; and those that it does not reach.

Documentation: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_InstancePatchState.html,
API_DescribeInstancePatchStates and API_DescribeInstanceInformation, and
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html. Permission:
ssm:DescribeInstancePatchStates, ssm:DescribeInstanceInformation and ec2:DescribeInstances.

AWS holds each machine's newest scan or installation and forgets the one before: collect daily. observed_at of
a patch state is when that ended, so a machine that was not scanned lately is not known to be patched; one
that never was has no patch state.

The machines are EC2's that run and those that Systems Manager lists, other clouds' and the client's own (mi-)
among them. Each counts as one to be patched; correct it where something else was agreed. is_managed tells
whether the agent answers: true for Online, false for ConnectionLost and for a machine of EC2 that Systems
Manager does not list. One that is stopped is not told. An asset is its id; its service is EC2's tag Name, else
the name under which it was registered.

missing_critical counts patches that the patch baseline reports as critical: that is set in the baseline, and
where it gives no compliance level none is. missing_security counts those whose advisory says Security, and is
at least missing_critical: AWS does not tell how many are both. AWS counts with them what waits for a reboot and
what was rejected, so neither is more than MissingCount and FailedCount together. Patches that the baseline has
not yet approved are not counted. A count that AWS leaves out is missing, not 0. oldest_missing_at is always
missing: AWS does not tell when a missing patch was published.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("patch_state", "asset")
OPERATIONS = ("ssm:DescribeInstanceInformation", "ssm:DescribeInstancePatchStates", "ec2:DescribeInstances")
KEEPS = {"patch_state": _aws.ONLY_NOW, "asset": _aws.ONLY_NOW}

Settings = _aws.AwsSettings

_LISTED, _STATES, _EC2 = OPERATIONS
_RUNNING = [{"Name": "instance-state-name", "Values": ["running"]}]
#: What AWS takes in one question.
_AT_ONCE = 50
#: Inactive is what AWS said before it had ConnectionLost.
_ANSWERS = {"Online": True, "ConnectionLost": False, "Inactive": False}


def fetch(period: Period, settings: _aws.AwsSettings) -> Pages:
    """The machines of each region as they are now, and what the newest scan of each found."""
    aws = _aws.opened(settings, OPERATIONS)
    for region in aws.regions:
        listed = aws.ask(_LISTED, region, MaxResults=_AT_ONCE)
        ids = sorted({one["InstanceId"] for page in listed for one in page.get("InstanceInformationList", [])})
        for some in _aws.batches(ids, _AT_ONCE):
            aws.ask(_STATES, region, InstanceIds=some)
        aws.ask(_EC2, region, Filters=_RUNNING, MaxResults=1000)
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row for what the newest scan of a machine found, and a row a machine."""
    managed, names = _managed(pages), _names(pages)
    now = pages.extra["now"]
    assets = [{"asset": id, "kind": "server", "service": names.get(id), "observed_at": now,
               "in_patch_scope": True, "is_managed": managed[id]} for id in sorted(managed)]  # fmt: skip
    states = {state["InstanceId"]: _state(state, names) for state in _told(pages) if state.get("OperationEndTime")}
    return {
        "patch_state": _aws.rows_of("patch_state", list(states.values())),
        "asset": _aws.rows_of("asset", assets),
    }


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """States of which it is not known when they were seen, and words for an agent that AWS did not have before."""
    made = {}
    if undated := sorted(state["InstanceId"] for state in _told(pages) if not state.get("OperationEndTime")):
        made["patch_state"] = ("partial", f"{len(undated)} machines, such as {undated[0]}, do not say when they "
                                          "were scanned")  # fmt: skip
    if strange := sorted({str(node.get("PingStatus")) for node in _nodes(pages).values()} - set(_ANSWERS)):
        made["asset"] = ("partial", f"whether the agent answers is not known where AWS says {', '.join(strange)}")
    return made


def _managed(pages: Pages) -> dict[str, bool | None]:
    """By machine, whether the patch tool reaches it; None where that is not known."""
    made: dict[str, bool | None] = {}
    whole = _read_whole(pages)
    for answer, instance in _instances(pages):
        # A machine may stand on the part of the list that could not be read.
        made[instance["InstanceId"]] = False if answer.region in whole else None
    return made | {id: _ANSWERS.get(node.get("PingStatus")) for id, node in _nodes(pages).items()}


def _read_whole(pages: Pages) -> set[str]:
    """The regions of which Systems Manager's list was read to its end."""
    return {answer.region for answer in pages.items if answer.operation == _LISTED and answer.is_whole}


def _names(pages: Pages) -> dict[str, str]:
    """By machine, what people call it."""
    made = {id: node.get("Name") or node.get("ComputerName") for id, node in _nodes(pages).items()
            if id.startswith("mi-")}  # fmt: skip
    for _, instance in _instances(pages):
        made[instance["InstanceId"]] = next(
            (tag["Value"] for tag in instance.get("Tags", []) if tag["Key"] == "Name"), None
        )
    return {id: name for id, name in made.items() if name}


def _nodes(pages: Pages) -> dict[str, dict[str, Any]]:
    return {node["InstanceId"]: node for _, node in _aws.each(pages.items, _LISTED, "InstanceInformationList")}


def _instances(pages: Pages) -> list[tuple[_aws.Answer, dict[str, Any]]]:
    return [(answer, instance) for answer, reservation in _aws.each(pages.items, _EC2, "Reservations")
            for instance in reservation.get("Instances", [])]  # fmt: skip


def _told(pages: Pages) -> list[dict[str, Any]]:
    return [state for _, state in _aws.each(pages.items, _STATES, "InstancePatchStates")]


def _state(state: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    critical, security = _missing(state, "CriticalNonCompliantCount"), _missing(state, "SecurityNonCompliantCount")
    waiting = state.get("InstalledPendingRebootCount")
    return {
        "asset": state["InstanceId"], "service": names.get(state["InstanceId"]),
        "observed_at": _aws.instant(state["OperationEndTime"]),
        "missing_critical": critical, "missing_security": _at_least(critical, security),
        "failed": state.get("FailedCount"), "pending_reboot": None if waiting is None else waiting > 0,
    }  # fmt: skip


def _missing(state: dict[str, Any], count: str) -> int | None:
    """A count of what does not comply, without what is installed and waits for a reboot or was rejected."""
    told = [state.get(name) for name in (count, "MissingCount", "FailedCount")]
    return told[0] if None in told else min(told[0], told[1] + told[2])


def _at_least(critical: int | None, security: int | None) -> int | None:
    """Security patches with the critical ones; none are missing only where both counts say so."""
    more = [count for count in (critical, security) if count]
    return max(more) if more else None if None in (critical, security) else 0
