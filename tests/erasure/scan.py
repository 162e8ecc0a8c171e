"""Looks for texts in every file below folders, with readers that are not roundup's: pyarrow, sqlite3, openpyxl and zstandard.

    scan.py TEXTS.txt FOLDER...

TEXTS.txt has a text a line. Prints each file that has one, and ends with 1 if there is any.
"""

import gzip
import io
import sqlite3
import sys
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import zstandard


def of_parquet(path):
    file = pq.ParquetFile(path)
    yield str(file.metadata.metadata)
    for group in range(file.num_row_groups):
        for column in range(file.metadata.num_columns):
            statistics = file.metadata.row_group(group).column(column).statistics
            if statistics and statistics.has_min_max:
                yield f"{statistics.min} {statistics.max}"
        yield from (str(row) for row in file.read_row_group(group).to_pylist())


def of_sqlite(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    for (table,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        yield from (str(row) for row in database.execute(f'SELECT * FROM "{table}"'))


def of_workbook(path):
    for sheet in openpyxl.load_workbook(path, read_only=True).worksheets:
        yield from (str(row) for row in sheet.iter_rows(values_only=True))


def texts_of(path):
    data = path.read_bytes()
    yield str(path)
    yield data.decode("latin-1")
    if data.startswith(b"PAR1"):
        yield from of_parquet(path)
    elif data.startswith(b"SQLite format 3"):
        yield from of_sqlite(path)
    elif data.startswith(b"PK\x03\x04"):
        yield from of_workbook(path)
    elif data.startswith(b"\x28\xb5\x2f\xfd"):
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True) as stream:
            yield stream.read().decode("latin-1")
    elif data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data).decode("latin-1")


def main():
    wanted = [line.lower() for line in Path(sys.argv[1]).read_text().split()]
    assert wanted
    found = files = 0
    for folder in map(Path, sys.argv[2:]):
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
            files += 1
            for text in texts_of(path):
                low = text.lower()
                if any(one in low for one in wanted):
                    print(path)
                    found += 1
                    break
    print(f"{files} files, {found} with a text", file=sys.stderr)
    assert files > 20
    sys.exit(1 if found else 0)


main()
