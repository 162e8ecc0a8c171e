"""Reads a lake by glob again and again while runs write to it: new batches, rows that replace others, and merged files.

    python writing.py ROUNDUP API IDS.txt FOLDER

Whatever a reader finds must be whole: no key twice, no interview without its answers, and never fewer than before. A read
that fails because a file was replaced is made again, as docs/lake.md says; any other error fails the test.
"""
import collections
import contextlib
import os
import pathlib
import subprocess
import sys
import threading

import duckdb
import polars
import pyarrow.dataset

roundup, api, ids, folder = sys.argv[1:]
folder = pathlib.Path(folder)
folder.mkdir(exist_ok=True)
lake = folder / "lake"
PARTS = 8
# Reads of each engine while something is written, at least. Spark takes its time.
READS = {"DuckDB": 12, "Polars": 12, "pyarrow": 12, "Spark": 3}
# A writer that never rests replaces files faster than Spark lists and opens them on a busy machine.
TRIES = 30

interviews = pathlib.Path(ids).read_text().split()
parts = [folder / f"ids-{part}.txt" for part in range(PARTS)]
for part, path in enumerate(parts):
    path.write_text("\n".join(interviews[part::PARTS]) + "\n")
reads = collections.Counter()
again = collections.Counter()
seen = []
wrong = []
begun, done = threading.Event(), threading.Event()


def ingest(path, *flags):
    subprocess.run([roundup, "--quiet", "ingest", "--lake", lake, "--api", api, "--requests-per-minute", "60000",
                    "--questions", "none", *flags, path], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([roundup, "--quiet", "compact", "--lake", lake], check=True, stdout=subprocess.DEVNULL)
    begun.set()


def write():
    """All parts one after the other, then the first ones anew, until everybody has read enough."""
    try:
        for path in parts:
            ingest(path)
        rounds = 0
        while (any(reads[name] < least for name, least in READS.items()) or rounds < 2) and not wrong:
            ingest(parts[rounds % PARTS], "--refetch")
            rounds += 1
    except BaseException as error:
        wrong.append(f"the writer: {error}")
    finally:
        begun.set()
        done.set()


def by_duckdb(table, columns):
    return duckdb.connect().execute(f"select {', '.join(columns)} from '{lake}/{table}/**/*.parquet'").fetchall()


def by_polars(table, columns):
    return polars.scan_parquet(f"{lake}/{table}/**/*.parquet", hive_partitioning=False).select(columns).collect().rows()


def by_pyarrow(table, columns):
    read = pyarrow.dataset.dataset(lake / table).to_table(columns=columns)
    return list(zip(*(read[name].to_pylist() for name in columns)))


def by_spark(table, columns):
    return [tuple(row) for row in spark.read.parquet(str(lake / table)).select(*columns).collect()]


READERS = {"DuckDB": by_duckdb, "Polars": by_polars, "pyarrow": by_pyarrow, "Spark": by_spark}


GONE = ("No such file", "NoSuchFileException", "FILE_NOT_EXIST", "does not exist", "cannot find")
# Spark looks for a footer where the file that it listed ended, which another file of that name need not.
OTHER_LENGTH = "is not a Parquet file"


def is_replaced(name, error, changed):
    """Whether a file was listed and replaced before it was opened or read to its end."""
    said = str(error)
    return any(words in said for words in GONE) or (name == "Spark" and OTHER_LENGTH in said and changed)


def files(table):
    """What a listing of a table has: each file by its path and what it is."""
    listed = {}
    for path in (lake / table).rglob("*.parquet"):
        with contextlib.suppress(FileNotFoundError):
            listed[path] = path.stat().st_ino
    return listed


def read(name, table, columns):
    for _ in range(TRIES):
        listed = files(table)
        try:
            return READERS[name](table, columns)
        except Exception as error:
            if not is_replaced(name, error, files(table) != listed):
                raise
            again[name] += 1
    raise RuntimeError(f"{table} was replaced under {TRIES} reads")


def whole(name, before):
    found = [row[0] for row in read(name, "interviews", ["interview_id"])]
    answers = read(name, "responses", ["interview_id", "position"])
    if len(set(found)) != len(found) or len(set(answers)) != len(answers):
        raise RuntimeError("a key is there twice")
    if len(found) < before:
        raise RuntimeError(f"{len(found)} interviews, after {before}")
    counts = collections.Counter(interview for interview, _ in answers)
    seen.append((name, {interview: counts[interview] for interview in found}))
    return len(found)


def reader(name):
    try:
        before = 0
        while not done.is_set():
            before = whole(name, before)
            reads[name] += 1
    except BaseException as error:
        wrong.append(f"{name}: {error}")


os.environ["PYTHONWARNINGS"] = "ignore"
from pyspark.sql import SparkSession

spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.ui.showConsoleProgress", "false").config("spark.driver.host", "127.0.0.1")
         .config("spark.driver.bindAddress", "127.0.0.1").getOrCreate())
spark.sparkContext.setLogLevel("OFF")

writer = threading.Thread(target=write)
writer.start()
begun.wait()
threads = [threading.Thread(target=reader, args=(name,)) for name in READERS]
for thread in threads:
    thread.start()
for thread in [writer, *threads]:
    thread.join()
if not wrong:
    counts = collections.Counter(interview for interview, _ in by_duckdb("responses", ["interview_id", "position"]))
    for name, found in seen:
        if less := [interview for interview, answers in found.items() if answers != counts[interview]]:
            wrong.append(f"{name}: {len(less)} of {len(found)} interviews had other answers than at the end")
if wrong:
    sys.exit("\n".join(wrong))
grown = len({len(found) for _, found in seen})
if grown < PARTS / 2:
    sys.exit(f"only {grown} versions were seen")
print(f"while runs wrote: {dict(reads)} reads, {sum(again.values())} made again; {grown} sizes of the lake, all whole")
spark.stop()
