"""Times a mirror beside boto3, which uploads the same files in parallel to the same server.

    python benches/mirror.py ROUNDUP-WITH-FEATURE-CLOUD LAKE [--runs 5]

ROUNDUP is a release build (`cargo build --release --features cloud`). Run it with a Python that has boto3 and moto[server].
The server is moto's stand-in for S3, in a process of its own; both contenders run in turn, each into an empty bucket. Ends
with 1 if the mirror reaches less than 95 % of boto3's bytes a second.
"""
import argparse
import concurrent.futures
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

import boto3
import botocore.config

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("roundup", type=pathlib.Path)
parser.add_argument("lake", type=pathlib.Path)
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--width", type=int, default=16, help="threads of boto3; the mirror has 16")
options = parser.parse_args()

with socket.socket() as one:
    one.bind(("127.0.0.1", 0))
    port = one.getsockname()[1]
endpoint = f"http://127.0.0.1:{port}"
os.environ |= {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_REGION": "us-east-1",
               "AWS_DEFAULT_REGION": "us-east-1", "AWS_ALLOW_HTTP": "true", "AWS_ENDPOINT_URL": endpoint}
tables = [path for path in options.lake.iterdir() if path.is_dir() and path.name not in ("_roundup", "delta")]
files = [path for table in tables for path in table.rglob("*.parquet")]
size = sum(path.stat().st_size for path in files)


def by_boto3(client, bucket):
    def put(path):
        client.put_object(Bucket=bucket, Key=str(path.relative_to(options.lake)), Body=path.read_bytes(), IfNoneMatch="*")

    with concurrent.futures.ThreadPoolExecutor(options.width) as pool:
        list(pool.map(put, files))


def by_roundup(client, bucket):
    command = [options.roundup, "-q", "mirror", "--lake", options.lake, "--to", f"s3://{bucket}/lake"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert server.poll() is None and time.monotonic() < end, "moto does not answer"
            time.sleep(0.1)
    config = botocore.config.Config(max_pool_connections=options.width)
    client = boto3.client("s3", endpoint_url=endpoint, config=config)
    took = {by_boto3: [], by_roundup: []}
    for run in range(options.runs):
        for contender, seconds in took.items():
            bucket = f"{contender.__name__.replace('_', '-')}-{run}"
            client.create_bucket(Bucket=bucket)
            begun = time.monotonic()
            contender(client, bucket)
            seconds.append(time.monotonic() - begun)
            # The server keeps all in memory.
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for item in page.get("Contents", []):
                    client.delete_object(Bucket=bucket, Key=item["Key"])
finally:
    server.kill()
    server.wait()
medians = {contender.__name__: statistics.median(seconds) for contender, seconds in took.items()}
for name, seconds in medians.items():
    print(f"{name:<11} {seconds:6.2f} s  {size / 1e6 / seconds:7.1f} MB/s  ({len(files)} files, {size / 1e6:.0f} MB)")
ratio = medians["by_boto3"] / medians["by_roundup"]
print(f"the mirror reaches {100 * ratio:.0f} % of boto3")
sys.exit(ratio < 0.95)
