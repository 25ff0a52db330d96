"""What scans found: one weakness in one package, which several ids may name, and when it came and went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pandas as pd

from opsreport.schemas.patches import SEVERITIES


@dataclass(frozen=True)
class Found:
    """One weakness in one package, as one scan tells of it.

    Attributes
    ----------
    cves : tuple of str
        The CVE ids that it stands for; several where an advisory is of several.
    aliases : frozenset of str
        Other ids of the same weakness.
    kind : str
        The part of the asset that it is in, which a scan may leave out.
    has_fix : bool, optional
        Whether a version without it exists.
    kev_due_at, epss
        As the report itself tells; a list that the settings name is asked first.
    """

    package: str
    id: str
    severity: str
    cves: tuple[str, ...] = ()
    aliases: frozenset[str] = frozenset()
    title: str = ""
    kind: str = ""
    has_fix: bool | None = None
    url: str | None = None
    kev_due_at: pd.Timestamp | None = None
    epss: Decimal | None = None


@dataclass(frozen=True)
class Scan:
    """What one scan of one asset found.

    Attributes
    ----------
    at : Timestamp, optional
        When it was made; None where nothing tells.
    series : str
        What tells the reports of one part of an asset from those of another.
    kinds : frozenset of str
        The parts of the asset that it looked at.
    skipped : frozenset of str
        The packages that it did not look at.
    blind : tuple of str
        What it did not look at or could not judge, in words: the reading is partial.
    notes : tuple of str
        What else is to be known of it.
    """

    asset: str
    at: pd.Timestamp | None
    found: tuple[Found, ...]
    series: str = ""
    kinds: frozenset[str] = frozenset({""})
    skipped: frozenset[str] = frozenset()
    blind: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def looked_for(self, one: Found) -> bool:
        """Whether it would have found that, had it been there."""
        return one.kind in self.kinds and one.package not in self.skipped


def cves_of(*ids: Any) -> tuple[str, ...]:
    """Those of the ids that are of CVE, each once."""
    return tuple(sorted({str(id) for id in ids if str(id).startswith("CVE-")}))


def together(scans: list[Scan]) -> Scan:
    """Several scans of one instant as one: what any of them found, and what none of them passed over."""
    if len(scans) == 1:
        return scans[0]
    every = [{"found": set(one.found), "kinds": one.kinds, "skipped": one.skipped} for one in scans]
    found, kinds, skipped = ([one[name] for one in every] for name in ("found", "kinds", "skipped"))
    return replace(scans[0], found=tuple(set().union(*found)), kinds=frozenset().union(*kinds),
                   skipped=frozenset().union(*skipped))  # fmt: skip


def lifetimes(scans: list[Scan]) -> Iterator[tuple[tuple[str, str], Found, dict[str, pd.Timestamp]]]:
    """Each weakness by its name, as the newest scan that has it tells of it, with when it came and went."""
    names = _names(scans)
    made: dict[tuple[str, str], tuple[Found, dict[str, pd.Timestamp]]] = {}
    for scan in scans:
        held: dict[tuple[str, str], Found] = {}
        for one in sorted(scan.found, key=lambda one: (one.package, one.id, one.title, one.url or "")):
            name = (one.package, names[one.package, one.id])
            held[name] = _worse(held.get(name), one)
        for name, one in held.items():
            known, times = made.get(name, (one, {"found_at": scan.at}))
            if "fixed_at" in times:
                times |= {"fixed_before_at": times.pop("fixed_at"), "reopened_at": scan.at}
            # A newer report may leave out which CVE it is, such as npm's from version 7 on.
            made[name] = (one if one.cves else replace(one, cves=known.cves), times)
        for name in made.keys() - held.keys():
            if scan.looked_for(made[name][0]):
                made[name][1].setdefault("fixed_at", scan.at)
    return ((name, *made[name]) for name in sorted(made))


def _names(scans: list[Scan]) -> dict[tuple[str, str], str]:
    """By package and id, the one id that a weakness goes by: the one that the oldest scan has, so that it stays."""
    names: dict[tuple[str, str], str] = {}
    for scan in scans:
        for one in sorted(scan.found, key=lambda one: (one.package, one.id)):
            ids = {one.id, *one.aliases}
            known = sorted({names[one.package, id] for id in ids if (one.package, id) in names})
            name = known[0] if known else one.id
            names |= {(one.package, id): name for id in ids}
            if known[1:]:  # Two that were told apart turn out to be one.
                names |= {key: name for key, was in names.items() if key[0] == one.package and was in known}
    return names


def _worse(known: Found | None, one: Found) -> Found:
    """Of one weakness in two versions of a package, or by two ids, the worse; one without a fix keeps it open."""
    if known is None:
        return one
    first, second = sorted([known, one], key=lambda each: SEVERITIES.index(each.severity))
    fixes = {first.has_fix, second.has_fix}
    return replace(
        first, has_fix=next((each for each in (False, None) if each in fixes), True), cves=first.cves or second.cves,
        kev_due_at=min(filter(None, (first.kev_due_at, second.kev_due_at)), default=None),
        epss=max((each for each in (first.epss, second.epss) if each is not None), default=None),
    )  # fmt: skip
