"""Opens every Delta table of a lake with delta-rs, Polars and DuckDB, and compares them with each other and, where
nothing is writing, with the table's own Parquet files.

    python delta.py LAKE            # compares rows and contents with the glob
    python delta.py LAKE --watch    # while something writes: reads until LAKE/../stop exists

Needs deltalake, polars, pyarrow, duckdb==1.5.5 and duckdb-extension-delta==1.5.5.
"""

import pathlib
import sys

import duckdb
import duckdb_extension_delta
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable


def duck():
    folder = pathlib.Path(duckdb_extension_delta.__file__).parent / "extensions"
    extension = next(folder.rglob("delta.duckdb_extension"))
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"LOAD '{extension}'")
    return con


def plain(frame):
    """Rows in an order and with types that do not depend on the engine."""
    frame = frame.select(sorted(frame.columns))
    frame = frame.with_columns(
        pl.col(pl.Datetime).dt.convert_time_zone("UTC").dt.cast_time_unit("us"),
        pl.col(pl.Categorical).cast(pl.String),
    )
    if "places" in frame.columns:
        frame = frame.with_columns(
            pl.col("places").map_elements(lambda places: str([tuple(p.values()) for p in places]), return_dtype=pl.String)
        )
    return frame.sort(frame.columns, nulls_last=True)


def by_delta_rs(path, version=None):
    return pl.from_arrow(pa.table(DeltaTable(path, version=version).to_pyarrow_table()))


def by_polars(path, version=None):
    return pl.read_delta(str(path), version=version)


def by_duckdb(con, path):
    return pl.from_arrow(con.execute(f"SELECT * FROM delta_scan('{path}')").to_arrow_table())


def by_glob(lake, table):
    partitions = pa.schema([(name, pa.string()) for name in (["set", "month"] if table == "keyword_hits" else ["month"])])
    hive = None if table in ("open_interviews", "jobs") else ds.partitioning(partitions, flavor="hive")
    return pl.from_arrow(ds.dataset(lake / table, partitioning=hive, format="parquet").to_table())


def tables(lake):
    return sorted({path.parent.parent.name for path in (lake / "delta").glob("*/_delta_log/*.json")})


def compare(lake):
    con = duck()
    for table in tables(lake):
        path = lake / "delta" / table
        frames = {
            "delta-rs": by_delta_rs(path),
            "polars": by_polars(path),
            "duckdb": by_duckdb(con, path),
            "glob": by_glob(lake, table),
        }
        first = plain(frames.pop("glob"))
        for engine, frame in frames.items():
            other = plain(frame)
            assert other.columns == first.columns, (table, engine, other.columns, first.columns)
            assert other.equals(first), (table, engine, other.height, first.height)
        history = DeltaTable(path).history(1)[0]
        print(f"{table:<20} {first.height:>7} rows  lake version {history['lakeVersion']}")
        rows = con.execute(f"SELECT count(*) FROM delta_scan('{path}')").fetchone()[0]
        assert rows == first.height


def watch(lake):
    """While a run writes: no reader fails, and every one sees a whole version with each row once."""
    con = duck()
    rounds, versions = 0, set()
    while not (lake.parent / "stop").exists():
        for table in tables(lake):
            path = lake / "delta" / table
            at = DeltaTable(path).version()
            versions.add((table, at))
            # Both are told the version, so they have to be the same, whatever is replaced meanwhile.
            one, two = by_delta_rs(path, at), by_polars(path, at)
            assert plain(one).equals(plain(two)), (table, at)
            by_duckdb(con, path)
        for table, key in [("interviews", ["interview_id"]), ("responses", ["interview_id", "position"])]:
            if table in tables(lake):
                assert not by_polars(lake / "delta" / table).select(key).is_duplicated().any(), table
        rounds += 1
    print(f"{rounds} rounds, {len(versions)} versions of {len(tables(lake))} tables")


if __name__ == "__main__":
    lake = pathlib.Path(sys.argv[1]).resolve()
    watch(lake) if "--watch" in sys.argv else compare(lake)
