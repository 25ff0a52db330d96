"""Vulnerabilities that ECR's basic scanning finds in container images, repository by repository.

Documentation: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html,
API_DescribeImages and API_DescribeRepositories, and
https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-basic.html. Permission:
ecr:DescribeRepositories, ecr:DescribeImages and ecr:DescribeImageScanFindings. What enhanced scanning finds is
Inspector's: `aws_inspector` tells it, and here it is left out and said.

What a repository has is what its newest tagged image has; that this one runs is not known. ``tags`` takes only
images with a tag that begins so, such as ``release-``. AWS tells of each image's last scan and forgets it with
the image, which lifecycle policies delete: collect daily. So that it is known since when something is there, the
scans of earlier images are read too: the first of each day (UTC), as far back as ``look_back``.

found_at is when the first image that has it was pushed, and fixed_at when the first one after the last that has
it was; what came back has fixed_before_at and reopened_at. An image that is scanned again later may have got a
weakness that nobody knew when it was pushed: then found_at is too early, which is noted. Where earlier images
were deleted it is too late, but once collected it stays. What is no longer listed, since the images that had it
are deleted, counts as fixed from the first whole reading without it; one that is partial ends nothing. An image
without a finished scan says nothing, and a repository whose newest image has none is not clean: AWS scans the
image of each platform, and not the list of them that has the tag.

severity INFORMATIONAL is low, and UNDEFINED unknown. Whether there is a fix, CISA's dates and EPSS are not told.
finding_id is repository, package and vulnerability, whichever versions of the package the image has.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pydantic import Field

from opsreport.params.fields import Duration
from opsreport.period import Period
from opsreport.schemas.patches import SEVERITIES
from opsreport.sources import Pages, _aws, _values

FRAMES = ("vulnerability",)
OPERATIONS = ("ecr:DescribeRepositories", "ecr:DescribeImages", "ecr:DescribeImageScanFindings")
KEEPS = {"vulnerability": _aws.ONLY_NOW}

_REPOSITORIES, _IMAGES, _SCAN = OPERATIONS
#: The image was never scanned, or was deleted since it was listed.
_ABSENT = ("ScanNotFoundException", "ImageNotFoundException")
#: Earlier images are hardly ever scanned again: for so long their answers are used again.
_KEPT = pd.Timedelta(days=7)
_LATER = pd.Timedelta(days=1)
_SEVERITIES = {"CRITICAL": "critical", "HIGH": "high", "MEDIUM": "medium", "LOW": "low", "INFORMATIONAL": "low",
               "UNDEFINED": "unknown"}  # fmt: skip
_ENHANCED = ("ACTIVE", "PENDING", "SCAN_ELIGIBILITY_EXPIRED")
#: What else lies in repositories: charts, signatures, lists of parts.
_CONFIGS = (None, "application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json")
_ATTACHED = re.compile(r"sha256-[0-9a-f]{64}(\.\w+)?")


class Settings(_aws.AwsSettings):
    """Which images count, and how far back they are read."""

    tags: str = Field(default="", description="only images with a tag that begins so, such as release-")
    look_back: Duration = Field(default="365d", validate_default=True, description="how far back images are read")


@dataclass(frozen=True)
class _Image:
    """One image, what is known of its scan, and what that found: by package and vulnerability, the findings."""

    pushed: pd.Timestamp
    status: str
    scanned: pd.Timestamp | None
    found: list[dict[str, Any]]

    @property
    def is_known(self) -> bool:
        return self.status == "COMPLETE"


def fetch(period: Period, settings: Settings) -> Pages:
    """The scans of each repository's images in each region, the newest first."""
    aws = _aws.opened(settings, OPERATIONS)
    for region in aws.regions:
        repositories = aws.ask(_REPOSITORIES, region, maxResults=1000)
        for name in (one["repositoryName"] for page in repositories for one in page.get("repositories", [])):
            listed = aws.ask(_IMAGES, region, repositoryName=name, filter={"tagStatus": "TAGGED"}, maxResults=1000)
            images = [one for page in listed for one in page.get("imageDetails", []) if _is_image(one, settings)]
            keep = None
            for image in reversed(_chosen(images, settings)):
                scan = aws.ask(
                    _SCAN, region, keep=keep, absent=_ABSENT, repositoryName=name, maxResults=1000,
                    imageId={"imageDigest": image["imageDigest"]},
                )  # fmt: skip
                if any(_status(page) in _ENHANCED for page in scan):
                    break
                keep = _KEPT
    return aws.pages()


def to_frames(pages: Pages, period: Period) -> dict[str, pd.DataFrame]:
    """Each finding once, from the first image that has it to the first that no longer does."""
    rows = [
        _row(asset, name, key, finding, times | {"last_seen_at": pages.extra["now"]})
        for (asset, name), images in sorted(_repositories(pages).items())
        for key, (finding, times) in sorted(_lives([one for one in images if one.is_known]).items())
    ]
    return {"vulnerability": _aws.rows_of("vulnerability", rows)}


observed = _aws.told(KEEPS)


def remarks(frames: dict[str, pd.DataFrame], pages: Pages, period: Period) -> dict[str, tuple[str, str]]:
    """What was not scanned, and what could not be understood: partial; what was scanned again later, for a note."""
    repositories = _repositories(pages)
    missing = list(_unscanned(repositories))
    findings = [one for images in repositories.values() for image in images if image.is_known for one in image.found]
    if strange := sorted({str(one.get("severity")) for one in findings} - set(_SEVERITIES)):
        missing.append(f"severities that are not known: {', '.join(strange)}")
    if nameless := sum(not one.get("name") for one in findings):
        missing.append(f"{nameless} findings have no name, and are left out")
    later = sum(image.is_known and image.scanned is not None and image.scanned - image.pushed > _LATER
                for images in repositories.values() for image in images)  # fmt: skip
    note = (f"{later} images were scanned later than a day after they were pushed: what is in them may have been "
            "found later than is told") if later else ""  # fmt: skip
    return {"vulnerability": ("partial" if missing else "ok", "; ".join(filter(None, [*missing, note])))}


def _is_image(image: dict[str, Any], settings: Settings) -> bool:
    tags = [tag for tag in image.get("imageTags", []) if not _ATTACHED.fullmatch(tag)]
    is_other = image.get("subjectManifestDigest") or image.get("artifactMediaType") not in _CONFIGS
    return not is_other and any(tag.startswith(settings.tags) for tag in tags)


def _chosen(images: list[dict[str, Any]], settings: Settings) -> list[dict[str, Any]]:
    """The first image of each day, and the newest, oldest first."""
    ordered = sorted(images, key=lambda one: (one["imagePushedAt"], one["imageDigest"]))
    since, days = settings.run.now - settings.look_back, {}
    for image in ordered:
        pushed = _aws.instant(image["imagePushedAt"])
        if pushed >= since:
            days.setdefault(pushed.date(), image)
    newest = ordered[-1:]
    return [one for one in days.values() if one not in newest] + newest


def _status(page: dict[str, Any]) -> str:
    if page.get("imageScanFindings", {}).get("enhancedFindings"):
        return "ACTIVE"
    return page.get("imageScanStatus", {}).get("status", "not told")


def _repositories(pages: Pages) -> dict[tuple[str, str], list[_Image]]:
    """By asset and repository, the images that were asked of, oldest first; none of one whose list was cut short."""
    scans: dict[tuple[str, str, str], list[_aws.Answer]] = defaultdict(list)
    for answer in pages.items:
        if answer.operation == _SCAN:
            digest = answer.asked["imageId"]["imageDigest"]
            # An answer that tells of another image is none.
            if answer.body.get("imageId", {}).get("imageDigest", digest) == digest:
                scans[answer.region, answer.asked["repositoryName"], digest].append(answer)
    return {
        (_aws.within(pages, region, name), name): [
            _image(image, scans[region, name, image["imageDigest"]]) for image in _chosen(images, pages.settings)
        ]
        for (region, name), images in _listed(pages).items()
    }


def _listed(pages: Pages) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """By region and repository, the images of those whose list was read to its end."""
    made: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for answer in pages.items:
        if answer.operation == _IMAGES and answer.is_whole:
            place = (answer.region, name := answer.asked["repositoryName"])
            made[place] += [one for one in answer.body.get("imageDetails", [])
                            if one.get("repositoryName", name) == name and _is_image(one, pages.settings)]  # fmt: skip
    return {place: images for place, images in made.items() if images}


def _image(image: dict[str, Any], scan: list[_aws.Answer]) -> _Image:
    """A scan that was not read to its end is none: what is on its other pages would seem to be gone."""
    pushed = _aws.instant(image["imagePushedAt"])
    if not scan or not scan[-1].is_whole:
        return _Image(pushed, "no answer", None, [])
    found = [one for page in scan for one in page.body.get("imageScanFindings", {}).get("findings", [])]
    ended = _aws.instant(scan[-1].body.get("imageScanFindings", {}).get("imageScanCompletedAt"))
    return _Image(pushed, _status(scan[-1].body), ended, found)


def _lives(images: list[_Image]) -> dict[tuple[str, str], tuple[dict[str, Any], dict[str, pd.Timestamp]]]:
    """Each finding as the newest image that has it tells of it, with when it came and went."""
    made: dict[tuple[str, str], tuple[dict[str, Any], dict[str, pd.Timestamp]]] = {}
    for image in images:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for one in image.found:
            if one.get("name"):
                found[_package(one), one["name"]] = _worse(found.get((_package(one), one["name"])), one)
        for key, finding in found.items():
            _, times = made.get(key, ({}, {"found_at": image.pushed}))
            if "fixed_at" in times:
                times |= {"fixed_before_at": times.pop("fixed_at"), "reopened_at": image.pushed}
            made[key] = (finding, times)
        for key in made.keys() - found.keys():
            made[key][1].setdefault("fixed_at", image.pushed)
    return made


def _package(finding: dict[str, Any]) -> str:
    return next((one.get("value", "") for one in finding.get("attributes", []) if one["key"] == "package_name"), "")


def _severity(finding: dict[str, Any]) -> str:
    return _SEVERITIES.get(finding.get("severity"), "unknown")


def _worse(known: dict[str, Any] | None, one: dict[str, Any]) -> dict[str, Any]:
    """Of one weakness in two versions of a package, the more severe."""
    return min(filter(None, (known, one)), key=lambda each: SEVERITIES.index(_severity(each)))


def _row(
    asset: str, name: str, key: tuple[str, str], finding: dict[str, Any], times: dict[str, pd.Timestamp]
) -> dict[str, Any]:
    package, id = key
    address = finding.get("uri", "")
    return {
        "finding_id": f"{asset}/{package}/{id}", "asset": asset, "service": name,
        "cve": id if id.startswith("CVE-") else None, "title": f"{id}: {package}" if package else id,
        "severity": _severity(finding), **times,
        "url": _values.address(address),
    }  # fmt: skip


def _unscanned(repositories: dict[tuple[str, str], list[_Image]]) -> Iterator[str]:
    """The repositories whose newest image has no finished scan, by why not."""
    found: dict[str, list[str]] = defaultdict(list)
    for (asset, _), images in repositories.items():
        if not images[-1].is_known:
            found[images[-1].status].append(asset)
    enhanced = sorted(asset for word in _ENHANCED for asset in found.pop(word, []))
    if enhanced:
        yield f"{len(enhanced)} repositories, such as {enhanced[0]}, are scanned by Inspector: ask aws_inspector"
    for why, assets in sorted(found.items()):
        yield (f"of {len(assets)} repositories, such as {min(assets)}, the newest image has no finished scan ({why}), "
               "which is not clean")  # fmt: skip
