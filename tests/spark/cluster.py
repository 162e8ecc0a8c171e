"""One master and two workers on loopback: the derived tables are those of one machine, byte for byte, also when a worker is
killed in the middle, and a poisoned file fails alone.

    python cluster.py ROUNDUP FOLDER
"""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import pyspark

ROUNDUP, FOLDER = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
SPARK = pathlib.Path(pyspark.__file__).parent
DRIVER = ROOT / "pipelines/spark/roundup_spark.py"
SETS = ["builtin:engineering", "builtin:vendor-sample"]
DERIVED = ["response_metrics", "interview_metrics", "keyword_hits"]
# Each import makes files of its own, so that there is enough to do.
PARTS = 12
MINUTES = 10
ENVIRONMENT = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable,
               "SPARK_NO_DAEMONIZE": "1", "SPARK_WORKER_DIR": str(FOLDER / "work"), "SPARK_HOME": str(SPARK)}


def until(what: str, is_so) -> None:
    end = time.monotonic() + 60 * MINUTES
    while not is_so():
        assert time.monotonic() < end, f"{MINUTES} minutes have passed: {what}"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cluster:
    """Spark's own processes, each with a group of its own, so that a worker can be killed with its executors."""

    def __init__(self, workers: int) -> None:
        self.started: list[subprocess.Popen] = []
        port = free_port()
        self.master = f"spark://127.0.0.1:{port}"
        self.start("master", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port),
                   "--webui-port", "0", says="Starting Spark master")
        self.workers = [
            self.start(f"worker-{number}", "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--cores", "1",
                       "--memory", "1g", "--webui-port", "0", self.master, says="Successfully registered with master")
            for number in range(workers)
        ]

    def start(self, name: str, *command: str, says: str) -> subprocess.Popen:
        log = FOLDER / f"{name}-{len(self.started)}.txt"
        with log.open("w") as file:
            process = subprocess.Popen([SPARK / "bin/spark-class", *command], env=ENVIRONMENT, stdout=file,
                                       stderr=subprocess.STDOUT, start_new_session=True)
        self.started.append(process)

        def is_up() -> bool:
            assert process.poll() is None, log.read_text()
            return says in log.read_text()

        until(f"{name} starts", is_up)
        return process

    def kill_worker(self) -> None:
        os.killpg(self.workers[0].pid, signal.SIGKILL)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


def roundup(*arguments: object, code: int = 0) -> str:
    done = subprocess.run([ROUNDUP, "--quiet", *map(str, arguments)], text=True, capture_output=True)
    assert done.returncode == code, f"{arguments}: {done.returncode}: {done.stderr}"
    return done.stdout


def submit(cluster: Cluster, *arguments: object) -> subprocess.Popen:
    command = [SPARK / "bin/spark-submit", "--master", cluster.master, "--conf", "spark.ui.enabled=false",
               "--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.executor.memory=512m", DRIVER, "--roundup", ROUNDUP,
               "--keywords", *SETS, *arguments]
    # Spark sends what a driver in Python says on stderr to stdout.
    return subprocess.Popen(list(map(str, command)), cwd=FOLDER, env=ENVIRONMENT, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def ended(job: subprocess.Popen, code: int) -> str:
    said, _ = job.communicate(timeout=60 * MINUTES)
    assert job.returncode == code, f"ended with {job.returncode}, not with {code}:\n{said[-6000:]}"
    return said


def derived(lake: pathlib.Path) -> dict[str, bytes]:
    files = (path for table in DERIVED for path in (lake / table).rglob("*.parquet"))
    return {str(path.relative_to(lake)): path.read_bytes() for path in files}


def fresh(name: str) -> pathlib.Path:
    """The lake as it was before any analysis."""
    lake = FOLDER / name
    shutil.copytree(FOLDER / "source", lake)
    return lake


def make_lakes() -> dict[str, bytes]:
    bodies = (ROOT / "data/interviews.jsonl").read_text().splitlines(keepends=True)
    for part in range(PARTS):
        path = FOLDER / f"part-{part}.jsonl"
        path.write_text("".join(bodies[part::PARTS]))
        roundup("import", "--lake", FOLDER / "source", path)
    plain = fresh("plain")
    roundup("analyze", "--lake", plain, "--keywords", *SETS)
    return derived(plain)


def is_the_same(lake: pathlib.Path, plain: dict[str, bytes]) -> None:
    made = derived(lake)
    assert made.keys() == plain.keys(), made.keys() ^ plain.keys()
    assert made == plain, [path for path in plain if made[path] != plain[path]]
    roundup("status", "--check", "--lake", lake)


def a_worker_is_killed(plain: dict[str, bytes]) -> None:
    with Cluster(workers=2) as cluster:
        lake, results = fresh("killed"), FOLDER / "killed.jsonl"
        job = submit(cluster, "--lake", lake, "--results", results, "--task-bytes", 1)
        until("the first results", lambda: results.exists() and results.stat().st_size > 0 or job.poll() is not None)
        cluster.kill_worker()
        said = ended(job, 0)
        number = len(results.read_text().splitlines())
        assert "Lost executor" in said or "Lost task" in said, "it was killed after the last task"
        is_the_same(lake, plain)
        print(f"a worker was killed in the middle: {number} units, and the tables of one machine")


def a_file_is_poisoned(cluster: Cluster) -> pathlib.Path:
    lake = fresh("poisoned")
    poisoned = max((lake / "responses").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    whole = poisoned.read_bytes()
    poisoned.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    results = FOLDER / "poisoned.jsonl"
    said = ended(submit(cluster, "--lake", lake, "--results", results), 3)
    wrong = [line["error"] for line in map(json.loads, results.read_text().splitlines()) if line["error"]]
    assert len(wrong) == 1 and str(poisoned) in wrong[0], wrong
    assert str(poisoned) in said, "the file is named"
    poisoned.write_bytes(whole)
    print(f"a poisoned file failed alone: {wrong[0]}")
    ended(submit(cluster, "--lake", lake), 0)
    return lake


def a_mirror_is_analysed(cluster: Cluster, plain: dict[str, bytes]) -> None:
    """Workers read the mirror and write to a place of their own, and the lake takes what they made."""
    lake, mirror, made = fresh("home"), f"file://{FOLDER}/mirror", f"file://{FOLDER}/made"
    roundup("mirror", "--lake", lake, "--to", mirror)
    before = {path: path.read_bytes() for path in (FOLDER / "mirror").rglob("*") if path.is_file()}
    ended(submit(cluster, "--lake", mirror, "--outputs", made, "--collect-into", lake), 0)
    is_the_same(lake, plain)
    assert before == {path: path.read_bytes() for path in (FOLDER / "mirror").rglob("*") if path.is_file()}
    roundup("mirror", "--lake", lake, "--to", mirror)
    roundup("mirror", "--lake", lake, "--to", mirror, "--verify")
    print("workers that see a mirror alone: the tables of one machine, byte for byte")


def a_worker_has_no_program(cluster: Cluster) -> None:
    lake = fresh("none")
    listing = FOLDER / "lists-only"
    # On the driver it lists; what is shipped cannot be started.
    listing.write_text(f"#!/bin/sh\ncase \"$*\" in *--work-from*) exit 127;; esac\nexec {ROUNDUP} \"$@\"\n")
    listing.chmod(0o755)
    job = submit(cluster, "--roundup", listing, "--lake", lake)
    said = ended(job, 3)
    assert "roundup ended with 127 on " in said, said[-3000:]
    print("a worker without the program is named")


def the_lake_is_held(cluster: Cluster, plain: dict[str, bytes]) -> None:
    """What was made is said to be there, and is collected later. The program is one of the folder, by its bare name."""
    lake, results = fresh("held"), FOLDER / "held.jsonl"
    (FOLDER / "roundup").symlink_to(ROUNDUP)
    with (lake / "_roundup/lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = ended(submit(cluster, "--roundup", "roundup", "--lake", lake, "--results", results), 6)
    assert f"results in {results}: roundup analyze --lake {lake} --collect {results}" in said, said[-3000:]
    roundup("analyze", "--lake", lake, "--collect", results)
    is_the_same(lake, plain)
    print("a lake that another run holds: the results are collected later")


def main() -> None:
    plain = make_lakes()
    print(f"{len(plain)} derived files on one machine")
    with Cluster(workers=2) as cluster:
        lake = fresh("cluster")
        ended(submit(cluster, "--lake", lake), 0)
        is_the_same(lake, plain)
        print("two workers: the tables of one machine, byte for byte")
        assert "all is up to date" in ended(submit(cluster, "--lake", lake), 0)
        is_the_same(a_file_is_poisoned(cluster), plain)
        a_mirror_is_analysed(cluster, plain)
        a_worker_has_no_program(cluster)
        the_lake_is_held(cluster, plain)
    a_worker_is_killed(plain)


if __name__ == "__main__":
    main()
