#!/usr/bin/env python3
"""Times `status --check` beside DuckDB merely reading the same columns, on the same lake.

    python benches/status_check.py ROUNDUP LAKE [--runs 5] [--threads 2]

Wants duckdb, as in .ci/requirements.txt. LAKE is one of those that `benches/analysis.py` makes and keeps, analysed with
`roundup analyze`. The two take turns, and the table has the median of each. Whole processes are timed, with the import of
DuckDB left out. DuckDB takes the largest value of every column of every table, so that it decodes every page; it hashes no
file, and looks at no key. Ends with 1 if the check finds anything.
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
import glob, sys, time, duckdb
lake, threads = sys.argv[1:]
began = time.perf_counter()
connection = duckdb.connect(config={"threads": int(threads)})
for table in sorted(glob.glob(f"{lake}/[a-z]*/")):
    if glob.glob(f"{table}**/*.parquet", recursive=True):
        connection.sql(f"select max(columns(*)) from read_parquet('{table}**/*.parquet', hive_partitioning = false, "
                       "union_by_name = true)").fetchall()
print(time.perf_counter() - began)
"""

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("lake", type=pathlib.Path)
arguments.add_argument("--runs", type=int, default=5)
arguments.add_argument("--threads", type=int, default=2)
options = arguments.parse_args()
check = [options.roundup, "-q", "status", "--lake", options.lake, "--check", "--format", "json"]
environment = os.environ | {"RAYON_NUM_THREADS": str(options.threads)}

ours, theirs, peak = [], [], 0
for _ in range(options.runs):
    theirs.append(float(subprocess.check_output([sys.executable, "-c", PEER, options.lake, str(options.threads)])))
    began = time.perf_counter()
    process = subprocess.Popen(check, stdout=subprocess.PIPE, env=environment)
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    ours.append(time.perf_counter() - began)
    peak = max(peak, usage.ru_maxrss / 1024)
    checked = json.loads(printed)
    if status != 0:
        sys.exit(f"the check found {len(checked['findings'])}: {checked['findings'][:3]}")
rows, size, median = checked["rows"], checked["bytes"], statistics.median(ours)
print(f"{rows} rows, {size / 1e6:.0f} MB in {checked['files']} files")
print(f"status --check  {median:6.2f} s  ({min(ours):.2f} to {max(ours):.2f}), {rows / median:,.0f} rows/s, {peak:.0f} MB")
median_of_theirs = statistics.median(theirs)
print(f"DuckDB, reading {median_of_theirs:6.2f} s  ({min(theirs):.2f} to {max(theirs):.2f}), "
      f"{rows / median_of_theirs:,.0f} rows/s, {median_of_theirs / median:.2f}x roundup's")
