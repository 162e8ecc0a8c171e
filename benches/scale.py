"""What grows how: one lake that is filled to 10⁴, 10⁵, … answers, and at each size the import, the analysis and the report.

    python benches/scale.py ROUNDUP CORPUS.jsonl KEYWORDS FOLDER [--most 7] [--picture docs/scale.svg]

CORPUS is what `benches/corpus.py` makes, 10 answers an interview, all of one year. Its interviews are imported again and again,
under new ids and of other candidates, so a lake of any size has the same share of everything. FOLDER wants 0.45 GB for each
million of answers, and room for a file of 40,000 bodies. Nothing is fetched: a figure of requests is the API's limit alone.
"""
import argparse
import json
import math
import os
import pathlib
import subprocess
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("roundup", type=pathlib.Path)
parser.add_argument("corpus", type=pathlib.Path)
parser.add_argument("keywords", type=pathlib.Path)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--most", type=int, default=7, help="power of ten of the answers of the largest lake")
parser.add_argument("--picture", type=pathlib.Path)
options = parser.parse_args()
ANSWERS = 10
BATCH = 40_000
CANDIDATE = b'"candidate":{"id":"'
lake, bodies = options.folder / "lake", options.folder / "bodies.jsonl"


def timed(*arguments):
    """Seconds, and the peak of the memory in MB."""
    begun = time.perf_counter()
    process = subprocess.Popen([options.roundup, "-q", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{arguments[0]} failed")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


def interviews(count):
    """Bodies of so many interviews, from the first on, as lines. The corpus is read again when it is over."""
    number = 0
    while True:
        with options.corpus.open("rb") as lines:
            for line in lines:
                if number == count:
                    return
                # The corpus has its ids at these places: a body is 12 kB, which is not read for them.
                identity = f"{number:08x}".encode()
                candidate = line.index(CANDIDATE) + len(CANDIDATE)
                yield line[:7] + identity + line[15:candidate] + b"c" + identity + line[candidate:]
                number += 1


def size_of(folder):
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    # Delta tables are links to files of the tables.
    return sum({(path.stat().st_ino): path.stat().st_size for path in files}.values()), len(files)


options.folder.mkdir()
rows, made, import_seconds, import_peak = [], 0, 0.0, 0.0
stream = interviews(10**options.most // ANSWERS)
for power in range(4, options.most + 1):
    wanted = 10**power // ANSWERS
    while made < wanted:
        count = min(BATCH, wanted - made)
        with bodies.open("wb") as file:
            file.writelines(next(stream) for _ in range(count))
        seconds, peak = timed("import", "--lake", lake, bodies)
        import_seconds, import_peak, made = import_seconds + seconds, max(import_peak, peak), made + count
    bodies.unlink()
    analyze, analyze_peak = timed("analyze", "--lake", lake, "--keywords", options.keywords, "--force")
    again, _ = timed("analyze", "--lake", lake, "--keywords", options.keywords)
    out = options.folder / "reports"
    report = ["report", "--lake", lake, "--out", out, "--until", "2025-01-01", "--period", "366d"]
    json_alone, json_peak = timed(*report, "--formats", "json")
    full, full_peak = timed(*report)
    size, files = size_of(lake)
    ledger = (lake / "_roundup/ledger.db").stat().st_size
    row = dict(answers=10**power, import_=import_seconds, import_peak=import_peak, analyze=analyze, analyze_peak=analyze_peak,
               again=again, json=json_alone, json_peak=json_peak, report=full, report_peak=full_peak, bytes=size, files=files,
               ledger=ledger)
    rows.append(row)
    print(json.dumps(row), flush=True)

print("\n| answers | import | analysis | analysis, nothing new | report, JSON | report, all formats | lake | files | ledger |")
print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
for row in rows:
    print(f"| {row['answers']:,} | {row['import_']:.1f} s, {row['import_peak']:.0f} MB | {row['analyze']:.1f} s, {row['analyze_peak']:.0f} MB "
          f"| {row['again']:.2f} s | {row['json']:.1f} s, {row['json_peak']:.0f} MB | {row['report']:.1f} s, {row['report_peak']:.0f} MB "
          f"| {row['bytes'] / 1e6:,.0f} MB | {row['files']:,} | {row['ledger'] / 1e6:.1f} MB |")


def picture():
    """Both axes are logarithmic: seconds, and megabytes, over answers."""
    width, height, left, bottom = 720, 300, 60, 260
    series = [("import, s", "import_", "#1f77b4"), ("analysis, s", "analyze", "#2ca02c"), ("report, s", "report", "#d62728"),
              ("report, MB", "report_peak", "#9467bd"), ("lake, MB", "bytes", "#7f7f7f")]
    value = lambda row, name: row[name] / (1e6 if name == "bytes" else 1)
    across = lambda answers: left + (math.log10(answers) - 4) / max(1, options.most - 4) * (width - left - 110)
    most = max(value(row, name) for row in rows for _, name, _ in series)
    least = min(value(row, name) for row in rows for _, name, _ in series)
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    up = lambda number: bottom - (math.log10(number) - low) / (high - low) * (bottom - 20)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for power in range(low, high + 1):
        parts.append(f'<path d="M{left} {up(10**power):.1f}H{width - 110}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{up(10**power) + 4:.1f}" text-anchor="end">{10**power:,g}</text>')
    for row in rows:
        parts.append(f'<text x="{across(row["answers"]):.1f}" y="{bottom + 20}" text-anchor="middle">{row["answers"]:,}</text>')
    labels = sorted((up(value(rows[-1], name)), label, colour) for label, name, colour in series)
    free = 0.0
    for place, label, colour in labels:
        free = max(place, free + 14)
        parts.append(f'<text x="{width - 104}" y="{free + 4:.1f}" fill="{colour}">{label}</text>')
    for _, name, colour in series:
        points = " ".join(f'{across(row["answers"]):.1f},{up(value(row, name)):.1f}' for row in rows)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    parts.append(f'<text x="{(width - 60) / 2}" y="{height - 4}" text-anchor="middle">answers in the lake</text></svg>')
    return "\n".join(parts) + "\n"


if options.picture:
    options.picture.write_text(picture(), encoding="utf-8")
