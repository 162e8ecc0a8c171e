"""Reads every table of a lake by glob or by folder, with every engine, and demands the same of all.

    python engines.py ROUNDUP LAKE

DuckDB, Polars, pyarrow, pandas and Spark must have the same rows, types, instants and places, see the same partitions,
and leave out what statistics and bloom filters exclude. Fails with a message at the first disagreement.
"""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import time

# Times are instants, so a reader elsewhere reads the same ones.
os.environ["TZ"] = "Asia/Tokyo"
time.tzset()

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet

roundup, lake = sys.argv[1], pathlib.Path(sys.argv[2])
PARTITIONS = {"month": polars.String, "set": polars.String}
TYPES = {"VARCHAR": pyarrow.string(), "BIGINT": pyarrow.int64(), "DOUBLE": pyarrow.float64(),
         "BOOLEAN": pyarrow.bool_(), "TIMESTAMP WITH TIME ZONE": pyarrow.timestamp("us", "UTC")}


def agree(what, got, want):
    if got != want:
        sys.exit(f"{what}: {str(got)[:500]} is not {str(want)[:500]}")


def spark_session():
    from pyspark.sql import SparkSession
    # A month is a text, also where all of them look like days.
    builder = (SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
               .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
               .config("spark.sql.shuffle.partitions", "2").config("spark.ui.showConsoleProgress", "false").config("spark.driver.host", "127.0.0.1")
               .config("spark.driver.bindAddress", "127.0.0.1"))
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def scan_duckdb(table):
    return f"read_parquet('{lake}/{table}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)"


def scan_polars(table):
    of_table = {name: kind for name, kind in PARTITIONS.items() if name in SCHEMA[table]["partitions"]}
    return polars.scan_parquet(f"{lake}/{table}/**/*.parquet", hive_partitioning=bool(of_table), hive_schema=of_table or None)


def scan_pyarrow(table):
    of_table = pyarrow.schema([(name, pyarrow.string()) for name in SCHEMA[table]["partitions"]])
    return pyarrow.dataset.dataset(lake / table, partitioning=pyarrow.dataset.partitioning(of_table, flavor="hive"))


def scan_pandas(table):
    of_table = pyarrow.schema([(name, pyarrow.string()) for name in SCHEMA[table]["partitions"]])
    partitioning = pyarrow.dataset.partitioning(of_table, flavor="hive")
    return pandas.read_parquet(lake / table, partitioning=partitioning, dtype_backend="pyarrow")


ENGINES = {
    "DuckDB": lambda table: duckdb.sql(f"from {scan_duckdb(table)}").to_arrow_table(),
    "Polars": lambda table: scan_polars(table).collect().to_arrow(),
    "pyarrow": lambda table: scan_pyarrow(table).to_table(),
    "pandas": lambda table: pyarrow.Table.from_pandas(scan_pandas(table), preserve_index=False),
    "Spark": lambda table: spark.read.parquet(str(lake / table)).toArrow(),
}


def is_of_type(kind, want):
    """Whether an Arrow type is one of a column of the schema. Engines have several for text, and zones of their own."""
    if want.endswith("[]"):
        return (pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)) and pyarrow.types.is_struct(kind.value_type)
    if want == "VARCHAR":
        return pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind) or pyarrow.types.is_string_view(kind)
    if want.startswith("TIMESTAMP"):
        return pyarrow.types.is_timestamp(kind) and kind.unit == "us" and kind.tz is not None
    return kind == TYPES[want]


def rows(table, columns):
    """All rows as text, sorted. Instants are numbers, so that no zone matters."""
    values = []
    for name in columns:
        column = table[name]
        if pyarrow.types.is_timestamp(column.type):
            column = column.cast(pyarrow.int64())
        values.append(column.to_pylist())
    return sorted(map(repr, zip(*values)))


SCHEMA = {}
for described in json.loads(subprocess.run([roundup, "schema", "--format", "json"], check=True, capture_output=True).stdout):
    if any((lake / described["table"]).rglob("*.parquet")):
        SCHEMA[described["table"]] = described
spark = spark_session()

for table, described in SCHEMA.items():
    columns = {column["name"]: column["type"] for column in described["columns"]} | dict.fromkeys(described["partitions"], "VARCHAR")
    files = sorted((lake / table).rglob("*.parquet"))
    for file in files:
        for field in pyarrow.parquet.read_schema(file):
            agree(f"{table}.{field.name} of {file.name} has a description", b"description" in (field.metadata or {}), True)
    first = None
    for engine, read in ENGINES.items():
        read = read(table)
        for name, want in columns.items():
            if not is_of_type(read.schema.field(name).type, want):
                sys.exit(f"{table}.{name} by {engine}: {read.schema.field(name).type} is not {want}")
        agree(f"columns of {table} by {engine}", sorted(read.schema.names), sorted(columns))
        its = rows(read, columns)
        first = first or its
        agree(f"number of rows of {table} by {engine}", len(its), len(first))
        if its != first:
            sys.exit(f"{table} by {engine}: {next(pair for pair in zip(its, first) if pair[0] != pair[1])}")
    agree(f"{table} has rows", len(first) > 0, True)
    print(f"{table}: {len(first)} rows in {len(files)} files, by {', '.join(ENGINES)}")

# Partitions: the month is that of the interview, and a query of one month opens its files alone.
month = max(path.name.removeprefix("month=") for path in (lake / "responses").iterdir())
files = len(list((lake / "responses").rglob("*.parquet")))
in_month = len(list((lake / f"responses/month={month}").rglob("*.parquet")))
agree("months of the lake", files > in_month, True)
[(wrong,)] = duckdb.sql(f"""select count(*) from {scan_duckdb("interviews")}
    where month <> coalesce(strftime(settled_at at time zone 'UTC', '%Y-%m'), 'unknown')""").fetchall()
agree("interviews in the folder of another month", wrong, 0)


def duckdb_scan(condition):
    """What DuckDB says of its scan of the answers: files and row groups that it read, and how many there are."""
    query = f"select sum(duration_seconds) from {scan_duckdb('responses')} where {condition}"
    connection = duckdb.connect()
    connection.execute("pragma enable_profiling = 'no_output'")
    [(_, profile)] = connection.execute(f"explain (analyze, format json) {query}").fetchall()

    def scans(node):
        if "row_groups_scanned" in node:
            yield node
        for child in node.get("children", []):
            yield from scans(child)

    [scan] = [scan for node in json.loads(profile)["operator"] for scan in scans(node)]
    return int(scan["extra_info"]["Total Files Read"]), scan["row_groups_scanned"], scan["total_row_groups_to_scan"]


def polars_scan(condition):
    """How many row groups Polars read of those of the files it opened, from what it says of itself."""
    script = f"""if True:
        import datetime, polars
        answers = polars.scan_parquet({str(lake)!r} + "/responses/**/*.parquet", hive_schema={{"month": polars.String}})
        answers.filter({condition}).select(polars.col("duration_seconds").sum()).collect()
    """
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True,
                          env=os.environ | {"POLARS_VERBOSE": "1"}).stderr
    read = re.findall(r"Predicate pushdown: reading (\d+) / (\d+) row groups", said)
    skipped = re.findall(r"allows skipping (\d+) / \d+ files", said)
    return sum(int(some) for some, _ in read), sum(int(all_) for _, all_ in read), max(map(int, skipped), default=0)


read, _, _ = duckdb_scan(f"month = '{month}'")
agree("files that DuckDB opens for a month", read, in_month)
_, _, skipped = polars_scan(f"polars.col('month') == {month!r}")
agree("files that Polars skips for a month", skipped, files - in_month)
answers = scan_pyarrow("responses")
fragments = list(answers.get_fragments(filter=pyarrow.dataset.field("month") == month))
agree("files that pyarrow opens for a month", len(fragments), in_month)
plan = spark.read.parquet(str(lake / "responses")).filter(f"month = '{month}'")
agree("files that Spark opens for a month", plan.select("_metadata.file_path").distinct().count(), in_month)
agree("Spark's filter of partitions", "PartitionFilters: [isnotnull(month" in plan._jdf.queryExecution().toString(), True)

# Statistics: times of a file are those of its month, so a query of some days reads few row groups.
[(day,)] = duckdb.sql(f"select max(settled_at)::date - 7 from {scan_duckdb('responses')}").fetchall()
noon = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.timezone.utc)
_, read, groups = duckdb_scan(f"settled_at >= timestamptz '{day} 00:00+00'")
agree("row groups that DuckDB reads for some days are few", 0 < read < groups, True)
read, groups, _ = polars_scan(f"polars.col('settled_at') >= datetime.datetime({day.year}, {day.month}, {day.day}, tzinfo=datetime.timezone.utc)")
agree("row groups that Polars reads for some days are few", 0 < read < groups, True)
of_days = pyarrow.dataset.field("settled_at") >= noon
kept = sum(len(fragment.subset(of_days).row_groups) for fragment in answers.get_fragments())
agree("row groups that pyarrow reads for some days are few", 0 < kept < groups, True)

# The bloom filter: an id is in the files of its months, whatever lies between the smallest and the largest id of another.
[(interview,)] = duckdb.sql(f"select interview_id from {scan_duckdb('responses')} order by hash(interview_id) limit 1").fetchall()
[(excluded,)] = duckdb.sql(f"""select count(*) filter (bloom_filter_excludes) from
    parquet_bloom_probe('{lake}/responses/**/*.parquet', 'interview_id', '{interview}')""").fetchall()
agree("row groups that bloom filters exclude", excluded > 0, True)
_, read, groups = duckdb_scan(f"interview_id = '{interview}'")
agree("row groups that DuckDB reads for an id", read <= groups - excluded, True)

# What a transcript says is in no footer.
for file in (lake / "responses").rglob("*.parquet"):
    metadata = pyarrow.parquet.read_metadata(file)
    at = metadata.schema.names.index("transcript")
    for group in range(metadata.num_row_groups):
        agree("statistics of transcripts", metadata.row_group(group).column(at).is_stats_set, False)
        agree("bloom filter of interview_id", metadata.row_group(group).column(0).bloom_filter_offset is not None, True)
print(f"one month, some days, one id: {in_month} of {files} files; few row groups; {excluded} row groups excluded by bloom filters")
spark.stop()
