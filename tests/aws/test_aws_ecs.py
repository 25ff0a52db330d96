"""Deployments as Amazon ECS tells of them."""

import datetime as dt

import pandas as pd
import pytest

from opsreport import sources
from opsreport.sources import aws_ecs
from tests.aws.conftest import NOW, OCTOBER, account, at, settings

ECS = "arn:aws:ecs:eu-west-1:123456789012:"
OLD, NEW = "a" * 40, "b" * 40


def revision(number: str, tag: str = OLD, digest: str = "", **more) -> dict:
    image = {"containerName": "web", "image": f"1.dkr.ecr.eu-west-1.amazonaws.com/web:{tag}"}
    return {"serviceRevisionArn": f"{ECS}service-revision/prod/web/{number}", "taskDefinition": "web:7",
            "createdAt": at("2026-10-01T00:00"), **more,
            "containerImages": [{**image, **({"imageDigest": digest} if digest else {})}]}  # fmt: skip


def deployment(id: str, status: str, began: str, ended: str = "", old: str = "1", new: str = "2",
               service: str = "web") -> dict:  # fmt: skip
    arn, of = f"{ECS}service-deployment/prod/{service}/{id}", f"{ECS}service-revision/prod/web/"
    return {
        "serviceDeploymentArn": arn, "serviceArn": f"{ECS}service/prod/{service}", "clusterArn": f"{ECS}cluster/prod",
        "status": status, "createdAt": at(began), "startedAt": at(began) + dt.timedelta(minutes=1),
        **({"finishedAt": at(ended)} if ended else {}), "targetServiceRevision": {"arn": of + new},
        "sourceServiceRevisions": [{"arn": of + old}] if old else [],
    }  # fmt: skip


def brief(one: dict) -> dict:
    kept = {name: value for name, value in one.items()
            if name not in ("targetServiceRevision", "sourceServiceRevisions", "stoppedAt")}  # fmt: skip
    return {**kept, "targetServiceRevisionArn": one["targetServiceRevision"]["arn"]}


GOOD = deployment("good", "SUCCESSFUL", "2026-10-10T09:00", "2026-10-10T09:30")
BAD = deployment("bad", "ROLLBACK_SUCCESSFUL", "2026-10-20T09:00", "2026-10-20T09:30", "2", "3")
#: Forced with nothing changed: revision 4 is revision 2 again.
AGAIN = deployment("again", "SUCCESSFUL", "2026-10-25T09:00", "2026-10-25T09:30", "2", "4")
RUNS = deployment("runs", "IN_PROGRESS", "2026-10-31T23:00", "", "4", "5")
REVISIONS = [revision("1", "latest", "sha256:1"), revision("2", OLD, "sha256:2"), revision("3", NEW, "sha256:3"),
             revision("4", OLD, "sha256:2", createdAt=at("2026-10-25T00:00"))]  # fmt: skip


def world(aws, *more: dict, revisions: tuple[dict, ...] = ()):
    """Two clusters and two services on two pages each; one service with four deployments on two pages."""
    every = {one["serviceDeploymentArn"]: one for one in (GOOD, BAD, AGAIN, RUNS, *more)}
    held = {one["serviceRevisionArn"]: one for one in (*REVISIONS, *revisions)}
    aws.answer("ecs:ListClusters", {"clusterArns": [ECS + "cluster/prod"]}, {"clusterArns": [ECS + "cluster/idle"]})

    def services(asked):
        if asked["cluster"].endswith("idle"):
            return {"serviceArns": []}
        return {"serviceArns": [ECS + "service/prod/mail"]} if "nextToken" in asked else {
            "serviceArns": [ECS + "service/prod/web"], "nextToken": "more"}  # fmt: skip

    def deployments(asked):
        mine = [brief(one) for one in every.values() if one["serviceArn"] == asked["service"]]
        if "nextToken" in asked or not mine:
            return {"serviceDeployments": mine[2:]}
        return {"serviceDeployments": mine[:2], "nextToken": "more"}

    aws.script("ecs:ListServices", services)
    aws.script("ecs:ListServiceDeployments", deployments)
    aws.script("ecs:DescribeServiceDeployments", lambda asked: {
        "serviceDeployments": [every[arn] for arn in asked["serviceDeploymentArns"]]})  # fmt: skip
    aws.script("ecs:DescribeServiceRevisions", lambda asked: {
        "serviceRevisions": [held[arn] for arn in asked["serviceRevisionArns"] if arn in held]})  # fmt: skip
    return [settings(aws_ecs, "deployment")]


def read(aws, *more: dict, **given) -> tuple[pd.DataFrame, sources.Coverage]:
    rows, seen = sources.read(aws_ecs, world(aws, *more, **given)[0], OCTOBER)
    return rows.assign(id=rows["deployment_id"].str.rpartition("/")[2]).set_index("id"), seen


def test_a_deployment_is_told_once_it_has_ended(aws):
    told, seen = read(aws)
    assert told["outcome"].to_dict() == {"good": "success", "bad": "rolled_back"}
    assert told.loc["good", ["deployment_id", "service", "environment", "commit_sha"]].tolist() == [
        "service-deployment/prod/web/good", "web", "prod", OLD]  # fmt: skip
    assert told.loc["bad", "started_at"] == pd.Timestamp("2026-10-20 09:01", tz="UTC")
    assert told.loc["bad", "finished_at"] == pd.Timestamp("2026-10-20 09:30", tz="UTC")
    assert told["needed_intervention"].isna().all() and (seen.status, seen.why) == ("ok", "")


def test_what_was_forced_with_nothing_changed_is_no_deployment_unless_a_digest_is_missing(aws):
    assert "again" not in read(aws)[0].index
    latest = (revision("2", "latest"), revision("4", "latest"))
    assert set(read(aws, revisions=latest)[0].index) == {"good", "bad", "again"}
    changed = revision("4", OLD, "sha256:2", networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
    assert set(read(aws, revisions=(changed,))[0].index) == {"good", "bad", "again"}


def test_the_first_deployment_of_a_service_is_one_and_one_to_the_revision_that_runs_is_none(aws):
    first = deployment("first", "SUCCESSFUL", "2026-10-05T09:00", "2026-10-05T09:30", "", "1")
    same = deployment("same", "SUCCESSFUL", "2026-10-06T09:00", "2026-10-06T09:30", "1", "1")
    told, _ = read(aws, first, same)
    assert "first" in told.index and "same" not in told.index and pd.isna(told.loc["first", "commit_sha"])


@pytest.mark.parametrize(("status", "outcome", "needed"), [
    ("STOPPED", "failure", None), ("ROLLBACK_FAILED", "failure", True), ("ROLLBACK_IN_PROGRESS", None, None),
    ("STOP_REQUESTED", None, None), ("PENDING", None, None),
])  # fmt: skip
def test_what_each_state_means(aws, status, outcome, needed):
    one = deployment("one", status, "2026-10-21T09:00") | {"stoppedAt": at("2026-10-21T09:20")}
    told, seen = read(aws, one)
    assert seen.status == "ok" and ("one" in told.index) == (outcome is not None)
    if outcome:
        assert told.loc["one", "outcome"] == outcome
        assert told.loc["one", "finished_at"] == pd.Timestamp("2026-10-21 09:20", tz="UTC")
        assert pd.isna(told.loc["one", "needed_intervention"]) if needed is None else told.loc[
            "one", "needed_intervention"]  # fmt: skip


def test_a_commit_is_a_whole_hash_that_ends_a_tag_and_the_only_one(aws):
    two = revision("7")
    two["containerImages"].append({"containerName": "b", "image": f"repo/b:{NEW}", "imageDigest": "sha256:b"})
    tags = {"6": revision("6", f"main-{NEW}@sha256:{'c' * 64}"), "7": two, "8": revision("8", "a1b2c3d")}
    each = [deployment(id, "SUCCESSFUL", "2026-10-21T09:00", "2026-10-21T09:30", "1", id) for id in tags]
    told, _ = read(aws, *each, revisions=tuple(tags.values()))
    assert told.loc["6", "commit_sha"] == NEW and told.loc[["7", "8"], "commit_sha"].isna().all()


def test_what_aws_no_longer_holds_leaves_what_the_list_tells(aws):
    given = world(aws)[0]
    aws.answer("ecs:DescribeServiceDeployments", {"serviceDeployments": [GOOD], "failures": [
        {"arn": f"{ECS}service-revision/prod/web/3", "reason": "MISSING"}]})  # fmt: skip
    rows, seen = sources.read(aws_ecs, given, OCTOBER)
    assert seen.status == "ok" and sorted(rows["outcome"]) == ["rolled_back", "success", "success"]


def test_what_is_not_described_or_not_known_makes_it_partial(aws):
    given = world(aws)[0]
    aws.answer("ecs:DescribeServiceDeployments", {"serviceDeployments": [GOOD, BAD]})
    rows, seen = sources.read(aws_ecs, given, OCTOBER)
    assert len(rows) == 2 and (seen.status, seen.why) == (
        "partial", "1 deployments or revisions are not described, like service-deployment/prod/web/again")
    told, seen = read(aws, deployment("odd", "PAUSED", "2026-10-21T09:00", "", "1", "3"))
    assert told.loc["odd", "outcome"] == "unknown" and pd.isna(told.loc["odd", "finished_at"])
    assert (seen.status, seen.why) == ("partial", "1 states are not known, like PAUSED")
    told, seen = read(aws, deployment("lost", "SUCCESSFUL", "2026-10-21T09:00", "2026-10-21T09:30", "1", "99"))
    assert "lost" not in told.index
    assert seen.why == "1 deployments or revisions are not described, like service-revision/prod/web/99"


def test_no_more_than_twenty_are_asked_for_at_once_and_all_since_two_weeks_before(aws):
    more = [deployment(f"x{number}", "SUCCESSFUL", "2026-10-11T09:00", "2026-10-11T09:30") for number in range(30)]
    told, _ = read(aws, *more)
    assert len(told) == 32
    assert [len(one["serviceDeploymentArns"]) for one in aws.asked("ecs:DescribeServiceDeployments")] == [20, 13]
    asked = aws.asked("ecs:ListServiceDeployments")[0]
    assert pd.Timestamp(asked["createdAt"]["after"], unit="s", tz="UTC") == pd.Timestamp("2026-09-17", tz="UTC")


def test_services_can_be_left_to_another_source(aws):
    mail = deployment("mail", "SUCCESSFUL", "2026-10-21T09:00", "2026-10-21T09:30", "1", "3", service="mail")
    world(aws, mail)
    rows, _ = sources.read(aws_ecs, settings(aws_ecs, "deployment", services=["prod/ma*"]), OCTOBER)
    assert rows["service"].tolist() == ["mail"]


def test_each_region_is_asked_and_an_account_without_clusters_is_empty(aws):
    aws.answer("ecs:ListClusters", {"clusterArns": []})
    both = settings(aws_ecs, "deployment", account(regions=["eu-west-1", "us-east-1"]))
    rows, seen = sources.read(aws_ecs, both, OCTOBER)
    assert rows.empty and seen.status == "ok" and len(aws.asked("ecs:ListClusters")) == 2


def test_what_is_older_than_90_days_was_not_seen(aws):
    given = world(aws)[0]
    july = sources.read(aws_ecs, given, sources.Period.month("2026-07"))[1]
    assert pd.isna(july.observed_start)
    august = sources.read(aws_ecs, given, sources.Period.month("2026-08"))[1]
    assert august.observed_start == NOW - pd.Timedelta(days=90)
