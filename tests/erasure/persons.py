"""Chooses persons of a lake, and writes their addresses and all texts that tell of them.

    persons.py LAKE COUNT ADDRESSES.txt IDS.txt TEXTS.txt
"""

import random
import sys
from pathlib import Path

import pyarrow.parquet as pq

lake, count = Path(sys.argv[1]), int(sys.argv[2])


def rows(table):
    return [row for path in (lake / table).rglob("*.parquet") for row in pq.ParquetFile(path).read().to_pylist()]


persons = {}
for row in rows("candidates"):
    if row["email"] and row["candidate_key"]:
        persons.setdefault(row["candidate_key"], set()).add(row["email"].lower())
used = [address for addresses in persons.values() for address in addresses]
alone = {key: addresses for key, addresses in persons.items() if all(used.count(one) == 1 for one in addresses)}
chosen = random.Random(31).sample(sorted(alone), count)
ids = {
    row["interview_id"]
    for table in ("interviews", "open_interviews")
    for row in rows(table)
    if row["candidate_key"] in chosen
}
addresses = sorted(min(alone[key]) for key in chosen)
everything = sorted({*ids, *chosen, *(one for key in chosen for one in alone[key])})
for path, lines in zip(sys.argv[3:], (addresses, sorted(ids), everything), strict=True):
    Path(path).write_text("".join(f"{line}\n" for line in lines))
