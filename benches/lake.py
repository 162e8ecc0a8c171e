#!/usr/bin/env python3
"""Times `status --check` and `ledger rebuild` beside DuckDB merely reading the same columns, on the same lake.

    python benches/lake.py ROUNDUP LAKE [--runs 5] [--threads 2]

Wants duckdb, as in .ci/requirements.txt. LAKE is one of those that `benches/analysis.py` makes and keeps, analysed with
`roundup analyze`. Each takes turns with its peer, and the table has the median of each. Whole processes are timed, with the
import of DuckDB left out. DuckDB takes the largest value of every column that is read, so that it decodes every page; it
hashes no file, looks at no key and writes nothing. Ends with 1 if a command fails or the check finds anything.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

PEER = """
import json, sys, time, duckdb
lake, threads, tables = sys.argv[1:]
began = time.perf_counter()
connection = duckdb.connect(config={"threads": int(threads)})
connection.execute("set enable_progress_bar = false")
for table, columns in json.loads(tables).items():
    connection.execute(f"create or replace temp table largest as select max(columns({columns})) from "
                       f"read_parquet('{lake}/{table}/**/*.parquet', hive_partitioning = false, union_by_name = true)")
print(time.perf_counter() - began)
"""

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("lake", type=pathlib.Path)
arguments.add_argument("--runs", type=int, default=5)
arguments.add_argument("--threads", type=int, default=2)
options = arguments.parse_args()
environment = os.environ | {"RAYON_NUM_THREADS": str(options.threads)}
tables = sorted({path.relative_to(options.lake).parts[0] for path in options.lake.glob("[a-z]*/**/*.parquet")} - {"delta"})
known = ["interview_id", "source", "status", "job_id", "expires_at", "settled_at", "first_seen_at", "first_seen_via",
         "first_seen_status", "asked_at", "asks_after_expiry"]
# What a rebuild reads: all that the ledger knows of an interview, and which questions were answered.
rebuilt = {"interviews": known, "open_interviews": known, "responses": ["interview_id", "question_id"]}


def timed(command):
    """How long a command takes, in seconds, its peak memory in MB, and what it prints."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {os.waitstatus_to_exitcode(status)}: {printed[:500]!r}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024, printed


def compare(name, command, columns):
    ours, theirs, peak = [], [], 0
    peer = [sys.executable, "-c", PEER, options.lake, str(options.threads), json.dumps(columns)]
    for _ in range(options.runs):
        theirs.append(float(subprocess.check_output(peer)))
        seconds, memory, _ = timed(command)
        ours.append(seconds)
        peak = max(peak, memory)
    median, of_peer = statistics.median(ours), statistics.median(theirs)
    rows = sum(rows_of[table] for table in columns)
    print(f"{name:<15} {median:6.2f} s  ({min(ours):.2f} to {max(ours):.2f}), {rows / median:,.0f} rows/s, {peak:.0f} MB")
    print(f"DuckDB, reading {of_peer:6.2f} s  ({min(theirs):.2f} to {max(theirs):.2f}), "
          f"{rows / of_peer:,.0f} rows/s; roundup takes {median / of_peer:.1f} times as long")


check = [options.roundup, "-q", "status", "--lake", options.lake, "--check", "--format", "json"]
rebuild = [options.roundup, "-q", "ledger", "rebuild", "--lake", options.lake]
checked = json.loads(timed(check)[2])
rows_of = json.loads(subprocess.check_output([sys.executable, "-c", """
import json, sys, duckdb
count = lambda table: duckdb.sql(f"select count(*) from '{sys.argv[1]}/{table}/**/*.parquet'").fetchall()[0][0]
print(json.dumps({table: count(table) for table in json.loads(sys.argv[2])}))
""", options.lake, json.dumps(tables)]))
if sum(rows_of.values()) != checked["rows"]:
    sys.exit(f"the check read {checked['rows']} rows, and DuckDB {sum(rows_of.values())}")
print(f"{checked['rows']} rows, {checked['bytes'] / 1e6:.0f} MB in {checked['files']} files")
compare("status --check", check, {table: "*" for table in tables})
compare("ledger rebuild", rebuild, {table: columns for table, columns in rebuilt.items() if table in tables})
