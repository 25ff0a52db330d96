"""A client's frames on disk, as Parquet through DuckDB, with what was seen of each.

``<store>/<client>/<frame>/<YYYY-MM>.parquet`` holds the rows that start in a month (UTC)
with the source that said each; ``<store>/<client>/coverage.parquet`` a row for each
reading. Rows are merged by their source's own ids, so that collecting twice changes
nothing; what a source no longer returns stays. A bill's lines have no ids: there a
billing period is replaced as a whole, and never by a reading that was only partial. States of a
monitor are laid over what was known of the same time.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from opsreport import bills, migrations
from opsreport.coverage import COVERAGE, Coverage
from opsreport.errors import StoreError
from opsreport.home import one_at_a_time
from opsreport.intervals import Intervals
from opsreport.params.fields import CLIENT_ID
from opsreport.schemas import DECIMAL, FRAMES, SQL_TYPES, TEXT, Column, Frame
from opsreport.schemas.stored import StoredRows

#: What DuckDB may take of a machine's memory; what is more goes to the client's folder while it is needed.
_MEMORY = "400MB"
_SOURCE = Column("source", "which source said so", required=True)


class Store:
    """The frames of one client.

    Parameters
    ----------
    folder : Path
        Where all clients' frames are kept.
    client : str
        The client's id; nothing outside its own folder is read or written.
    """

    def __init__(self, folder: Path, client: str) -> None:
        if not re.fullmatch(CLIENT_ID, client):
            raise StoreError(f"{client!r} is not a client id", hint="use a-z, 0-9 and -")
        self._folder = Path(folder) / client

    @property
    def answers(self) -> Path:
        """Where answers lie that are not to be asked for again."""
        return self._folder / "answers"

    def merge(self, rows: pd.DataFrame | StoredRows, coverage: Coverage, now: pd.Timestamp) -> Coverage:
        """Add what one reading returned to what is known; what was seen is recorded last.

        Parameters
        ----------
        rows : DataFrame or StoredRows
            Of the frame that `coverage` names; only of a bill may they be stored.
        now : Timestamp
            When it was read.

        Returns
        -------
        Coverage
            As recorded: ``partial`` where rows contradict each other or would have
            replaced a fuller reading.
        """
        frame = FRAMES[coverage.frame]
        with one_at_a_time(self._folder):
            migrations.prepare(self._folder)
            if len(rows):
                with _database(self._folder) as db:
                    coverage = self._merge_rows(db, frame, rows, coverage)
            self._record(coverage, now)
        return coverage

    def read(self, name: str, start: pd.Timestamp | None = None, end: pd.Timestamp | None = None) -> pd.DataFrame:
        """The rows of a frame that have time in [start, end), with the source of each.

        Returns
        -------
        DataFrame
            The frame's columns, then ``source``; empty when nothing was collected.

        Raises
        ------
        StoreError
            When a file is damaged, or the store is a newer version's, or just being restored or deleted.
        """
        return self.read_each({name: start}, end)[name]

    def read_each(
        self, starts: Mapping[str, pd.Timestamp | None], end: pd.Timestamp | None = None
    ) -> dict[str, pd.DataFrame]:
        """Several frames as `read` gives each, from the start that is given for it."""
        migrations.ready(self._folder)
        with _database(self._folder) as db:  # opening one takes longer than reading a frame
            return {name: self._read(db, FRAMES[name], start, end) for name, start in starts.items()}

    def _read(
        self, db: duckdb.DuckDBPyConnection, frame: Frame, start: pd.Timestamp | None, end: pd.Timestamp | None
    ) -> pd.DataFrame:
        files, nothing = self._files(frame), frame.empty().assign(source=pd.Series([], dtype=TEXT))
        if not files:
            return nothing
        last = f"coalesce({frame.ends}, TIMESTAMPTZ 'infinity')" if frame.ends else frame.starts
        db.register("nothing", pa.Table.from_pandas(nothing, preserve_index=False))
        where = "($start IS NULL OR {last} >= $start) AND ($end IS NULL OR {first} < $end)"
        relation = db.sql(
            # A file that an older version wrote may lack a column.
            "SELECT * FROM (FROM nothing UNION ALL BY NAME FROM read_parquet($files, union_by_name = true)) "
            f"WHERE {where.format(last=last, first=frame.starts)} ORDER BY ALL",
            params={"files": files, "start": start, "end": end},
        )
        return as_frame(relation, frame)

    def coverage(self) -> pd.DataFrame:
        """A row for each reading of each source."""
        migrations.ready(self._folder)
        return self._readings()

    def _readings(self) -> pd.DataFrame:
        path = self._folder / "coverage.parquet"
        if not path.exists():
            return COVERAGE.empty()
        with _database(self._folder) as db:
            return as_frame(db.sql("SELECT * FROM read_parquet($file)", params={"file": str(path)}), COVERAGE)

    def _files(self, frame: Frame) -> list[str]:
        return sorted(str(path) for path in (self._folder / frame.name).glob("*.parquet"))

    def _merge_rows(
        self, db: duckdb.DuckDBPyConnection, frame: Frame, rows: pd.DataFrame | StoredRows, coverage: Coverage
    ) -> Coverage:
        if frame.replaces_by:
            bills.offer(db, frame, rows, coverage.source)
            return bills.merge(db, frame, self._folder / frame.name, coverage, _write)
        incoming = rows.assign(source=pd.Series(coverage.source, index=rows.index, dtype=TEXT))
        db.register("incoming", pa.Table.from_pandas(incoming, preserve_index=False))
        db.execute("CREATE TABLE known AS SELECT * FROM incoming LIMIT 0")
        if files := self._files(frame):
            known = "FROM known UNION ALL BY NAME FROM read_parquet($files, union_by_name = true)"
            db.execute(f"CREATE OR REPLACE TABLE known AS {known}", {"files": files})
        if frame.states_of:
            before = db.sql(f"SELECT known.* FROM known SEMI JOIN incoming USING (source, {frame.states_of})")
            laid = _laid_over(as_frame(before, frame), incoming, frame)
            db.register("incoming", pa.Table.from_pandas(laid, preserve_index=False))
        coverage = _one_row_an_id(db, frame, coverage)
        by = (frame.states_of,) if frame.states_of else frame.key
        same = " AND ".join(f"known.{column} = fresh.{column}" for column in (*by, "source"))
        for told in frame.keeps_earliest:
            db.execute(f"UPDATE fresh SET {told} = least(fresh.{told}, known.{told}) FROM known "
                       f"WHERE {same} AND fresh.last_seen_at IS NOT NULL")  # fmt: skip
        db.execute(
            "CREATE TABLE merged AS SELECT * FROM known WHERE NOT EXISTS "
            f"(SELECT 1 FROM fresh WHERE {same}) UNION ALL BY NAME SELECT * FROM fresh"
        )
        self._write_changed(db, frame)
        return coverage

    def _write_changed(self, db: duckdb.DuckDBPyConnection, frame: Frame) -> None:
        month = f"strftime({frame.starts}, '%Y-%m')"
        counted = "SELECT *, count(*) AS n FROM {} GROUP BY ALL"
        known, merged = counted.format("known"), counted.format("merged")
        changed = db.sql(
            f"SELECT DISTINCT {month} FROM (({known} EXCEPT {merged}) UNION ALL ({merged} EXCEPT {known})) ORDER BY 1"
        ).fetchall()
        folder, rows = self._folder / frame.name, f"SELECT * FROM merged WHERE {month} = '{{}}' ORDER BY ALL"
        _write(db, {folder / f"{name}.parquet": rows.format(name) for (name,) in changed})

    def _record(self, coverage: Coverage, now: pd.Timestamp) -> None:
        known = self._readings()  # the folder is held: `coverage` might wait for it forever
        row = COVERAGE.conform(pd.DataFrame([{**coverage.record(), "collected_at": now}]))
        asked = ["frame", "source", "requested_start", "requested_end"]
        same = (known[asked] == row.loc[0, asked]).all(axis=1)
        if coverage.status == "unavailable" and (known.loc[same, "status"] != "unavailable").any():
            return  # What was read of this window before is still in the store.
        told = [name for name in COVERAGE.names if name != "collected_at"]
        # What a source has forgotten since stays seen, and what was read whole stays so: only a window that
        # this reading holds again, as well, is replaced.
        first, last = row.loc[0, "observed_start"], row.loc[0, "observed_end"]
        held = (known["observed_start"] >= first) & (known["observed_end"] <= last)
        as_well = coverage.status == "ok" or known["status"] != "ok"
        again = same & (known["observed_start"].isna() | held & as_well)
        if again.sum() == 1 and known.loc[again, told].reset_index(drop=True).equals(row[told]):
            return
        rows = pd.concat([known[~again], row]).sort_values(list(COVERAGE.key))
        with _database(self._folder) as db:
            db.register("readings", pa.Table.from_pandas(rows, preserve_index=False))
            _write(db, {self._folder / "coverage.parquet": "SELECT * FROM readings"})


def as_frame(relation: duckdb.DuckDBPyRelation, frame: Frame) -> pd.DataFrame:
    """A relation as the frame's columns and ``source``, its decimals exact."""
    select = [f"CAST({c.name} AS {SQL_TYPES[c.dtype]}) AS {c.name}" for c in frame.columns]
    if "source" not in frame.names:
        select.append("source")
    table = relation.project(", ".join(select)).to_arrow_table()
    # DuckDB's own .df() would turn DECIMAL into float64.
    rows = table.to_pandas(types_mapper=lambda kind: DECIMAL if pa.types.is_decimal(kind) else None)
    dtypes = {c.name: c.dtype for c in frame.columns} | {"source": TEXT}
    return rows.astype({name: dtypes[name] for name in rows.columns})


def _laid_over(known: pd.DataFrame, told: pd.DataFrame, frame: Frame) -> pd.DataFrame:
    """What is known of each thing's states, with what a reading tells in its place; stretches that meet are one."""
    first, last, parts = frame.starts, frame.ends, []
    for thing, fresh in told.groupby(frame.states_of):
        old, seen = known[known[frame.states_of] == thing], Intervals.from_frame(fresh, first, last)
        for state, rows in pd.concat([old, fresh]).groupby("state"):
            before = Intervals.from_frame(old[old["state"] == state], first, last) - seen
            spans = before | Intervals.from_frame(fresh[fresh["state"] == state], first, last)
            parts += [rows.iloc[-1].to_dict() | {first: start, last: end} for start, end in spans.pairs()]
    made = pd.DataFrame(parts, columns=list(told.columns))
    return made.astype({name: told[name].dtype for name in told.columns})


def _one_row_an_id(db: duckdb.DuckDBPyConnection, frame: Frame, coverage: Coverage) -> Coverage:
    """Drop repeated rows; where one id comes with two contents, take one and say so."""
    key = ", ".join((*frame.key, "source"))
    db.execute(
        f"CREATE TABLE fresh AS SELECT DISTINCT ON ({key}) * FROM (SELECT DISTINCT * FROM incoming) ORDER BY ALL"
    )
    ((distinct, fresh),) = db.sql(
        "SELECT (SELECT count(*) FROM (SELECT DISTINCT * FROM incoming)), (SELECT count(*) FROM fresh)"
    ).fetchall()
    if distinct == fresh:
        return coverage
    said = f"{distinct - fresh} rows repeat the {', '.join(frame.key)} of another with other content"
    return Coverage(**{**coverage.record(), "status": "partial", "why": f"{coverage.why}; {said}".lstrip("; ")})


def _write(db: duckdb.DuckDBPyConnection, contents: dict[Path, str]) -> None:
    """Write each query's rows beside its file; when all are whole, each takes its place in one step."""
    staged: dict[str, Path] = {}
    try:
        for path, query in contents.items():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
            os.close(handle)
            staged[name] = path
            # Straight into the file that only its owner may read: DuckDB's own would be open to all.
            options = "FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false"
            quoted = name.replace("'", "''")
            db.execute(f"COPY ({query}) TO '{quoted}' ({options})")
            _sync(name)
        for name, path in staged.items():
            if not bills.is_same(db, name, path):
                os.replace(name, path)
    except (OSError, duckdb.Error) as error:
        raise StoreError(f"{path} cannot be written: {error}", hint="check disk space and permissions") from error
    finally:
        for name in staged:
            Path(name).unlink(missing_ok=True)


def _sync(name: str) -> None:
    with open(name, "rb") as handle:
        os.fsync(handle.fileno())


@contextmanager
def _database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that keeps time in UTC and loads nothing from elsewhere."""
    config = {
        "TimeZone": "UTC", "autoinstall_known_extensions": "false", "preserve_insertion_order": "true",
        "memory_limit": _MEMORY, "temp_directory": str(folder / ".spilled"),
    }  # fmt: skip
    with duckdb.connect(config=config) as db:
        try:
            yield db
        except duckdb.Error as error:
            raise StoreError(
                f"{folder} cannot be read: {error}", hint="restore the file from a copy, or remove it and collect again"
            ) from error
