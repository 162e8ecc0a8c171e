#!/usr/bin/env python3
"""Times how long a writer takes to open a lake of 10,000 files whose log has come to 400,000 commits.

    python3 benches/opening.py ROUNDUP [--files 10000] [--commits 400000] [--runs 11]

Wants nothing but Python. The lake is made in a temporary folder: an import's files are copied under other names, and the
log is written as the program would have left it: a checkpoint, the commits since then, and those of the last week before,
which are not read and only deleted when they are old. Then the same import is run on this lake and on the one with its
three files, in turns: it publishes nothing, so that the difference of the two is the opening.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

EVERY = 1_000
arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("--files", type=int, default=10_000)
arguments.add_argument("--commits", type=int, default=400_000)
arguments.add_argument("--runs", type=int, default=11)
options = arguments.parse_args()
roundup = options.roundup.resolve()
BODY = {"id": "i-1", "status": "completed", "completed_at": "2026-05-04T10:20:00Z", "job": {"id": "j-1"},
        "candidate": {"id": "c-1", "name": "N", "email": "n@example.com"},
        "responses": [{"question_id": "q-1", "transcript": "one two three", "duration_seconds": 2}]}


def line(value):
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def grown(folder):
    """Copies files of the lake, and writes the log that has them."""
    log = folder / "_roundup" / "log"
    first = json.loads((log / f"{0:020}.json").read_text())
    commits = [json.loads(path.read_text()) for path in sorted(log.glob("*.json"))]
    live = {file["path"]: file for commit in commits for file in commit["add"]}
    sources = list(live.values())
    for number in range(options.files - len(sources)):
        file = sources[number % len(sources)]
        month = f"month={2016 + number % 10}-{1 + number // 10 % 12:02}"
        name = f"{file['table']}/{month}/2026{number:04}T000000000Z.parquet"
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(folder / file["path"], folder / name)
        live[name] = file | {"path": name}
    for path in log.iterdir():
        path.unlink()
    last = options.commits - 1
    checkpoint = (last - EVERY + 1) // EVERY * EVERY
    parent = "0" * 64
    for number in range(max(checkpoint - EVERY, 0), last + 1):
        commit = {"version": number, "lake": first["lake"], "parent": parent, "batch": f"b{number}", "kind": "fence",
                  "at": "2026-05-04T10:20:00Z", "by": first["by"], "add": [], "remove": []}
        (log / f"{number:020}.json").write_bytes(line(commit))
        parent = hashlib.sha256(line(commit)).hexdigest()
        if number == checkpoint:
            lines = b"".join(line(file) for _, file in sorted(live.items()))
            head = {"version": number, "lake": first["lake"], "commit": parent, "key": first["key"], "files": len(live),
                    "sha256": hashlib.sha256(lines).hexdigest()}
            (log / f"{number:020}.checkpoint.json").write_bytes(line(head) + lines)


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    (folder / "body.jsonl").write_bytes(line(BODY))
    lakes = {name: [roundup, "-q", "import", "--lake", folder / name, folder / "body.jsonl"] for name in ("small", "large")}
    for command in lakes.values():
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    grown(folder / "large")
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.seal"):
        (folder / "large" / "_roundup" / name).unlink(missing_ok=True)
    took, processor = {name: [] for name in lakes}, {name: [] for name in lakes}
    for run in range(options.runs + 1):
        for name, command in lakes.items():
            began = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            if status != 0:
                raise SystemExit(f"the import into the {name} lake ended with {os.waitstatus_to_exitcode(status)}")
            # The first one rebuilds the ledger.
            if run > 0:
                took[name].append(time.perf_counter() - began)
                processor[name].append(usage.ru_utime + usage.ru_stime)
    for what, seconds in (("wall clock", took), ("processor", processor)):
        small, large = (statistics.median(seconds[name]) * 1000 for name in ("small", "large"))
        print(f"{what:<10}  {small:6.1f} ms with 3 files, {large:6.1f} ms with {options.files}: {large - small:.1f} ms more")
