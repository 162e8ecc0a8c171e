"""Times the analysis on a Spark cluster of this machine: two workers with one core each beside one, and the job beside plain
`roundup analyze`.

    python benches/spark.py target/release/roundup --folder bench-spark [--interviews 40000] [--runs 3]

Run it with a Python that has what tests/spark/requirements.txt names. Needs Java 17. Prints medians and ratios; asks of two
workers at most 1/1.7 of the time of one, and ends with 1 if they take longer.
"""
import argparse
import importlib.util
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("roundup", type=pathlib.Path)
parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("bench-spark"))
parser.add_argument("--parts", type=int, default=24, help="imports, so that there are as many batches a month")
parser.add_argument("--interviews", type=int, default=40_000)
parser.add_argument("--runs", type=int, default=3)
options = parser.parse_args()
options.folder.mkdir(exist_ok=True)
roundup, folder = options.roundup.resolve(), options.folder.resolve()

# The cluster is that of the tests, which take their arguments from the command line.
sys.argv = ["cluster.py", str(roundup), str(folder)]
spec = importlib.util.spec_from_file_location("cluster", HERE.parent / "tests/spark/cluster.py")
cluster = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cluster)
SETS = ["builtin:engineering", "builtin:behavioural", "builtin:sales"]
cluster.SETS = SETS


def make_lake() -> pathlib.Path:
    lake = folder / "lake"
    if lake.exists():
        return lake
    bodies = folder / "bodies.jsonl"
    subprocess.run([sys.executable, HERE / "corpus.py", "--out", bodies, "--interviews", str(options.interviews)], check=True)
    lines = bodies.read_text().splitlines(keepends=True)
    unfinished = folder / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    for part in range(options.parts):
        path = folder / "part.jsonl"
        path.write_text("".join(lines[part::options.parts]))
        subprocess.run([roundup, "-q", "import", "--lake", unfinished, path], check=True)
    unfinished.rename(lake)
    return lake


def timed(run) -> float:
    begun = time.monotonic()
    run()
    return time.monotonic() - begun


def plain(lake: pathlib.Path, threads: int) -> float:
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
    command = [roundup, "-q", "analyze", "--lake", lake, "--force", "--keywords", *SETS]
    return timed(lambda: subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL))


def job(lake: pathlib.Path, workers: int) -> tuple[float, float]:
    """Seconds of the whole job, and from its first task to its last."""
    with cluster.Cluster(workers=workers) as spark:
        begun = time.monotonic()
        process = cluster.submit(spark, "--lake", lake, "--force", "--results", folder / "results.jsonl")
        first, logged = None, []
        for line in process.stdout:
            logged.append(line)
            if first is None and "Starting task 0.0" in line:
                first = time.monotonic()
            if re.match(r"analyse  ", line):
                last = time.monotonic()
        assert process.wait() == 0, "".join(logged[-50:])
        return time.monotonic() - begun, last - (first or begun)


lake = make_lake()
one, two, alone, both = [], [], [], []
for _ in range(options.runs):
    one.append(job(lake, 1))
    two.append(job(lake, 2))
    alone.append(plain(lake, 1))
    both.append(plain(lake, 2))
whole = {name: statistics.median(all for all, _ in runs) for name, runs in (("one", one), ("two", two))}
tasks = {name: statistics.median(part for _, part in runs) for name, runs in (("one", one), ("two", two))}
alone, both = statistics.median(alone), statistics.median(both)
print(f"tasks: one worker {tasks['one']:.1f} s, two {tasks['two']:.1f} s: {tasks['one'] / tasks['two']:.2f} times as fast")
print(f"jobs with starting up: one worker {whole['one']:.1f} s, two {whole['two']:.1f} s")
print(f"plain analyze: one thread {alone:.1f} s, two {both:.1f} s")
print(f"overhead of the tasks beside plain analyze: {tasks['one'] / alone:.2f} with one core, {tasks['two'] / both:.2f} with two")
sys.exit(tasks["one"] / tasks["two"] < 1.7)
