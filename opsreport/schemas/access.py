"""Access: who and what can get in, as it was when somebody looked."""

from opsreport.schemas.frame import FLAG, INSTANT, Column, Frame, Measure

PRINCIPAL = Frame(
    name="principal",
    title="Access",
    one_row_is="someone or something with access, when seen",
    key=("principal", "observed_at"),
    starts="observed_at",
    is_snapshot=True,
    groups=("principal", "kind", "belongs_to"),
    columns=(
        Column("principal", "its name at the source", required=True),
        Column("display_name", "what people call it"),
        Column("kind", "what it is", required=True, allowed=("root", "person", "service", "unknown")),
        Column("belongs_to", "whose it is: client, ours, another's name, or missing"),
        Column("observed_at", "when it was seen", INSTANT, required=True),
        Column("is_privileged", "whether it may change everything, or who may", FLAG),
        Column("mfa_enabled", "whether a second factor is asked for; missing where it cannot be seen", FLAG),
        Column("last_used_at", "when it was last used; missing where it never was or cannot be seen", INSTANT),
        Column("never_used", "whether the source says that it was never used", FLAG),
        Column("key_created_at", "when its oldest active key was made", INSTANT),
        Column("key_last_used_at", "when that key was last used", INSTANT),
        Column("has_unused_key", "whether it holds an active key that was never used", FLAG),
        Column("roles", "what it may do, in the source's words"),
    ),
)

#: Columns of this section's metrics.
RESULTS: dict[str, Measure] = {}
