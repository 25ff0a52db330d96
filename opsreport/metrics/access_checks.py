"""Whether each one's access is as it should be: three-valued, since what cannot be seen is not passed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreport.metrics.access_state import is_staff, rules_at, state
from opsreport.metrics.rows import result
from opsreport.params import ClientParams
from opsreport.params.operations import AccessRules
from opsreport.period import Period
from opsreport.schemas import FLAG
from opsreport.theme import is_unknown

LISTING = (
    "principal_name", "principal", "principal_kind", "whose", "access_account", "privileged", "mfa", "key_age",
    "unused_for", "to_look_at", "access_roles", "access_seen_at",
)  # fmt: skip
#: What `checked` says of each: True, False, or missing where it cannot be told.
FLAGS = ("root_no_mfa", "person_no_mfa", "no_mfa", "old_key", "unused", "is_privileged")
NOTHING = pd.Timedelta(0)


def checked(principal: pd.DataFrame, period: Period, client: ClientParams) -> pd.DataFrame:
    """Everyone with access at the month's end, with what is and is not as it should be.

    - **no_mfa**: needs a second factor and has none. Root or owner always needs it, others by
      the agreement's ``mfa``: all, people or privileged. One of unknown kind may be a person.
    - **old_key**: holds an active key older than agreed when it was seen; unknown where it was
      not yet, but passes that age before the month's end, by when it may have been renewed.
    - **unused**: not used for longer than agreed when it was seen; of what was never used,
      since it was made, or where that is not told, since it was first seen. Root is to be
      unused. A key of its own that is not used so long counts too; one whose use cannot be
      seen is judged by its holder's. Unknown where that time passes before the month's end.

    Returns
    -------
    DataFrame
        As `opsreport.metrics.access_state.state`, with `FLAGS`, ``key_age`` and ``unused_for``
        [duration], and ``may_have_left``: said to be ours, but not on our list of staff.
    """
    rows, (rules, _) = state(principal, period, client), rules_at(client, period)
    is_root = rows["kind"] == "root"
    age = (rows["observed_at"] - rows["key_created_at"]).clip(lower=NOTHING)
    rest = (period.end - rows["observed_at"]).where(rows["is_fresh"], NOTHING)
    no_mfa = _needs_mfa(rows, rules) & ~rows["mfa_enabled"]
    return rows.assign(
        key_age=age,
        unused_for=_idle(rows),
        no_mfa=no_mfa,
        root_no_mfa=(is_root & no_mfa).astype(FLAG),
        person_no_mfa=(~is_root & no_mfa).astype(FLAG),
        old_key=_has_key(rows) & _over(age, rules.key_age, rest),
        unused=_unused(rows, rules, rest) | _key_unused(rows, age, rules, rest),
        may_have_left=[_may_have_left(row, client.staff) for row in rows.to_dict("records")],
    )


def visible(rows: pd.DataFrame, flag: str, rules: AccessRules) -> float:
    """Share of those whom a rule concerns, in rows of `checked`, of whom it can be told. [share]

    A second factor concerns those who need it, a key's age those who hold one, and either those
    of whom that is not known; 1 where it concerns nobody.
    """
    concerned = pd.Series(True, index=rows.index)
    if flag.endswith("no_mfa"):
        concerned = _needs_mfa(rows, rules).fillna(True).astype(bool)
    elif flag == "old_key":
        concerned = _has_key(rows).fillna(True).astype(bool)
    return float(rows.loc[concerned, flag].notna().mean()) if concerned.any() else 1.0


def listing(principal: pd.DataFrame, period: Period, client: ClientParams, only_faults: bool = False) -> pd.DataFrame:
    """Everyone with access at the month's end, those with something to look at first.

    Answers: who and what has access, and what should be looked at?

    Parameters
    ----------
    only_faults : bool
        Leave out those of whom there is nothing to say.

    Returns
    -------
    DataFrame
        `LISTING`, with the frame's own ``observed_at``. ``key_age`` is NaT without an active
        key, or where it cannot be seen, which ``to_look_at`` says. [duration, instant]
    """
    rows, (rules, agreed) = checked(principal, period, client), rules_at(client, period)
    said = [words(row, agreed) for row in rows.to_dict("records")]
    rows = rows.assign(
        principal_name=rows["display_name"].fillna(rows["principal"]), principal_kind=rows["kind"],
        access_account=rows["account"], privileged=_word(rows["is_privileged"], "yes", "no"),
        mfa=_mfa(rows, rules), access_roles=rows["roles"], access_seen_at=rows["observed_at"],
        to_look_at=["; ".join(one) for one in said], faults=[len(one) for one in said],
    )  # fmt: skip
    rows = rows.sort_values(["faults", "principal_name"], ascending=[False, True], kind="stable")
    rows = rows[rows["faults"] > 0] if only_faults else rows
    made = result(rows.to_dict("records"), LISTING)
    return made.assign(observed_at=rows["observed_at"].to_numpy()).astype({"observed_at": rows["observed_at"].dtype})


def words(row: dict[str, Any], agreed: bool) -> list[str]:
    """What there is to look at of one row of `checked`, in words."""
    than = "than agreed" if agreed else "than usual"
    faults = {
        "no_mfa": ("no MFA", "MFA not visible" if is_unknown(row["mfa_enabled"]) else "may need MFA"),
        "old_key": (f"a key older {than}", "age of its key not visible" if is_unknown(row["key_age"]) else
                    "its key came of age after it was seen"),
        "unused": (f"unused for longer {than}", "last use not visible" if is_unknown(row["last_used_at"]) else
                   "may not have been used since it was seen"),
    }  # fmt: skip
    said = [] if row["is_fresh"] else ["not seen this month"]
    for flag, (known, unseen) in faults.items():
        said += [unseen] if is_unknown(row[flag]) else [known] if row[flag] else []
    return [*said, *(["not on our list of staff"] if row["may_have_left"] else [])]


def _needs_mfa(rows: pd.DataFrame, rules: AccessRules) -> pd.Series:
    is_root = (rows["kind"] == "root").astype(FLAG)
    if rules.mfa == "all":
        return is_root | True
    if rules.mfa == "privileged":
        return is_root | rows["is_privileged"]
    return is_root | rows["kind"].map({"root": True, "person": True, "service": False}).astype(FLAG)


def _has_key(rows: pd.DataFrame) -> pd.Series:
    return rows["has_key"].mask(rows["key_created_at"].notna(), True)


def _over(lasted: pd.Series, limit: pd.Timedelta, rest: pd.Series) -> pd.Series:
    """Whether it lasted longer; missing where only the ``rest`` of the month, which was not seen, makes it so."""
    over = lasted > limit
    return over.astype(FLAG).mask(lasted.isna() | (~over & (lasted + rest > limit)))


def _idle(rows: pd.DataFrame) -> pd.Series:
    never = rows["never_used"].fillna(False).astype(bool) & rows["last_used_at"].isna()
    # A key is no older than its holder.
    since = rows[["created_at", "key_created_at", "first_seen_at"]].min(axis=1).where(never)
    return (rows["observed_at"] - rows["last_used_at"].fillna(since)).clip(lower=NOTHING)


def _unused(rows: pd.DataFrame, rules: AccessRules, rest: pd.Series) -> pd.Series:
    over = _over(_idle(rows), rules.unused_after, rest)
    # When it was made is not told, and it has not been watched for long: it may be new or old.
    unsure = rows["last_used_at"].isna() & rows["created_at"].isna() & ~over.fillna(True)
    return over.mask(unsure).mask(rows["kind"] == "root", False)


def _key_unused(rows: pd.DataFrame, age: pd.Series, rules: AccessRules, rest: pd.Series) -> pd.Series:
    idle = rows["observed_at"] - rows["key_last_used_at"]
    never = rows["has_unused_key"].fillna(False) & (age > rules.unused_after).astype(FLAG)
    over = _over(idle, rules.unused_after, rest).mask(idle.isna(), False)
    return (over | never.fillna(False)) & _has_key(rows).fillna(False)


def _may_have_left(row: dict[str, Any], staff: list[str]) -> bool:
    """Said to be ours by the source, where our own list, which there is, does not name it."""
    return bool(staff) and row["belongs_to"] == "ours" and row["kind"] == "person" and not is_staff(row, staff)


def _word(flag: pd.Series, yes: str, no: str) -> list[str]:
    return ["not visible" if is_unknown(one) else yes if one else no for one in flag]


def _mfa(rows: pd.DataFrame, rules: AccessRules) -> list[str]:
    """On and off as seen; where it is off or not seen and nobody needs it, that it is not asked for."""
    needed = _needs_mfa(rows, rules).fillna(True)
    pairs = zip(_word(rows["mfa_enabled"], "on", "off"), needed, strict=True)
    return [seen if seen == "on" or need else "not asked for" for seen, need in pairs]
