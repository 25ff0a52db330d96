"""The sentences on backups: did they run, what could have been lost, and what is proven to come back."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.schemas.words import WORDS
from opsreport.theme import Style, is_unknown

_F = "backups.finding"
_MOST_NAMED = 2
_BROKEN = {
    (True, True): "{done} of {due} scheduled backups completed; {failed} failed and {missing} never ran.",
    (True, False): "{done} of {due} scheduled backups completed; {failed} failed.",
    (False, True): "{done} of {due} scheduled backups completed; {missing} never ran.",
}  # fmt: skip


def finding(
    totals: pd.DataFrame, achieved: pd.DataFrame, cover: pd.DataFrame, assets: pd.DataFrame, restores: pd.DataFrame,
    style: Style, absent: str = "",
) -> Exhibit:  # fmt: skip
    """What opens the section: whether backups ran, what could have been lost, and what is proven.

    Parameters
    ----------
    totals, achieved, cover, assets, restores : DataFrame
        From `opsreport.metrics.backups`.
    absent : str
        From `opsreport.completeness.absent`: why there is nothing to say.
    """
    if absent:
        return notice(_F, absent)
    ran, lost = _ran(totals.iloc[0], style), _lost(achieved, style)
    covered, proven = _covered(cover.iloc[0], assets, style), _proven(restores, style)
    missed = [
        *(lost if (achieved["verdict"] == "missed").any() else []),
        *(covered[:1] if cover["assets_unprotected"].iloc[0] > 0 else []),
        *(proven if _is_late(restores).any() else []),
    ]  # fmt: skip
    return join(_F, [*ran, *lost, *covered, *proven], lead=[*ran[:1], *missed])


def inventory(cover: pd.DataFrame, style: Style) -> Exhibit:
    """How old the list of what is to be backed up is."""
    now, id = cover.iloc[0], "backups.inventory"
    if is_unknown(now["inventory_age"]):
        return prose(id, "No inventory says what is to be backed up, so whether anything was forgotten is unknown.",
                     style, "note")  # fmt: skip
    facts = {"age": Fact(f"{id}.age", now["inventory_age"], "duration", measure="inventory_age", rows=_IN_SCOPE)}
    if is_unknown(now["assets_in_scope"]):
        said = "The newest inventory was {age} old when the month ended: what it lists may be out of date."
        return prose(id, said, style, "note", **facts)
    return prose(id, "The newest inventory was {age} old when the month ended; what came later is not in it.", style,
                 "note", **facts)  # fmt: skip


def method(style: Style) -> Exhibit:
    """How backups are counted, for whoever wants to check it."""
    return prose(
        "backups.method",
        "Backups are held against the plan, on your clock: one that was due and of which nothing is recorded "
        "never ran. One that is tried again and succeeds before the next is due counts as completed. What could have "
        "been lost is the longest time from the start of a good backup to the finish of the next, beginning with the "
        "last before the month; at the month's end it counts as far as it has come. An asset is protected when a good "
        "backup of it was made in the month. Only a restore proves a backup: one that its tool verified was read, not "
        "restored. A restore is held against the agreed recovery time from its beginning until the data was of use.",
        style, "method",
    )  # fmt: skip


_IN_SCOPE = Rows("asset", {"in_backup_scope": True})


def _ran(now: pd.Series, style: Style) -> list[Exhibit]:
    def fact(name: str, column: str, rows: Rows | None = None) -> Fact:
        return Fact(f"{_F}.{name}", now[column], "count", now["coverage"], measure=column, rows=rows)

    if is_unknown(now["backups_completed"]):
        return [prose(_F, "Nothing was seen of backups in this month, so whether they ran is unknown.", style)]
    done = fact("completed", "backups_completed", Rows("backup", {"outcome": "success"}))
    failed, missing = now["backups_failed"], now["backups_missing"]
    shown = {"done": done, "failed": fact("failed", "backups_failed", Rows("backup", {"outcome": "failure"}))}
    if is_unknown(now["backups_scheduled"]):
        said = "No plan of backups is agreed: of those that are known, {done} completed and {failed} failed."
        return [prose(_F, said, style, **shown)]
    shown |= {"due": fact("scheduled", "backups_scheduled"), "missing": fact("missing", "backups_missing")}
    unsure = fact("unsure", "backups_unsure")
    if failed or missing:
        said = _BROKEN[bool(failed), bool(missing)]
    elif now["backups_unsure"]:
        said = "{done} of {due} scheduled backups are known to have completed, and none to have failed."
    else:
        said = "All {due} scheduled backups completed."
    used = {name: one for name, one in shown.items() if f"{{{name}}}" in said}
    more = [prose(_F, "For {unsure} it is not known.", style, unsure=unsure)] if now["backups_unsure"] else []
    return [prose(_F, said, style, **used), *more]


def _lost(achieved: pd.DataFrame, style: Style) -> list[Exhibit]:
    judged = achieved[achieved["rpo_target"].notna()]
    if judged.empty:
        return []
    missed = judged[judged["verdict"] == "missed"]
    over = (missed["rpo_least"] / missed["rpo_target"]).sort_values(ascending=False, kind="stable").index
    parts = [_rpo_missed(place, row, style) for place, (_, row) in
             enumerate(missed.loc[over].head(_MOST_NAMED).iterrows())]  # fmt: skip
    rest = len(missed) - len(parts)
    if rest > 0:
        said = ("For {more} more resource it was missed too." if rest == 1
                else "For {more} more resources it was missed too.")  # fmt: skip
        parts.append(prose(_F, said, style, more=Fact(f"{_F}.rpo.more", rest, "count")))
    unsure = (judged["verdict"] == "unknown").sum()
    if unsure:
        said = ("For {unsure} resource it is not known whether more could have been lost than agreed."
                if unsure == 1 else
                "For {unsure} resources it is not known whether more could have been lost than agreed.")  # fmt: skip
        parts.append(prose(_F, said, style, unsure=Fact(f"{_F}.rpo.unsure", unsure, "count")))
    if len(missed) or unsure:
        return parts
    said = "At no time could more have been lost than was agreed."
    return [prose(_F, said, style)]


def _rpo_missed(place: int, row: pd.Series, style: Style) -> Exhibit:
    behind = {"coverage": row["coverage"], "rows": Rows("backup", {"resource": row["resource"]})}
    is_known = not is_unknown(row["rpo_achieved"])
    lost = Fact(f"{_F}.rpo.{place}", row["rpo_least"], "duration", **behind,
                measure="rpo_achieved" if is_known else "rpo_least")  # fmt: skip
    agreed = Fact(f"{_F}.rpo.{place}.agreed", row["rpo_target"], "duration", measure="rpo_target", rows=behind["rows"])
    if not is_known:
        said = "At least {lost} of “{name}” could have been lost; {agreed} was agreed, so that was missed."
        return prose(_F, said, style, name=row["resource"], lost=lost, agreed=agreed)
    until = Fact(f"{_F}.rpo.{place}.until", row["rpo_until"], "instant", **behind, measure="rpo_until")
    said = ("Up to {lost} of “{name}” could have been lost, just before {until}; {agreed} was agreed, so that was "
            "missed.")  # fmt: skip
    return prose(_F, said, style, name=row["resource"], lost=lost, agreed=agreed, until=until)


def _covered(now: pd.Series, assets: pd.DataFrame, style: Style) -> list[Exhibit]:
    def fact(name: str, column: str, rows: Rows = _IN_SCOPE) -> Fact:
        return Fact(f"{_F}.{name}", now[column], "count", now["coverage"], measure=column, rows=rows)

    if is_unknown(now["assets_in_scope"]):
        why = style.again(now["note"], WORDS)
        return [prose(_F, "Whether anything was left out of the backups is unknown: {why}.", style, why=why)]
    bare, every = now["assets_unprotected"], fact("in_scope", "assets_in_scope")
    in_scope = assets[assets["backup_scope"] == "in scope"]
    left_out = in_scope[in_scope["backup_protection"] == "not protected"]
    if bare == 1:
        parts = [_one_left_out(left_out.iloc[0], every, style)]
    elif bare:
        said = "Of {every} assets that are to be backed up, {bare} have no good backup of this month."
        parts = [prose(_F, said, style, every=every, bare=fact("unprotected", "assets_unprotected"))]
    elif now["assets_unsure"]:
        said = "For {unsure} of {every} assets that are to be backed up it is not known whether they were."
        parts = [prose(_F, said, style, every=every, unsure=fact("assets_unsure", "assets_unsure"))]
    elif now["assets_in_scope"]:
        said = ("The {every} asset that is to be backed up was." if now["assets_in_scope"] == 1
                else "All {every} assets that are to be backed up were.")  # fmt: skip
        parts = [prose(_F, said, style, every=every)]
    else:
        parts = []
    if now["assets_scope_unknown"]:
        said = ("For {count} asset it is not recorded whether it is to be backed up."
                if now["assets_scope_unknown"] == 1 else
                "For {count} assets it is not recorded whether they are to be backed up.")  # fmt: skip
        count = fact("scope_unknown", "assets_scope_unknown", Rows("asset", {"in_backup_scope": None}))
        parts.append(prose(_F, said, style, count=count))
    return parts


def _one_left_out(asset: pd.Series, every: Fact, style: Style) -> Exhibit:
    """What has no backup, said by what it is and whose, where that is known."""
    facts = {"every": every, "name": asset["asset"]}
    if is_unknown(asset["asset_kind"]) or is_unknown(asset["service"]):
        said = "Of {every} assets that are to be backed up, “{name}” has no good backup of this month."
        return prose(_F, said, style, **facts)
    said = ("Of {every} assets that are to be backed up, the {kind} of {service} ({name}) has no good backup of this "
            "month.")  # fmt: skip
    return prose(_F, said, style, kind=asset["asset_kind"], service=asset["service"], **facts)


def _is_late(restores: pd.DataFrame) -> pd.Series:
    return (restores["verdict"] == "missed") | restores["restore_state"].isin(["overdue", "never proven"])


def _proven(restores: pd.DataFrame, style: Style) -> list[Exhibit]:
    if restores.empty:
        return [prose(_F, "No restore is known to have been tried.", style)]
    slow = restores[restores["verdict"] == "missed"]
    late, never = (restores[restores["restore_state"] == state] for state in ("overdue", "never proven"))
    parts = [
        *(_slow(place, row, style) for place, (_, row) in enumerate(slow.head(_MOST_NAMED).iterrows())),
        *(_overdue(place, row, style) for place, (_, row) in enumerate(late.head(_MOST_NAMED).iterrows())),
    ]
    if len(never) == 1:
        parts.append(prose(_F, "No restore of “{name}” was ever proven.", style, name=never["resource"].iloc[0]))
    elif len(never):
        said = "Of {never} resources no restore was ever proven."
        parts.append(prose(_F, said, style, never=Fact(f"{_F}.never", len(never), "count", rows=_TESTS)))
    unsure = ((restores["restore_state"] == "not known") | (restores["rto_target"].notna() & (
        restores["verdict"] == "unknown") & restores["restore_time"].notna())).sum()  # fmt: skip
    if unsure:
        said = ("For {unsure} resource it is not known whether its restore is proven as agreed." if unsure == 1
                else "For {unsure} resources it is not known whether their restores are proven as agreed.")  # fmt: skip
        parts.append(prose(_F, said, style, unsure=Fact(f"{_F}.restores_unsure", unsure, "count", rows=_TESTS)))
    return parts or [_all_proven(restores, style)]


_TESTS = Rows("restore_test", when="history")


def _all_proven(restores: pd.DataFrame, style: Style) -> Exhibit:
    oldest = restores["proven_age"].max()
    if is_unknown(oldest):
        return prose(_F, "A restore of each was proven.", style)
    age = Fact(f"{_F}.oldest", oldest, "duration", restores["coverage"].iloc[0], measure="proven_age", rows=_TESTS)
    if restores["rto_target"].notna().all():
        said = "Every restore is proven as agreed; the oldest proven point was {age} old when the month ended."
    else:
        said = "Each was restored in a test; the oldest proven point was {age} old when the month ended."
    return prose(_F, said, style, age=age)


def _slow(place: int, row: pd.Series, style: Style) -> Exhibit:
    behind = {"coverage": row["coverage"], "rows": Rows("restore_test", {"resource": row["resource"]}, "history")}
    fact = f"{_F}.slow.{place}"
    return prose(
        _F, "The agreed recovery time of “{name}” was missed: its restore test on {day} took {took}, and {agreed} was "
        "agreed.", style, name=row["resource"],
        day=Fact(f"{fact}.day", row["restore_tested_at"], "date", **behind, measure="restore_tested_at"),
        took=Fact(f"{fact}.took", row["restore_time"], "duration", **behind, measure="restore_time"),
        agreed=Fact(f"{fact}.agreed", row["rto_target"], "duration", measure="rto_target", rows=behind["rows"]),
    )  # fmt: skip


def _overdue(place: int, row: pd.Series, style: Style) -> Exhibit:
    behind = {"coverage": row["coverage"], "rows": Rows("restore_test", {"resource": row["resource"]}, "history")}
    fact = f"{_F}.overdue.{place}"
    if is_unknown(row["restore_due_on"]):
        return prose(_F, "The restore test of “{name}” is overdue.", style, name=row["resource"])
    due = Fact(f"{fact}.due", row["restore_due_on"], "date", **behind, measure="restore_due_on")
    if is_unknown(row["restore_tested_at"]):
        return prose(_F, "The restore test of “{name}” is overdue: it was due on {due}.", style, name=row["resource"],
                     due=due)  # fmt: skip
    tested = Fact(f"{fact}.tested", row["restore_tested_at"], "date", **behind, measure="restore_tested_at")
    return prose(_F, "The restore test of “{name}” is overdue: it was last tested on {tested}, and again due on {due}.",
                 style, name=row["resource"], tested=tested, due=due)  # fmt: skip
