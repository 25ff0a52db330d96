"""Assets: what is run, as it was when somebody looked."""

from opsreport.schemas.frame import FLAG, INSTANT, Column, Frame

ASSET = Frame(
    name="asset",
    title="Assets",
    one_row_is="something that is run, when seen",
    key=("asset", "observed_at"),
    starts="observed_at",
    is_snapshot=True,
    groups=("asset", "kind", "service"),
    columns=(
        Column("asset", "its name or id at the source", required=True),
        Column("kind", "what it is, such as server, database, volume or bucket"),
        Column("service", "the service that it belongs to"),
        Column("observed_at", "when it was seen", INSTANT, required=True),
        Column("in_backup_scope", "whether it was agreed that it is backed up", FLAG),
        Column("in_patch_scope", "whether it was agreed that it is patched", FLAG),
        Column("is_managed", "whether the patch tool reaches it", FLAG),
    ),
)
