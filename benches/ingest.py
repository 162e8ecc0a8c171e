"""Ingest without a limit: interviews a second, CPU, and the peak of memory at two sizes.

    python3 benches/ingest.py target/release/roundup [--small 20000] [--large 200000]

The sandbox is a process of its own, so its CPU is told apart from the client's. Ends with 1 if the large run's memory is
more than 20 % above the small one's, or not under 300 MB, or if an interview is missing.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("--small", type=int, default=20_000)
arguments.add_argument("--large", type=int, default=200_000)
options = arguments.parse_args()
roundup = options.roundup.resolve()
KEY = "rz_live_" + "0" * 60


def run(count):
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"ROUNDZERO_API_KEY": KEY, "XDG_STATE_HOME": f"{folder}/state"}
        sandbox = subprocess.Popen(
            [roundup, "sandbox", "--interviews", str(count), "--requests-per-minute", "unlimited", "--key", KEY,
             "--ids-out", f"{folder}/ids.txt"], stdout=subprocess.PIPE, text=True)
        address = sandbox.stdout.readline().split()[-1]
        began = time.monotonic()
        client = subprocess.Popen(
            [roundup, "-q", "ingest", "--lake", f"{folder}/lake", "--api", f"{address}/api/v1", "--questions", "none",
             "--requests-per-minute", "100000000", f"{folder}/ids.txt"], env=environment)
        _, status, usage = os.wait4(client.pid, 0)
        took = time.monotonic() - began
        sandbox.terminate()
        _, _, served = os.wait4(sandbox.pid, 0)
        state = json.loads(subprocess.check_output(
            [roundup, "status", "--lake", f"{folder}/lake", "--format", "json"], env=environment))["interviews"]
        assert status == 0 and state["settled"] + state["open"] == count, (status, state)
        cpu = usage.ru_utime + usage.ru_stime
        sandbox_cpu = served.ru_utime + served.ru_stime
        print(f"{count:8} interviews  {count / took:8.0f}/s  client {cpu / count * 1e4:6.2f} CPU s per 10,000  "
              f"sandbox {sandbox_cpu / count * 1e4:6.2f}  peak {usage.ru_maxrss / 1024:6.0f} MB", flush=True)
        return usage.ru_maxrss / 1024


small, large = run(options.small), run(options.large)
print(f"memory {large / small:.2f} of the small run's")
sys.exit(large > 1.2 * small or large >= 300)
