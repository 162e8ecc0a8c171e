"""Wall time of an ingest at the rate limit, against the bound that the limit sets.

    python3 benches/pace.py target/release/roundup [--limit 600] [--ids 1200] [--quick]

Starts the sandbox with a limit, has `roundup ingest` fetch the ids, and prints for each case the wall time, its ratio
to 60 * (ids - 1) / limit + one latency (less what others take), and the answers with 429. Cases run side by side: they
wait nearly all of the time. Ends with 1 if a case is over its bound: 3 % alone, 5 % of what is left beside a program
that takes a steady third of the key, and any 429 in these.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

arguments = argparse.ArgumentParser()
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("--limit", type=int, default=600)
arguments.add_argument("--ids", type=int, default=1200)
options = arguments.parse_args()
KEY = "rz_live_" + "0" * 60
roundup = options.roundup.resolve()


def get(url):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {KEY}"})
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError:
        pass


def others(kind, url, stop):
    """Another program with the same key: a steady third of the limit, or a tenth of it at once, twice a window."""
    began, sent = time.monotonic(), 0
    while not stop.is_set():
        due = sent * 180 / options.limit if kind == "third" else sent // (options.limit // 10) * 30 + 7
        if stop.wait(max(0, began + due - time.monotonic())):
            return
        get(url)
        sent += 1


def case(window, latency, other, results):
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"ROUNDZERO_API_KEY": KEY, "XDG_STATE_HOME": f"{folder}/state"}
        sandbox = subprocess.Popen(
            [roundup, "sandbox", "--interviews", str(options.ids), "--requests-per-minute", str(options.limit),
             "--window", window, "--latency", f"{latency}ms", "--key", KEY, "--ids-out", f"{folder}/ids.txt"],
            stdout=subprocess.PIPE, text=True)
        address = sandbox.stdout.readline().split()[-1]
        ids = pathlib.Path(folder, "ids.txt").read_text().split()
        stop = threading.Event()
        if other:
            url = f"{address}/api/v1/interviews/{ids[0]}"
            threading.Thread(target=others, args=(other, url, stop), daemon=True).start()
            time.sleep(20)
        began = time.monotonic()
        subprocess.run([roundup, "-q", "ingest", "--lake", f"{folder}/lake", "--api", f"{address}/api/v1",
                        "--requests-per-minute", "100000", "--questions", "none", f"{folder}/ids.txt"],
                       env=environment, check=True)
        took = time.monotonic() - began
        stop.set()
        stats = json.load(urllib.request.urlopen(f"{address}/_sandbox/stats"))
        sandbox.terminate()
        sandbox.wait()
        left = options.limit * {"third": 2 / 3, "bursty": 0.8, None: 1}[other]
        bound = 60 * (options.ids - 1) / left + latency / 1000
        results.append((window, latency, other or "alone", took, took / bound, stats["by_status"].get("429", 0)))


results, threads = [], []
for window in ["fixed", "sliding"]:
    for latency, other in [(40, None), (800, None), (40, "third"), (40, "bursty")]:
        threads.append(threading.Thread(target=case, args=(window, latency, other, results)))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
bad = False
for window, latency, other, took, ratio, refused in sorted(results):
    print(f"{window:8} {latency:4} ms  {other:7} {took:7.1f} s  {ratio:.3f} of the bound  {refused} x 429")
    bad |= other != "bursty" and (ratio > (1.03 if other == "alone" else 1.05) or refused > 0)
sys.exit(bad or len(results) < len(threads))
