"""The analysis of a lake on a Spark cluster: the same tables as those of `roundup analyze`, byte for byte.

    spark-submit roundup_spark.py --roundup target/release/roundup --lake /shared/lake --keywords builtin:engineering

The driver asks roundup what there is to do, ships the program and the keyword sets to the executors, and gives each task
some of the units. Workers read the lake and write to a place of their own; in the end the driver lets roundup take what
was made into the lake, as one commit. With the address of a mirror as `--lake`, workers read the mirror and write below
`--outputs`, and `--collect-into` names the lake.

Ends with roundup's exit codes: 0 done, 1 failed, 2 usage, 3 finished, but some units failed, 6 another run holds the lake.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from pyspark import SparkConf, SparkContext, SparkFiles

DONE, FAILED, FINISHED_WITH_LOSSES, INTERRUPTED = 0, 1, 3, 130


@dataclass(frozen=True)
class Analysis:
    """How a worker analyses: the program and the sets as they are called among the files that Spark ships."""

    program: str
    keywords: tuple[str, ...]
    flags: tuple[str, ...]
    threads: int

    def run(self, units: Iterable[str]) -> Iterator[str]:
        """Does units of work, a line each, and yields a line for each result. Runs on an executor."""
        program = SparkFiles.get(self.program)
        host = socket.gethostname()
        try:
            os.chmod(program, 0o755)
        except OSError:
            pass  # It may be somebody else's, and executable already.
        sets = [name if name.startswith("builtin:") else SparkFiles.get(name) for name in self.keywords]
        command = [program, "analyze", "--work-from", "-", *(["--keywords", *sets] if sets else []), *self.flags]
        environment = {**os.environ, "RAYON_NUM_THREADS": str(self.threads)}
        try:
            done = subprocess.run(command, input="".join(units), text=True, capture_output=True, env=environment)
        except OSError as error:
            raise RuntimeError(f"cannot start {program} on {host}: {error.strerror}") from None
        if done.returncode not in (DONE, FINISHED_WITH_LOSSES):
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise RuntimeError(f"roundup ended with {done.returncode} on {host}: {last}")
        yield from done.stdout.splitlines(keepends=True)


def program(name: str) -> pathlib.Path:
    """The whole path of the program: a file, or one in PATH. The driver runs the very file that it ships."""
    path = name if pathlib.Path(name).is_file() else shutil.which(name)
    if path is None:
        raise argparse.ArgumentTypeError(f"there is no program {name}")
    return pathlib.Path(path).resolve()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roundup", required=True, type=program, help="the program, of the executors' platform")
    parser.add_argument("--lake", required=True, help="a folder that all machines see, or the address of a mirror")
    parser.add_argument("--keywords", nargs="+", default=[], metavar="SET", help="files, or builtin:NAME")
    parser.add_argument("--metrics", help="groups of figures, separated by commas; all if left out")
    parser.add_argument("--mode", choices=["word", "substring"], help="how terms of .txt sets are found")
    parser.add_argument("--force", action="store_true", help="make everything again, also what is up to date")
    parser.add_argument("--outputs", help="where workers write; in the lake's own folder if left out")
    parser.add_argument("--collect-into", metavar="DIR", help="the lake that results are taken into, if --lake is a mirror")
    parser.add_argument("--results", type=pathlib.Path, help="also keep the results, a line each, in this file")
    parser.add_argument("--task-bytes", type=int, default=128_000_000, help="bytes of input of a task, at most")
    return parser.parse_args()


def flags_of(options: argparse.Namespace) -> list[str]:
    flags = ["--metrics", options.metrics] if options.metrics else []
    return flags + (["--mode", options.mode] if options.mode else [])


def roundup(options: argparse.Namespace, *more: str) -> subprocess.CompletedProcess[str]:
    """Runs roundup on the driver. What it says goes to stderr."""
    return subprocess.run([options.roundup, "analyze", *more], text=True, stdout=subprocess.PIPE)


def listed(options: argparse.Namespace) -> list[dict]:
    """The units of work, the largest first."""
    sets = ["--keywords", *options.keywords] if options.keywords else []
    more = ["--outputs", options.outputs] if options.outputs else []
    more += ["--force"] if options.force else []
    units = roundup(options, "--lake", options.lake, "--list-work", *sets, *flags_of(options), *more)
    if units.returncode != DONE:
        sys.exit(units.returncode)
    return [json.loads(line) for line in units.stdout.splitlines()]


def tasks_of(units: list[dict], task_bytes: int, cores: int) -> list[list[dict]]:
    """Units in tasks of about the same number of bytes: some for each core, so that the last ones end together."""
    total = sum(unit["bytes"] for unit in units)
    number = min(len(units), max(4 * cores, -(-total // task_bytes)))
    heap = [(0, task) for task in range(number)]
    tasks: list[list[dict]] = [[] for _ in range(number)]
    for unit in units:
        size, task = heapq.heappop(heap)
        tasks[task].append(unit)
        heapq.heappush(heap, (size + unit["bytes"], task))
    return tasks


def failed(unit: dict, why: str) -> str:
    result = {"unit": unit["unit"], "place": unit["place"], "responses": 0, "files": [], "error": f"{unit['place']}: {why}"}
    return json.dumps(result) + "\n"


def results_of(context: SparkContext, analysis: Analysis, tasks: list[list[dict]]) -> Iterator[list[str]]:
    """Runs each task as a job of its own, so that its results come as it ends, and a task that fails fails alone. Spark
    tries a task again when its executor is lost."""

    def run(task: list[dict]) -> list[str]:
        lines = [json.dumps(unit) + "\n" for unit in task]
        try:
            made = context.parallelize(lines, 1).mapPartitions(analysis.run).collect()
        except Exception as error:  # Py4J wraps what a task raised.
            said = [line.strip() for line in str(error).splitlines() if "RuntimeError: " in line]
            why = said[-1].split("RuntimeError: ", 1)[1] if said else f"the task failed: {type(error).__name__}"
            return [failed(unit, why) for unit in task]
        done = {json.loads(line)["unit"] for line in made}
        return made + [failed(unit, "the worker said nothing of it") for unit in task if unit["unit"] not in done]

    with ThreadPoolExecutor(max_workers=min(len(tasks), max(64, 2 * context.defaultParallelism))) as pool:
        for ended in as_completed([pool.submit(run, task) for task in tasks]):
            yield ended.result()


def collected(options: argparse.Namespace, results: pathlib.Path) -> int:
    lake = options.collect_into or options.lake
    is_address = "://" in lake
    collect = ["analyze", "--lake", "DIR" if is_address else lake, "--collect", str(results)]
    later = f"results in {results}: {shlex.join(['roundup', *collect])}"
    if is_address:
        print(later, file=sys.stderr)
        lines = (json.loads(line) for line in results.read_text().splitlines())
        return FINISHED_WITH_LOSSES if any(line["error"] for line in lines) else DONE
    done = roundup(options, *collect[1:])
    print(done.stdout, end="")
    if done.returncode not in (DONE, FINISHED_WITH_LOSSES):
        print(later, file=sys.stderr)  # Another run may hold the lake. Nothing need be made again.
    return done.returncode


def main() -> int:
    options = arguments()
    units = listed(options)
    if not units:
        print("all is up to date", file=sys.stderr)
        return DONE
    context = SparkContext.getOrCreate(SparkConf().setAppName("roundup"))
    for path in [options.roundup, *(name for name in options.keywords if not name.startswith("builtin:"))]:
        context.addFile(str(path))
    names = tuple(name if name.startswith("builtin:") else pathlib.Path(name).name for name in options.keywords)
    threads = int(context.getConf().get("spark.task.cpus", "1"))
    analysis = Analysis(options.roundup.name, names, tuple(flags_of(options)), threads)
    tasks = tasks_of(units, options.task_bytes, context.defaultParallelism)
    total, done = sum(unit["bytes"] for unit in units), 0
    size = {unit["unit"]: unit["bytes"] for unit in units}
    keep = options.results or pathlib.Path(tempfile.mkdtemp(prefix="roundup-")) / "results.jsonl"
    with keep.open("w") as file:
        for lines in results_of(context, analysis, tasks):
            file.writelines(lines)
            file.flush()
            done += sum(size[json.loads(line)["unit"]] for line in lines)
            print(f"analyse  {done / 1e6:.0f} of {total / 1e6:.0f} MB", file=sys.stderr, flush=True)
    context.stop()
    return collected(options, keep)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
