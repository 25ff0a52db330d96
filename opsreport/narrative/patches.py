"""The sentences on patches: which machines are patched, what is open, and which dates were missed."""

from __future__ import annotations

import pandas as pd

from opsreport.exhibit import Exhibit, Fact, Rows, join, notice, prose
from opsreport.theme import Style, is_unknown

_F = "patches.finding"
#: Machine by machine that is not up to date: its count, what is said of one and of more, and its rows.
_MACHINES = (
    ("machines_failed", "On {count} machine a patch failed.", "On {count} machines a patch failed.",
     Rows("patch_state")),
    ("machines_missing", "Security patches are missing on {count} machine.",
     "Security patches are missing on {count} machines.",
     Rows("patch_state")),
    ("machines_pending", "A reboot is due on {count} machine, whose patches do not protect it before.",
     "A reboot is due on {count} machines, whose patches do not protect them before.",
     Rows("patch_state", {"pending_reboot": True})),
    ("machines_unmanaged", "The patch tool does not reach {count} machine, which counts as not patched.",
     "The patch tool does not reach {count} machines, which count as not patched.",
     Rows("asset", {"is_managed": False})),
    ("machines_unknown", "The state of {count} machine is not known.", "The state of {count} machines is not known.",
     Rows("patch_state")),
)  # fmt: skip
#: How it is said of one and of more: all that were past their date are still open, none is, some are; and of
#: a month that nobody saw.
_MISSED = {
    "at least": ("The agreed time to fix was missed for at least {late} vulnerability.",
                 "The agreed time to fix was missed for at least {late} vulnerabilities."),
    "all": ("The agreed time to fix was missed for {late} vulnerability, which is still open.",
            "The agreed time to fix was missed for {late} vulnerabilities, all of them still open."),
    "none": ("The agreed time to fix was missed for {late} vulnerability, which is no longer open.",
             "The agreed time to fix was missed for {late} vulnerabilities, none of them open any more."),
    "some": ("",
             "The agreed time to fix was missed for {late} vulnerabilities: {open} still open, {ended} fixed late."),
}  # fmt: skip


def finding(
    machines: pd.DataFrame, history: pd.DataFrame, past_due: pd.DataFrame, kev: pd.DataFrame, accepted: pd.DataFrame,
    scores: pd.DataFrame, style: Style, *, absent: str = "", no_machines: str = "", no_vulnerabilities: str = "",
) -> Exhibit:  # fmt: skip
    """What opens the section: the machines' state, and whether what is weak was fixed in time.

    Parameters
    ----------
    machines : DataFrame
        From `opsreport.metrics.patches.totals`.
    history, past_due, kev, accepted, scores : DataFrame
        From `opsreport.metrics.patches`: `history`, `past_due`, `kev_past_due`, `accepted` and `scorecard`.
    absent, no_machines, no_vulnerabilities : str
        From `opsreport.completeness.absent`: why there is nothing of either, of the patch states,
        and of the vulnerabilities; empty where there is.
    """
    if absent:
        return notice(_F, absent)
    judged = scores.set_index("id")
    patched = [prose(_F, "{why}", style, why=no_machines)] if no_machines else _patched(machines.iloc[0], style)
    if no_vulnerabilities:
        return join(_F, [*patched, prose(_F, "{why}", style, why=no_vulnerabilities)])
    now = history.iloc[-1]
    dates = _dates(past_due, judged.loc["patches.past_due"], style)
    exploited = _exploited(kev, judged.loc["patches.kev"], style)
    parts = [*patched, *_open(now, style), *dates, *exploited, *_lived_with(accepted, style)]
    if is_unknown(now["vulnerabilities_open"]):
        unseen = "Nothing was seen of vulnerabilities in this month, so how many were open is not known."
        dates, exploited = (dates if len(past_due) else []), (exploited if len(kev) else [])
        later = [prose(_F, "Those told of here were read since; there may have been more.", style)]
        parts = [*patched, prose(_F, unseen, style), *dates, *exploited, *(later if dates or exploited else [])]
    lead = [patched[0], *dates, *(exploited if len(kev) else [])]
    return join(_F, parts, lead=lead)


def method(style: Style) -> Exhibit:
    """How patches and vulnerabilities are counted, for whoever wants to check it."""
    return prose(
        "patches.method",
        "A machine is up to date when its newest report, at most a week old when the month ended, tells of no missing "
        "and no failed patch and of no reboot that is waited for. Machines that the patch tool does not reach count "
        "among all machines. The agreed time to fix runs from when a vulnerability was found, by the agreement in "
        "force then; for one that came back after a fix, from when it came back. What was open past its date at any "
        "time of the month counts, also where it was fixed late, and whether or not a fix exists. Those whose risk is "
        "accepted are not open, and count again from the day after the last one agreed. A date set by CISA for "
        "vulnerabilities known to be attacked is over when its day is. Medians of fewer than five are withheld.",
        style, "method",
    )  # fmt: skip


def _patched(now: pd.Series, style: Style) -> list[Exhibit]:
    if not now["machines"]:
        return [prose(_F, "No machine is known that is to be patched.", style)]
    month = Fact(f"{_F}.month", now["period"], "month")
    patched, all_of = _count("machines_patched", now, Rows("patch_state")), _count("machines", now, Rows("asset"))
    if now["machines_patched"] == now["machines"]:
        said = "All machines were known to be up to date when {month} ended, {all_of} in all."
        return [prose(_F, said, style, month=month, all_of=all_of)]
    said = "When {month} ended, {patched} of {all_of} machines were known to be up to date."
    parts = [prose(_F, said, style, month=month, patched=patched, all_of=all_of)]
    for column, one, more, rows in _MACHINES:
        if now[column]:
            parts.append(prose(_F, one if now[column] == 1 else more, style, count=_count(column, now, rows)))
    if not is_unknown(now["oldest_missing_age"]):
        age = Fact(f"{_F}.oldest_missing_age", now["oldest_missing_age"].floor("D"), "duration",
                   now["coverage"], measure="oldest_missing_age", rows=Rows("patch_state"))  # fmt: skip
        said = "The oldest critical patch that is missing had been out for {age}."
        parts.append(prose(_F, said, style, age=age))
    return parts


def _open(now: pd.Series, style: Style) -> list[Exhibit]:
    facts = {"open": _count("vulnerabilities_open", now), "before": _count("vulnerabilities_before", now)}
    if not now["vulnerabilities_open"]:
        return [prose(_F, "No vulnerability is known to have been open when the month ended.", style)]
    if now["vulnerabilities_open"] == 1:
        said = "There was {open} open vulnerability when the month ended, after {before} when it began."
    else:
        said = "There were {open} open vulnerabilities when the month ended, after {before} when it began."
    parts = [prose(_F, said, style, **facts)]
    if now["vulnerabilities_unfixable"]:
        one = "For {count} of them there is no fix yet."
        parts.append(prose(_F, one, style, count=_count("vulnerabilities_unfixable", now)))
    if now["coverage"] < 1:
        seen = Fact(f"{_F}.seen", now["coverage"], "share")
        parts.append(prose(_F, "Only {seen} of the month was seen, so there may have been more.", style, seen=seen))
    return parts


def _dates(past_due: pd.DataFrame, judged: pd.Series, style: Style) -> list[Exhibit]:
    if is_unknown(judged["target"]):
        return [prose(_F, "How soon vulnerabilities are to be fixed is not agreed.", style)]
    still = past_due["weakness_status"].isin(["still open", "open when last seen"])
    facts = {
        "late": _listed("past_due", past_due, judged["coverage"]),
        "open": _listed("past_due_open", past_due[still], judged["coverage"]),
        "ended": _listed("past_due_ended", past_due[~still], judged["coverage"]),
    }
    if len(past_due):
        how = "all" if still.all() else "some" if still.any() else "none"
        one, more = _MISSED[how if judged["coverage"] else "at least"]
        said = one if len(past_due) == 1 else more
        return [prose(_F, said, style, **{name: fact for name, fact in facts.items() if f"{{{name}}}" in said})]
    if judged["verdict"] == "met":
        return [prose(_F, "The agreed time to fix was kept for every vulnerability.", style)]
    said = "None is known to be past the agreed time to fix, but whether it was kept for all is unknown."
    return [prose(_F, said, style)]


def _exploited(kev: pd.DataFrame, judged: pd.Series, style: Style) -> list[Exhibit]:
    if len(kev):
        said = (
            "The date set by the US cyber agency (CISA) was missed for {count} vulnerability that is known to be "
            "attacked."
            if len(kev) == 1
            else "The date set by the US cyber agency (CISA) was missed for {count} vulnerabilities that are known to "
            "be attacked."
        )
        if not judged["coverage"]:
            said = (
                "The date set by the US cyber agency (CISA) was missed for at least {count} vulnerability that is "
                "known to be attacked."
                if len(kev) == 1
                else "The date set by the US cyber agency (CISA) was missed for at least {count} vulnerabilities that "
                "are known to be attacked."
            )
        return [prose(_F, said, style, count=_listed("kev", kev, judged["coverage"]))]
    if judged["verdict"] == "met":
        said = "None that is known to be attacked was open past the date set by the US cyber agency (CISA)."
        return [prose(_F, said, style)]
    said = "Whether any that is known to be attacked was past the date set by the US cyber agency (CISA) is unknown."
    return [prose(_F, said, style)]


def _lived_with(accepted: pd.DataFrame, style: Style) -> list[Exhibit]:
    now = accepted["weakness_status"].eq("accepted")
    parts = []
    if now.any():
        said = (
            "The risk of {count} more is accepted, so it does not count as open."
            if now.sum() == 1
            else "The risk of {count} more is accepted, so they do not count as open."
        )
        parts.append(prose(_F, said, style, count=_listed("accepted", accepted[now], None)))
    if (~now).any():
        said = (
            "The acceptance of {count} ended in the month, so it counts as open again."
            if (~now).sum() == 1
            else "The acceptance of {count} ended in the month, so they count as open again."
        )
        parts.append(prose(_F, said, style, count=_listed("acceptance_ended", accepted[~now], None)))
    return parts


def _count(column: str, row: pd.Series, rows: Rows | None = None) -> Fact:
    return Fact(f"{_F}.{column}", row[column], "count", row["coverage"], measure=column, rows=rows)


def _listed(name: str, listed: pd.DataFrame, coverage: float | None) -> Fact:
    """How many a list holds; of a single one, with its row."""
    only = Rows("vulnerability", {"finding_id": listed["finding_id"].iloc[0]}) if len(listed) == 1 else None
    return Fact(f"{_F}.{name}", len(listed), "count", coverage, rows=only)
