"""Deployments of Amazon ECS services.

Documentation: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html, and
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html with ListClusters,
ListServices, DescribeServiceDeployments and DescribeServiceRevisions. Permission: the five, read only.
AWS forgets a deployment after 90 days, and all of a service at once when that is deleted. It tells of none
from before 25 October 2024.

The service is ECS's service, the environment its cluster. SUCCESSFUL is a success, ROLLBACK_SUCCESSFUL is
rolled_back, STOPPED (by somebody, or by a check that does not roll back) is a failure, and ROLLBACK_FAILED
a failure that needed intervention; else nobody knows whether one did. What has not ended is left for the
next reading.

ECS makes a deployment when somebody creates or updates a service or forces a new one; scaling and tasks
that AWS replaces make none. One that is forced with nothing changed ships nothing and is no row: its new
revision says the same as the one before it, down to each image's digest. Where a digest is missing, a tag
may stand for another image than before, so it is a row. The commit is the one in the tag of the images,
where a tag ends with a whole git hash, and only one does.

A service that CodeDeploy or another controller deploys has its deployments there; what AWS answers for it
here is not documented. Leave it out with ``services``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.period import Period
from opsreport.sources import Pages, _aws

FRAMES = ("deployment",)
OPERATIONS = (
    "ecs:ListClusters", "ecs:ListServices", "ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments",
    "ecs:DescribeServiceRevisions",
)  # fmt: skip
KEEPS = {"deployment": pd.Timedelta(days=90)}

#: A deployment that ends in a month may have paused for days before it went on.
_BEFORE = pd.Timedelta(days=14)
_AT_ONCE = 20  # ARNs that a request may name
_PAGE = 100  # ListServices gives 10 by default
_ENDS = {"SUCCESSFUL": "success", "STOPPED": "failure", "ROLLBACK_SUCCESSFUL": "rolled_back",
         "ROLLBACK_FAILED": "failure"}  # fmt: skip
_RUNNING = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
#: What a revision's description holds that its content does not: its name, and what AWS made for it.
_NOT_CONTENT = ("serviceRevisionArn", "createdAt", "resolvedConfiguration", "ecsManagedResources", "overrides")
_COMMIT = re.compile(r"(?:^|[-_.])([0-9a-f]{40})$")
#: What is described under which key, by which ARN, and asked for by which parameter.
_DESCRIBED = {
    "ecs:DescribeServiceDeployments": ("serviceDeployments", "serviceDeploymentArn", "serviceDeploymentArns"),
    "ecs:DescribeServiceRevisions": ("serviceRevisions", "serviceRevisionArn", "serviceRevisionArns"),
}


class Settings(_aws.AwsSettings):
    """Which services are read."""

    services: list[str] = Field(default=["*"], description='as cluster/service, also like "prod/*"')


def fetch(period: Period, settings: Settings) -> Pages:
    """Every service's deployments since two weeks before the period, and the revisions that they went between."""
    aws = _aws.opened(settings, OPERATIONS)
    since = {"after": (period.start - _BEFORE).to_pydatetime()}
    for region in aws.regions:
        ended = []
        for service in _services(aws, region, settings):
            pages = aws.ask("ecs:ListServiceDeployments", region, service=service, createdAt=since, maxResults=_PAGE)
            every = [one for page in pages for one in page.get("serviceDeployments", [])]
            ended += [one["serviceDeploymentArn"] for one in every if one.get("status") not in _RUNNING]
        found = _describe(aws, region, "ecs:DescribeServiceDeployments", ended)
        _describe(aws, region, "ecs:DescribeServiceRevisions", [arn for one in found for arn in _revisions(one)])
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """A row a deployment that has ended and shipped something."""
    (described, told), (contents, answered) = (_known(pages, operation) for operation in _DESCRIBED)
    rows = []
    for arn, brief in _listed(pages).items():
        one = {**brief, **described.get(arn, {})}
        is_told = arn in told and set(_revisions(one)) <= answered
        if brief.get("status") not in _RUNNING and is_told and _ships(one, contents):
            rows.append(_row(one, contents))
    return {"deployment": _aws.rows_of("deployment", rows)}


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What AWS lists and does not describe, and states that this source does not know."""
    (described, told), (_, answered) = (_known(pages, operation) for operation in _DESCRIBED)
    listed = _listed(pages)
    lost = [arn for arn, one in listed.items() if one.get("status") not in _RUNNING and arn not in told]
    lost += sorted({arn for one in described.values() for arn in _revisions(one)} - answered)
    strange = [str(one.get("status")) for one in listed.values() if one.get("status") not in (*_ENDS, *_RUNNING)]
    bare = [arn for arn, one in listed.items() if not one.get("createdAt")]
    why = [f"{len(lost)} deployments or revisions are not described, like {_name(lost[0])}"] if lost else []
    why += [f"{len(strange)} states are not known, like {strange[0]}"] if strange else []
    why += [f"{len(bare)} deployments do not say when they were made, like {_name(bare[0])}"] if bare else []
    return {"deployment": ("partial", "; ".join(why))} if why else {}


def _services(aws: _aws.Questions, region: str, settings: Settings) -> Iterator[str]:
    clusters = aws.ask("ecs:ListClusters", region, maxResults=_PAGE)
    for cluster in [arn for page in clusters for arn in page.get("clusterArns", [])]:
        services = aws.ask("ecs:ListServices", region, cluster=cluster, maxResults=_PAGE)
        for service in [arn for page in services for arn in page.get("serviceArns", [])]:
            name = f"{cluster.rpartition('/')[2]}/{service.rpartition('/')[2]}"
            if any(fnmatchcase(name, pattern) for pattern in settings.services):
                yield service


def _describe(aws: _aws.Questions, region: str, operation: str, arns: list[str]) -> list[dict[str, Any]]:
    (key, _, parameter), each, found = _DESCRIBED[operation], sorted(set(arns)), []
    for some in _aws.batches(each, _AT_ONCE):
        pages = aws.ask(operation, region, **{parameter: some})
        found += [one for page in pages for one in page.get(key, [])]
    return found


def _listed(pages: Pages) -> dict[str, dict[str, Any]]:
    every = _aws.each(pages.items, "ecs:ListServiceDeployments", "serviceDeployments")
    return {one["serviceDeploymentArn"]: one for _, one in every}


def _known(pages: Pages, operation: str) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """What was described, by its ARN; and of which ARNs AWS told something, be it that it has no more of them.

    AWS calls a revision MISSING that is from before 25 October 2024.
    """
    key, name, parameter = _DESCRIBED[operation]
    described = {one[name]: one for _, one in _aws.each(pages.items, operation, key)}
    gone = {arn for answer in pages.items if answer.operation == operation
            and any(failure.get("reason") == "MISSING" for failure in answer.body.get("failures", []))
            for arn in answer.asked[parameter]}  # fmt: skip
    return described, set(described) | gone


def _revisions(one: dict[str, Any]) -> list[str]:
    """The revisions that a deployment went from and to."""
    target = one.get("targetServiceRevision", {}).get("arn")
    return [arn for arn in (*_sources(one), target) if arn]


def _sources(one: dict[str, Any]) -> list[str]:
    return [source["arn"] for source in one.get("sourceServiceRevisions", []) if source.get("arn")]


def _ships(one: dict[str, Any], contents: dict[str, dict[str, Any]]) -> bool:
    """Whether what runs afterwards is something else than what ran before, as far as AWS tells."""
    target, before = one.get("targetServiceRevision", {}).get("arn"), _sources(one)
    if not one.get("createdAt"):
        return False
    return not before or not all(arn == target or _same(contents.get(arn), contents.get(target)) for arn in before)


def _same(one: dict[str, Any] | None, other: dict[str, Any] | None) -> bool:
    if one is None or other is None or not one.get("containerImages"):
        return False
    is_exact = all(image.get("imageDigest") for image in one["containerImages"])
    return is_exact and _content(one) == _content(other)


def _content(revision: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in revision.items() if name not in _NOT_CONTENT}
    return {**kept, "containerImages": sorted(map(str, revision.get("containerImages", [])))}


def _row(one: dict[str, Any], contents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    status, name = one.get("status", ""), _name(one["serviceDeploymentArn"])
    _, cluster, service, *_ = name.split("/")  # service-deployment/shop-prod/checkout/its id
    has_ended = one.get("finishedAt") or one.get("stoppedAt") if status in _ENDS else None
    return {
        "deployment_id": name, "service": service, "environment": cluster,
        "commit_sha": _commit(contents.get(one.get("targetServiceRevision", {}).get("arn"), {})),
        "started_at": _aws.instant(one.get("startedAt") or one["createdAt"]), "finished_at": _aws.instant(has_ended),
        "outcome": _ENDS.get(status, "unknown"), "needed_intervention": True if status == "ROLLBACK_FAILED" else None,
    }  # fmt: skip


def _name(arn: str) -> str:
    return arn.split(":", 5)[-1]


def _commit(revision: dict[str, Any]) -> str | None:
    images = [image.get("image", "").partition("@")[0] for image in revision.get("containerImages", [])]
    tags = [image.rpartition("/")[2].partition(":")[2] for image in images]
    commits = {found[1] for found in map(_COMMIT.search, tags) if found}
    return commits.pop() if len(commits) == 1 else None
