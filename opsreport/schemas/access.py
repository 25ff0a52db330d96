"""Access: who and what can get in, as it was when somebody looked."""

from opsreport.schemas.frame import FLAG, INSTANT, Column, Frame, Measure

PRINCIPAL = Frame(
    name="principal",
    title="Access",
    one_row_is="someone or something with access, when seen",
    key=("principal", "observed_at"),
    starts="observed_at",
    is_snapshot=True,
    groups=("principal", "observed_at"),
    shown=("principal", "display_name", "kind", "is_privileged", "mfa_enabled", "last_used_at", "key_created_at",
           "observed_at"),
    columns=(
        Column("principal", "its name at the source", required=True),
        Column("display_name", "what people call it"),
        Column("kind", "what it is", required=True, allowed=("root", "person", "service", "unknown")),
        Column("belongs_to", "whose it is: client, ours, another's name, or missing"),
        Column("account", "where it has access, of a source that looks at several; a snapshot is of one account"),
        Column("observed_at", "when it was seen; what is seen at one instant is a snapshot", INSTANT, required=True),
        Column("is_enabled", "whether it can get in at all; missing counts as yes", FLAG),
        Column("is_privileged", "whether it may change everything, or who may", FLAG),
        Column("mfa_enabled", "whether a second factor is asked for; missing where it cannot be seen", FLAG),
        Column("created_at", "when it was made", INSTANT),
        Column("last_used_at", "when it was last used; missing where it never was or cannot be seen", INSTANT),
        Column("never_used", "whether the source says that it was never used", FLAG),
        Column("has_key", "whether it holds an active key; missing where it cannot be seen", FLAG),
        Column("key_created_at", "when its oldest active key was made", INSTANT),
        Column("key_last_used_at", "when that key was last used", INSTANT),
        Column("has_unused_key", "whether it holds an active key that was never used", FLAG),
        Column("roles", "what it may do, in the source's words"),
    ),
)  # fmt: skip

#: Whose rows stand behind a section's figures.
SECTIONS = {"access": "principal"}

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {
    "principal": Measure("Account", "text", "its name at the source"),
    "principal_name": Measure("Who", "text", "what people call it, else its name at the source"),
    "principal_kind": Measure("Kind", "text", "root, person, service or unknown", is_words=True),
    "whose": Measure(
        "Whose", "text", "ours, by the list of our staff or the source; the client's; another's name", is_words=True
    ),
    "access_account": Measure("At", "text", "where it has access, of a source that looks at several accounts"),
    "access_roles": Measure("May do", "text", "its roles, in the source's words"),
    "privileged": Measure("Privileged", "text", "whether it may change everything, or who may", is_words=True),
    "mfa": Measure(
        "MFA", "text", "on, off or not visible; not asked for where nobody needs it by what was agreed", is_words=True
    ),
    "key_age": Measure("Oldest key", "duration", "age of its oldest active key, when it was seen"),
    "unused_for": Measure(
        "Unused for", "duration", "from its last use, or where it was never used from when it was made or first seen"
    ),
    "to_look_at": Measure(
        "To look at", "text", "what is not as agreed, or by the usual limits, and what was not seen", is_words=True
    ),
    "access_seen_at": Measure("Seen", "instant", "when it was last seen, at or before the month's end"),
    "access_change": Measure("Change", "text", "joined, left or changed since the snapshot before", is_words=True),
    "what_changed": Measure(
        "What changed", "text", "privilege, MFA, key or roles, where both times were seen", is_words=True
    ),
    "access_check": Measure("Check", "text", "what is counted among those with access", is_words=True),
    "access_limit": Measure("Limit", "duration", "as agreed, else the usual 90 days"),
    "access_count": Measure("This month", "count", "how many are known to be so, in what was seen in the month"),
    "access_unknown": Measure("Not visible", "count", "for how many more it cannot be seen; they are not passed"),
    "access_before": Measure("Last month", "count", "how many were known to be so at the end of the month before"),
    "snapshot_age": Measure("Age at month end", "duration", "time from the snapshot to the month's end"),
    "snapshot_before_at": Measure("Compared with", "instant", "the newest snapshot up to the end of the month before"),
    "snapshot_state": Measure("State", "text", "seen in the month, older than the month, or never seen", is_words=True),
    "snapshot_principals": Measure("With access", "count", "how many had access in that snapshot"),
}
