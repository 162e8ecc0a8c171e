"""Times a report in all formats beside DuckDB's SQL for the same aggregates, on the same lake.

    python benches/report.py ROUNDUP LAKE FROM UNTIL [RUNS]

FROM and UNTIL are days of UTC. Wants duckdb, as in .ci/requirements.txt. The bound: a report takes no longer than DuckDB
and 3 s, and holds less than 600 MB. The lake of which CONTRIBUTING.md speaks has 40,000 interviews with 10 answers each
and was searched for 200 terms.
"""
import datetime
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

roundup, lake, since, until = sys.argv[1:5]
runs = int(sys.argv[5]) if len(sys.argv) > 5 else 3
days = (datetime.date.fromisoformat(until) - datetime.date.fromisoformat(since)).days
oracle = pathlib.Path(__file__).parent.parent / "tests" / "oracle" / "figures.py"


def timed(command):
    """Seconds of the best of some runs, and the peak memory of them all in MB."""
    best = float("inf")
    peak = 0
    for _ in range(runs):
        before = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{command[0]} failed")
        best = min(best, time.perf_counter() - before)
        peak = max(peak, usage.ru_maxrss / 1024)
    return best, peak


out = tempfile.mkdtemp()
report = [roundup, "report", "--lake", lake, "--out", out, "--until", until, "--period", f"{days}d"]
ours, our_peak = timed(report)
theirs, their_peak = timed([sys.executable, str(oracle), lake, since, until, str(os.cpu_count())])
latest = pathlib.Path(out) / "latest"
sizes = {path.name: path.stat().st_size for path in latest.iterdir() if path.is_file()}
pages = [path.stat().st_size for path in (latest / "jobs").iterdir()]
print(f"report, all formats  {ours:6.2f} s  {our_peak:6.0f} MB")
print(f"DuckDB, aggregates   {theirs:6.2f} s  {their_peak:6.0f} MB")
print(f"files                {', '.join(f'{name} {size / 1e3:.0f} kB' for name, size in sorted(sizes.items()))}")
print(f"pages of jobs        {len(pages)}, the largest {max(pages, default=0) / 1e3:.0f} kB")
shutil.rmtree(out)
if ours > theirs + 3 or our_peak > 600:
    sys.exit("over the bound: DuckDB's time and 3 s, 600 MB")
