"""A mirror in a stand-in for S3, read with Amazon's own library and by Delta: it has whole versions only, however often the
program is killed, and a lake that is restored from it is the lake.

    python s3.py ROUNDUP-WITH-FEATURE-CLOUD FOLDER

Another implementation of what docs/mirror.md says of the layout.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import time

import boto3
import deltalake

ROUNDUP, FOLDER = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUCKET, PREFIX = "lakes", "nightly/one"
TO = f"s3://{BUCKET}/{PREFIX}"
KILLS = 25
COMMIT = re.compile(r"(\d{20})\.json$")
CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\.json$")


def roundup(*arguments: object, code: int | None = 0) -> subprocess.CompletedProcess:
    done = subprocess.run([ROUNDUP, *map(str, arguments)], text=True, capture_output=True)
    assert code is None or done.returncode == code, f"{arguments}: {done.returncode}: {done.stderr}"
    return done


class Mirror:
    """What is below the prefix."""

    def __init__(self, s3) -> None:
        self.s3 = s3

    def names(self, below: str = "") -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{PREFIX}/{below}")
        return [one["Key"][len(PREFIX) + 1:] for page in pages for one in page.get("Contents", [])]

    def body(self, name: str) -> bytes:
        return self.s3.get_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")["Body"].read()

    def version(self) -> tuple[int, dict[str, dict]] | None:
        """The newest version and its live files, by the log alone."""
        log = self.names("_roundup/log/")
        commits = {int(match[1]): name for name in log if (match := COMMIT.search(name))}
        checkpoints = {int(match[1]): name for name in log if (match := CHECKPOINT.search(name))}
        if not commits and not checkpoints:
            return None
        last = max([*commits, *checkpoints])
        first, files = 0, {}
        if checkpoints:
            head, *lines = self.body(checkpoints[max(checkpoints)]).decode().splitlines()
            assert json.loads(head)["files"] == len(lines)
            files = {file["path"]: file for file in map(json.loads, lines)}
            first = max(checkpoints) + 1
        for number in range(first, last + 1):
            commit = json.loads(self.body(commits[number]))
            for path in commit["remove"]:
                files.pop(path, None)
            files |= {file["path"]: file for file in commit["add"]}
        return last, files

    def is_whole(self) -> int | None:
        """Every file that a reader of the log, or of a Delta table, is led to is there, with its bytes."""
        found = self.version()
        if found is None:
            return None
        number, files = found
        withheld = json.loads(self.body("_roundup/mirror.json"))["withheld"]
        names = set(self.names("delta/"))
        for file in files.values():
            if file["table"] in withheld:
                continue
            table, place = file["path"].split("/", 1)
            name = f"delta/{table}/{place.removesuffix('.parquet')}-{int(file['sha256'][:16], 16)}.parquet"
            assert name in names, f"{name} of version {number}"
            assert hashlib.sha256(self.body(name)).hexdigest() == file["sha256"], name
        return number

    def delta(self, table: str) -> int:
        """The rows of a table, by Delta."""
        storage = {"AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"], "AWS_ALLOW_HTTP": "true",
                   "AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_REGION": "us-east-1"}
        return deltalake.DeltaTable(f"{TO}/delta/{table}", storage_options=storage).to_pyarrow_table().num_rows


def start_server() -> subprocess.Popen:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    os.environ |= {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_REGION": "us-east-1",
                   "AWS_DEFAULT_REGION": "us-east-1", "AWS_ALLOW_HTTP": "true",
                   "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    log = (FOLDER / "moto.txt").open("w")
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log,
                              stderr=subprocess.STDOUT)
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server
        except OSError:
            assert server.poll() is None and time.monotonic() < end, "moto does not answer"
            time.sleep(0.1)


def live_files(lake: pathlib.Path) -> dict[str, bytes]:
    tables = [path for path in lake.iterdir() if path.is_dir() and path.name not in ("_roundup", "delta")]
    files = (path for table in tables for path in table.rglob("*.parquet"))
    return {str(path.relative_to(lake)): path.read_bytes() for path in files}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.chdir(FOLDER)
    server = start_server()
    try:
        s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        mirror = Mirror(s3)
        bodies = (ROOT / "data/interviews.jsonl").read_text().splitlines(keepends=True)
        chance = random.Random(7)
        before, killed = None, 0
        flags = ["--lake", "lake", "--to", TO, "--exclude-table", "candidates", "--keep-old", "0s"]
        for part in range(KILLS):
            pathlib.Path("part.jsonl").write_text("".join(bodies[part::KILLS]))
            roundup("import", "--lake", "lake", "part.jsonl")
            roundup("analyze", "--lake", "lake", "--keywords", "builtin:fillers")
            process = subprocess.Popen([ROUNDUP, "--quiet", "mirror", *flags], stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=chance.uniform(0.05, 1.0))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
            after = mirror.is_whole()
            assert before is None or after is not None and after >= before, f"version {after} after {before}"
            before = after
        assert killed > 3, f"only {killed} of {KILLS} were killed"
        said = roundup("mirror", *flags)
        roundup("mirror", *flags, "--verify")
        number, files = mirror.version()
        assert mirror.is_whole() == number
        for table in ("interviews", "responses", "response_metrics", "keyword_hits"):
            rows = sum(file["rows"] for file in files.values() if file["table"] == table)
            assert mirror.delta(table) == rows > 0, table
        assert not mirror.names("delta/candidates/"), "it is withheld"
        print(f"{killed} kills: version {number} is whole, by the log and by Delta")

        roundup("restore", "--from", TO, "--lake", "restored", "--candidate-key-file", "lake/_roundup/candidate.key")
        lake = {path: body for path, body in live_files(pathlib.Path("lake")).items() if not path.startswith("candidates/")}
        assert lake == live_files(pathlib.Path("restored")), "it is not the lake"
        print(f"restored: {len(lake)} files, byte for byte")

        roundup("import", "--lake", "other", "part.jsonl")
        other = roundup("mirror", "--lake", "other", "--to", TO, code=2)
        assert "is the mirror of another lake" in other.stderr
        missing = roundup("mirror", "--lake", "lake", "--to", "s3://nowhere/at-all", code=1)
        assert "s3://nowhere/at-all" in missing.stderr, missing.stderr
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
