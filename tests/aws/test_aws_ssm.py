"""Machines and patch states as Systems Manager and EC2 tell of them."""

import datetime as dt
import json

import pandas as pd
import pytest
from moto.ec2.models import ec2_backends

from opsreport import sources
from opsreport.metrics.machines import machines
from opsreport.sources import aws_ssm
from tests.aws.conftest import EXAMPLES, NOW, OCTOBER, OURS, account, settings

EXAMPLE = EXAMPLES / "ssm__describe-instance-patch-states_57.json"
MORNING = dt.datetime(2026, 10, 31, 3, tzinfo=dt.UTC)
OWN = "mi-0123456789abcdef0"
BASELINE = {"PatchGroup": "all", "BaselineId": "pb-0713accee01234567", "Operation": "Scan",
            "OperationStartTime": MORNING}  # fmt: skip


def machine(name: str, region: str = "eu-west-1") -> str:
    """A running machine of EC2, the same when asked again; made past the server, so that no call is recorded."""
    ec2 = ec2_backends[OURS][region]
    for instance in ec2.all_instances():
        if name and name in [tag["value"] for tag in instance.get_tags()]:
            return instance.id
    made = ec2.run_instances("ami-12c6146b", 1, "", [], instance_type="m1.small", is_instance_type_default=True,
                             region_name=region, tags={"instance": {"Name": name} if name else {}})  # fmt: skip
    return made.instances[0].id


def node(id: str, answers: str = "Online", **more) -> dict:
    return {"InstanceId": id, "PingStatus": answers, **more}


def state(id: str, ended: dt.datetime | None = MORNING, **counts) -> dict:
    none = {"CriticalNonCompliantCount": 0, "SecurityNonCompliantCount": 0, "FailedCount": 0, "MissingCount": 0,
            "InstalledPendingRebootCount": 0}  # fmt: skip
    return {**BASELINE, "InstanceId": id, "OperationEndTime": ended, **none, **counts}


def world(aws):
    """web is patched, batch misses patches, db is not managed, a machine of the client's own has lost its agent."""
    web, batch, _ = machine("web"), machine("batch"), machine("db", "us-east-1")
    lost = node(OWN, "ConnectionLost", ComputerName="till-7")
    aws.answer("ssm:DescribeInstanceInformation", {"InstanceInformationList": [node(web)]},
               {"InstanceInformationList": [node(batch), lost]}, region="eu-west-1")  # fmt: skip
    aws.answer("ssm:DescribeInstanceInformation", {"InstanceInformationList": []}, region="us-east-1")
    aws.answer("ssm:DescribeInstancePatchStates", {"InstancePatchStates": [state(web)]}, {"InstancePatchStates": [
        state(batch, CriticalNonCompliantCount=2, SecurityNonCompliantCount=1, MissingCount=3)]})  # fmt: skip
    ours = account(regions=["eu-west-1", "us-east-1"])
    return [settings(aws_ssm, "patch_state", ours), settings(aws_ssm, "asset", ours)]


def scanned(aws, **counts) -> pd.Series:
    """The one state of one machine with these counts."""
    web = machine("web")
    aws.answer("ssm:DescribeInstanceInformation", {"InstanceInformationList": [node(web)]})
    told = {name: count for name, count in state(web, **counts).items() if count is not None}
    aws.answer("ssm:DescribeInstancePatchStates", {"InstancePatchStates": [told]})
    rows, seen = sources.read(aws_ssm, settings(aws_ssm, "patch_state"), OCTOBER)
    assert seen.status == "ok" and len(rows) == 1
    return rows.iloc[0]


def test_every_machine_is_told_and_whether_the_patch_tool_reaches_it(aws):
    rows, seen = sources.read(aws_ssm, world(aws)[1], OCTOBER)
    told = rows.set_index("service")
    assert told["is_managed"].to_dict() == {"web": True, "batch": True, "db": False, "till-7": False}
    assert told["in_patch_scope"].all() and set(rows["kind"]) == {"server"} and set(rows["observed_at"]) == {NOW}
    assert told.loc["till-7", "asset"] == OWN and (seen.status, seen.observed_end) == ("ok", NOW)


def test_a_state_was_seen_when_its_scan_ended_and_counts_what_is_missing(aws):
    rows, _ = sources.read(aws_ssm, world(aws)[0], OCTOBER)
    told = rows.set_index("service")
    counts = told[["missing_critical", "missing_security", "failed"]].astype(int)
    assert counts.loc["web"].tolist() == [0, 0, 0]
    # AWS says that one is a security patch, and two are critical: two are missing at least.
    assert counts.loc["batch"].tolist() == [2, 2, 0]
    assert set(rows["observed_at"]) == {pd.Timestamp(MORNING)} and not rows["pending_reboot"].any()
    assert rows["oldest_missing_at"].isna().all()


def test_the_review_counts_each_machine_once_as_what_it_is(aws):
    given = world(aws)
    states, assets = (sources.read(aws_ssm, one, OCTOBER)[0] for one in given)
    before = assets.assign(observed_at=pd.Timestamp("2026-10-31 06:00", tz="UTC"))  # collected the day before
    made = machines(states, before, OCTOBER).set_index("service")["machine_status"].to_dict()
    assert made == {"batch": "patches missing", "db": "unmanaged", "till-7": "unmanaged", "web": "up to date"}


def test_what_only_waits_for_a_reboot_is_not_missing(aws):
    # AWS counts both among what does not comply; nothing is missing and nothing failed.
    row = scanned(aws, CriticalNonCompliantCount=1, SecurityNonCompliantCount=2, InstalledPendingRebootCount=2)
    assert (row["missing_critical"], row["missing_security"], row["pending_reboot"]) == (0, 0, True)


@pytest.mark.parametrize(("critical", "security", "told"), [(None, 0, None), (None, 2, 2), (0, None, None), (0, 3, 3)])
def test_none_are_missing_only_where_aws_says_so_of_both(aws, critical, security, told):
    row = scanned(aws, CriticalNonCompliantCount=critical, SecurityNonCompliantCount=security, MissingCount=5)
    assert pd.isna(row["missing_critical"]) == (critical is None)
    assert pd.isna(row["missing_security"]) if told is None else row["missing_security"] == told


def test_counts_that_aws_leaves_out_are_missing_and_not_nought(aws):
    row = scanned(aws, FailedCount=None, InstalledPendingRebootCount=None, MissingCount=None,
                  CriticalNonCompliantCount=1)  # fmt: skip
    assert pd.isna(row["failed"]) and pd.isna(row["pending_reboot"]) and row["missing_critical"] == 1


def test_of_more_than_fifty_machines_fifty_are_asked_of_at_a_time(aws):
    ids = [f"mi-{number:017d}" for number in range(51)]
    aws.answer("ssm:DescribeInstanceInformation", {"InstanceInformationList": [node(id) for id in ids]})
    aws.script("ssm:DescribeInstancePatchStates", lambda asked: {
        "InstancePatchStates": [state(id) for id in asked["InstanceIds"]]})  # fmt: skip
    rows, seen = sources.read(aws_ssm, settings(aws_ssm, "patch_state"), OCTOBER)
    assert sorted(rows["asset"]) == ids and seen.status == "ok"
    assert [len(one["InstanceIds"]) for one in aws.asked("ssm:DescribeInstancePatchStates")] == [50, 1]


def test_a_machine_that_was_never_scanned_has_no_state_and_is_known_all_the_same(aws):
    web = machine("")
    aws.answer("ssm:DescribeInstanceInformation", {"InstanceInformationList": [node(web)]})
    aws.answer("ssm:DescribeInstancePatchStates", {"InstancePatchStates": []})
    states, _ = sources.read(aws_ssm, settings(aws_ssm, "patch_state"), OCTOBER)
    assets, _ = sources.read(aws_ssm, settings(aws_ssm, "asset"), OCTOBER)
    assert states.empty and assets[["asset", "is_managed"]].values.tolist() == [[web, True]]
    assert pd.isna(assets["service"].iloc[0])  # it has no Name


def test_where_the_list_was_not_read_to_its_end_it_is_not_known_who_is_unmanaged(aws):
    given = world(aws)[1]
    aws.fault("ssm:DescribeInstanceInformation", "denied", at=2, times=0)  # its second page, and the other region
    rows, seen = sources.read(aws_ssm, given, OCTOBER)
    managed = rows.set_index("service")["is_managed"]
    assert managed["web"] and managed[["batch", "db"]].isna().all() and seen.status == "partial"


def test_a_machine_that_is_stopped_is_not_told(aws):
    web = machine("")
    ec2_backends[OURS]["eu-west-1"].stop_instances([web])
    aws.answer("ssm:DescribeInstanceInformation", {"InstanceInformationList": []})
    rows, seen = sources.read(aws_ssm, settings(aws_ssm, "asset"), OCTOBER)
    assert rows.empty and seen.status == "ok" and not aws.asked("ssm:DescribeInstancePatchStates")


def test_a_word_that_aws_did_not_have_and_a_scan_without_a_time_make_it_partial(aws):
    aws.answer("ssm:DescribeInstanceInformation", {"InstanceInformationList": [node(OWN, "Hibernating")]})
    undated = {name: value for name, value in state(OWN).items() if name != "OperationEndTime"}
    # botocore holds that the time is always there, so it is taken out after it was checked.
    aws.answer("ssm:DescribeInstancePatchStates", {"InstancePatchStates": [state(OWN)]})
    pages = aws_ssm.fetch(OCTOBER, settings(aws_ssm, "asset"))
    (answer,) = [one for one in pages.items if one.operation == "ssm:DescribeInstancePatchStates"]
    answer.body["InstancePatchStates"] = [undated]
    frames = aws_ssm.to_frames(pages, OCTOBER)
    assert frames["patch_state"].empty and pd.isna(frames["asset"]["is_managed"].iloc[0])
    said = aws_ssm.remarks(frames, pages, OCTOBER)
    assert said["asset"] == ("partial", "whether the agent answers is not known where AWS says Hibernating")
    assert said["patch_state"] == ("partial", f"1 machines, such as {OWN}, do not say when they were scanned")


def test_awss_own_example_is_read_rightly(aws):
    if not EXAMPLE.exists():
        pytest.skip(f"there is no {EXAMPLE}")
    told = json.loads(EXAMPLE.read_text())
    id = "i-1234567890abcdef0"
    aws.answer("ssm:DescribeInstanceInformation", {"InstanceInformationList": [node(id)]})
    for one in told["InstancePatchStates"]:
        for name in ("OperationStartTime", "OperationEndTime", "LastNoRebootInstallOperationTime"):
            one[name] = dt.datetime.fromisoformat(one[name])
    aws.answer("ssm:DescribeInstancePatchStates", told)
    (row,) = sources.read(aws_ssm, settings(aws_ssm, "patch_state"), OCTOBER)[0].to_dict("records")
    assert (row["asset"], row["missing_critical"], row["missing_security"], row["failed"]) == (id, 2, 2, 2)
    assert row["observed_at"] == pd.Timestamp("2021-05-03 18:01:09", tz="UTC") and not row["pending_reboot"]
