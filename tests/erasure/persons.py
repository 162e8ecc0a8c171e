"""Chooses persons of a lake, and writes their addresses and all texts that tell of them.

    persons.py LAKE COUNT ADDRESSES.txt IDS.txt TEXTS.txt

Two of them are among the bodies that are set aside, and may be nowhere else.
"""

import json
import random
import sys
from pathlib import Path

import pyarrow.parquet as pq

lake, count = Path(sys.argv[1]), int(sys.argv[2])
SET_ASIDE = 2


def rows(table):
    return [row for path in (lake / table).rglob("*.parquet") for row in pq.ParquetFile(path).read().to_pylist()]


def bodies():
    for path in (lake / "_roundup/quarantine").iterdir():
        try:
            body = json.loads(path.read_bytes())
        except ValueError:
            continue
        if isinstance(body, dict) and isinstance(body.get("candidate"), dict) and body["candidate"].get("email"):
            yield body["id"], body["candidate"]


addresses, settled = {}, [*rows("interviews"), *rows("open_interviews")]
keys = {row["interview_id"]: row["candidate_key"] for row in settled}
for row in rows("candidates"):
    if row["email"] and row["candidate_key"]:
        addresses.setdefault(row["candidate_key"], set()).add(row["email"].lower())
used = [address for those in addresses.values() for address in those]
alone = {key: those for key, those in addresses.items() if all(used.count(one) == 1 for one in those)}
aside = {}
for interview, candidate in bodies():
    aside.setdefault(candidate["email"].lower(), []).append((interview, candidate["id"]))

draw = random.Random(31)
set_aside = draw.sample(sorted(aside), SET_ASIDE)
known = [key for key in sorted(alone) if not alone[key] & aside.keys()]
chosen = draw.sample(known, count - SET_ASIDE) + [key for key in alone if alone[key] & set(set_aside)]
ids = {interview for interview, key in keys.items() if key in chosen}
ids |= {interview for address in set_aside for interview, _ in aside[address]}
mail = sorted({min(alone[key]) for key in chosen} | set(set_aside))
texts = {*ids, *chosen, *set_aside, *(one for key in chosen for one in alone[key])}
texts |= {candidate for address in set_aside for _, candidate in aside[address]}
for path, lines in zip(sys.argv[3:], (mail, sorted(ids), sorted(texts)), strict=True):
    Path(path).write_text("".join(f"{line}\n" for line in lines))
