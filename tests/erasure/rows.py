"""Writes all rows of a lake but those of some interviews, as text that can be compared.

    rows.py LAKE IDS.txt
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq

LEFT_OUT = {"runs", "erasures", "jobs", "delta", "_roundup"}
lake, ids = Path(sys.argv[1]), set(Path(sys.argv[2]).read_text().split())
for table in sorted(path for path in lake.iterdir() if path.is_dir() and path.name not in LEFT_OUT):
    rows = [row for path in table.rglob("*.parquet") for row in pq.ParquetFile(path).read().to_pylist()]
    for line in sorted(str(row) for row in rows if row["interview_id"] not in ids):
        print(table.name, line)
