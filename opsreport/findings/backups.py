"""What backups ask for: those that failed or never ran, what is left out, and what is not proven to come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from opsreport.exhibit import Fact, Rows
from opsreport.findings import NOW, PLAN, THIS_MONTH, Finding, owner_of, slug
from opsreport.metrics import backups as metrics
from opsreport.metrics.backup_cover import IN_SCOPE, UNPROTECTED
from opsreport.metrics.backup_runs import BROKEN, COMPLETED
from opsreport.metrics.restores import NEVER, OVERDUE
from opsreport.month import Month
from opsreport.theme import is_unknown

#: By whether any failed, and whether any never ran.
_NOT_MADE = {
    (True, True): "Of {due} scheduled backups of {name}, {failed} failed and {missing} never ran.",
    (True, False): "Of {due} scheduled backups of {name}, {failed} failed.",
    (False, True): "Of {due} scheduled backups of {name}, {missing} never ran.",
}


def backups_not_made(month: Month) -> Iterable[Finding]:
    """Scheduled backups that failed or never ran: one finding a resource, urgent while the newest is among them.

    Without a plan, those that are known to have failed.
    """
    seen = month.seen("backup")
    rows = metrics.success(month.backup, month.period, month.agreements, seen)
    newest = _newest(metrics.runs(month.backup, month.period, month.agreements, seen))
    for _, row in rows.iterrows():
        failed, missing = row["backups_failed"] > 0, row["backups_missing"] > 0
        if not failed and not missing:
            continue
        id, name = f"backups_not_made.{slug(row['resource'])}", row["resource"]
        counts = {"due": "backups_scheduled", "failed": "backups_failed", "missing": "backups_missing"}
        title = _NOT_MADE[failed, missing]
        if is_unknown(row["backups_scheduled"]):
            title = "No plan is agreed for {name}; {failed} of its backups failed."
        shown = {key: Fact(f"findings.{id}.{key}", row[column], "count", row["coverage"], measure=column)
                 for key, column in counts.items() if f"{{{key}}}" in title}  # fmt: skip
        fails = newest.get(name) in BROKEN
        yield Finding(
            f"backups.{id}", "backups", title,
            "Find out why {name} was not backed up, and watch its next backup until it completes." if fails else
            "Find out why {name} was not backed up, and have an alert sent when that happens again.",
            {"name": name, **shown}, Rows("backup", {"resource": name} if missing else {
                "resource": name, "outcome": "failure"}),
            owner_of(month, row["service"]), NOW if fails else THIS_MONTH,
        )  # fmt: skip


def asset_unprotected(month: Month) -> Iterable[Finding]:
    """An asset that is to be backed up, and of which no good backup was made in the month.

    As the newest inventory of the month lists them; in a month whose backups were not seen whole
    nothing is said.
    """
    listed = metrics.assets(month.asset, month.backup, month.period, month.seen("backup"))
    bare = listed[(listed["backup_scope"] == IN_SCOPE) & (listed["backup_protection"] == UNPROTECTED)]
    for _, row in bare[bare["asset_seen_at"] >= month.period.start].iterrows():
        id = f"asset_unprotected.{slug(row['asset'])}"
        title = "{name} is to be backed up, and no good backup of it is known."
        facts: dict[str, Fact | str] = {"name": row["asset"]}
        if not is_unknown(row["backup_newest_at"]):
            title = "{name} is to be backed up, and its newest good backup is of {day}."
            facts["day"] = Fact(f"findings.{id}.day", row["backup_newest_at"], "date", measure="backup_newest_at")
        yield Finding(
            f"backups.{id}", "backups", title, "Add {name} to the backup plan, or agree that it is not backed up.",
            facts, Rows("asset", {"asset": row["asset"]}), owner_of(month, row["service"]), NOW, asks=True,
        )  # fmt: skip


def rpo_missed(month: Month) -> Iterable[Finding]:
    """A resource of which more could have been lost than was agreed: how much, and until when."""
    rows = metrics.achieved(month.backup, month.period, month.agreements, month.seen("backup"))
    missed = rows[rows["verdict"] == "missed"].sort_values("rpo_least", ascending=False, kind="stable")
    for _, row in missed.drop_duplicates("resource").iterrows():
        id = f"rpo_missed.{slug(row['resource'])}"
        is_known = not is_unknown(row["rpo_achieved"])
        title = ("Up to {until} a failure would have lost {lost} of {name}, and {agreed} was agreed." if is_known else
                 "A failure could have lost at least {lost} of {name}, and {agreed} was agreed.")  # fmt: skip
        facts = {
            "name": row["resource"],
            "lost": Fact(f"findings.{id}.lost", row["rpo_least"], "duration", row["coverage"]),
            "agreed": Fact(f"findings.{id}.agreed", row["rpo_target"], "duration", measure="rpo_target"),
        }  # fmt: skip
        if is_known:
            facts["until"] = Fact(f"findings.{id}.until", row["rpo_until"], "instant", row["coverage"])
        yield Finding(
            f"backups.{id}", "backups", title,
            "Have a missing backup of {name} repeated within the agreed time, or back {name} up more often.", facts,
            Rows("backup", {"resource": row["resource"]}), owner_of(month, row["service"]), THIS_MONTH,
        )  # fmt: skip


def restore_never_proven(month: Month) -> Iterable[Finding]:
    """A resource that is backed up by the plan, and that no test has ever restored."""
    for row in _restores(month, "restore_state", NEVER):
        yield _restore("restore_never_proven", row, "No restore of {name} was ever proven.",
                       "Restore {name} once, and note how long it takes until it is of use.", {}, month, THIS_MONTH,
                       Rows("backup", {"resource": row["resource"]}))  # fmt: skip


def restore_overdue(month: Month) -> Iterable[Finding]:
    """A resource whose next restore test fell due by the plan, and was not made."""
    for row in _restores(month, "restore_state", OVERDUE):
        title, facts = "The restore test of {name} is overdue.", {}
        if not is_unknown(row["restore_due_on"]):
            title, facts = "The restore test of {name} was due on {due}, and was not made.", {"due": "restore_due_on"}
        yield _restore("restore_overdue", row, title, "Agree a day with you and restore {name}.", facts, month,
                       THIS_MONTH)  # fmt: skip


def restore_slow(month: Month) -> Iterable[Finding]:
    """A resource whose restore, as last proven, took longer than the agreed recovery time."""
    for row in _restores(month, "verdict", "missed"):
        facts = {"took": "restore_time", "agreed": "rto_target", "day": "restore_tested_at"}
        yield _restore("restore_slow", row, "Restoring {name} took {took} on {day}, and {agreed} was agreed.",
                       "Find out what took longest, and test {name} again once it is faster; or agree on what is "
                       "possible.", facts, month, PLAN)  # fmt: skip


def _newest(runs: pd.DataFrame) -> dict[str, str]:
    """What became of each resource's newest backup of which that is known."""
    known = runs[runs["backup_status"].isin([*BROKEN, COMPLETED])].sort_values("backup_due_at")
    return dict(zip(known["resource"], known["backup_status"], strict=True))


def _restores(month: Month, column: str, value: str) -> Iterator[pd.Series]:
    rows = metrics.restores(month.restore_test, month.period, month.agreements, month.seen("restore_test"))
    yield from (row for _, row in rows[rows[column] == value].iterrows())


_UNITS = {"restore_due_on": "date", "restore_tested_at": "date", "restore_time": "duration", "rto_target": "duration"}


def _restore(
    rule: str, row: pd.Series, title: str, action: str, columns: dict[str, str], month: Month, urgency: str,
    rows: Rows | None = None,
) -> Finding:  # fmt: skip
    id = f"{rule}.{slug(row['resource'])}"
    facts = {key: Fact(f"findings.{id}.{key}", row[column], _UNITS[column], row["coverage"], measure=column)
             for key, column in columns.items()}  # fmt: skip
    service = row["service"]
    if is_unknown(service):
        known = month.backup.loc[month.backup["resource"] == row["resource"], "service"].dropna()
        service = known.iloc[-1] if len(known) else None
    return Finding(
        f"backups.{id}", "backups", title, action, {"name": row["resource"], **facts},
        rows or Rows("restore_test", {"resource": row["resource"]}, "history"), owner_of(month, service), urgency,
    )  # fmt: skip
