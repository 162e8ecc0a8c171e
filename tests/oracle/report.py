"""Reads a report's folder with other libraries and holds its files against one another.

    python tests/oracle/report.py REPORT_FOLDER

The workbook must open with openpyxl and say what `jobs.csv`, `questions.csv`, `keywords.csv` and `summary.json` say,
numbers as numbers and texts as texts. Fails with a message at the first disagreement.
"""
import csv
import json
import pathlib
import sys

import openpyxl

folder = pathlib.Path(sys.argv[1])
summary = json.loads((folder / "summary.json").read_text())
workbook = openpyxl.load_workbook(folder / "roundup.xlsx")


def fail(what, *values):
    sys.exit(f"{what}: {values}")


def sheet(name):
    rows = list(workbook[name].iter_rows(values_only=True))
    return rows[0], rows[1:]


def same(ours, cell):
    """A cell of CSV, which is text, and one of XLSX."""
    if cell is None:
        return ours == ""
    if isinstance(cell, bool):
        return ours == str(cell).lower()
    if isinstance(cell, (int, float)):
        return float(ours) == float(cell)
    # CSV marks what a spreadsheet could take for a formula; XLSX has types and needs no mark.
    return ours in (cell, "'" + cell) or ours.replace("\r", "") == cell.replace("\r", "").replace("_x000D_", "")


sheets = {"Jobs": "jobs.csv", "Questions": "questions.csv", "Keywords": "keywords.csv"}
cells = 0
for name, file in sheets.items():
    header, rows = sheet(name)
    with open(folder / file, newline="", encoding="utf-8-sig") as opened:
        theirs = list(csv.reader(opened))
    if list(header) != theirs[0]:
        fail(f"{name}: header", header, theirs[0])
    theirs = [row for row in theirs[1:] if file != "keywords.csv" or row[theirs[0].index("by")] == "all"]
    if len(rows) != len(theirs):
        fail(f"{name}: rows", len(rows), len(theirs))
    for at, (row, their) in enumerate(zip(rows, theirs)):
        for column, cell, text in zip(header, row, their):
            if not same(text, cell):
                fail(f"{name}, row {at}, {column}", cell, text)
            cells += 1

for name in workbook.sheetnames:
    for row in workbook[name].iter_rows():
        for cell in row:
            if cell.data_type == "f":
                fail(f"{name}!{cell.coordinate} is a formula", cell.value)
    if name != "About" and (workbook[name].freeze_panes != "A2" or workbook[name].auto_filter.ref is None):
        fail(f"{name} has no frozen header or no filter")

by_name = {row[0]: row[1] for row in sheet("Overall")[1]}
overall = summary["overall"]
for name in ("completed", "responses", "completion_rate", "pooled_words_per_minute"):
    if by_name[name] != overall[name]:
        fail(f"overall {name}", by_name[name], overall[name])
_, jobs = sheet("Jobs")
for row, job in zip(jobs, summary["jobs"]):
    if row[0] != job["job_id"] or job["is_pooled"] != row[3] or row[4] != job["figures"]["completed"]:
        fail("jobs", row[:5], job["job_id"])
print(f"{cells} cells of {len(workbook.sheetnames)} sheets agree with the CSV files and summary.json")
