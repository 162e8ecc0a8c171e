"""Reads a report's folder with other libraries and holds its files against one another.

    python tests/oracle/report.py REPORT_FOLDER

The workbook must open with openpyxl and say in words and minutes what `jobs.csv`, `questions.csv`, `keywords.csv` and
`summary.json` say, numbers as numbers and texts as texts. Fails with a message at the first disagreement.
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
        return abs(float(ours) - float(cell)) <= 1e-9 * max(1.0, abs(float(cell)))
    # CSV marks what a spreadsheet could take for a formula; XLSX has types and needs no mark.
    return ours in (cell, "'" + cell) or ours.replace("\r", "") == cell.replace("\r", "").replace("_x000D_", "")


# The workbook has headings in words, and minutes for seconds.
JOB = {"Job": "job_title", "Department": "department"}
KEYWORD = JOB | {"Keyword set": "set", "Keyword": "term", "Category": "category"}
SHEETS = {
    "Jobs": ("jobs.csv", JOB | {
        "Completed interviews": "completed", "Completed before": "previous_completed", "Expired interviews": "expired",
        "Completion rate": "completion_rate", "Completion rate before": "previous_completion_rate",
        "Expire within 72 hours": "expiring_within_72_hours", "Median minutes": "total_duration_seconds_median",
        "Median minutes before": "previous_total_duration_seconds_median",
        "Median characters": "average_response_length_median",
        "Median characters before": "previous_average_response_length_median",
        "Median words a minute": "words_per_minute_median",
        "Median words a minute before": "previous_words_per_minute_median",
        "Median words of an answer": "word_count_median", "Median minutes from start to end": "elapsed_seconds_median",
        "Median days from creation to end": "days_to_complete_median",
        "Median share of questions answered": "answered_share_median",
        "Interviews that the medians are of": "described", "Counted with other jobs": "with_other_jobs",
    }),
    "Questions": ("questions.csv", JOB | {
        "Question": "question_text", "Type": "question_type", "Other questions, together": "other_texts",
        "Interviews asked": "asked", "Share answered": "coverage", "Median words": "word_count_median",
        "Median minutes": "duration_seconds_median", "Median words a minute": "words_per_minute_median",
        "Time limit, minutes": "time_limit_seconds", "Median share of the time limit": "time_limit_share_median",
        "Share at the limit": "at_limit_share", "Share of thin answers": "thin_share",
    }),
    "Keywords": ("keywords.csv", KEYWORD | {
        "Interviews with it": "interviews", "Share of interviews": "share", "Share before": "previous_share",
        "Answers with it": "responses", "Mentions": "mentions", "Negated mentions": "negated",
    }),
}


def machine(text, column):
    """A cell of CSV as the workbook has it."""
    if "seconds" in column and text:
        return str(float(text) / 60)
    return {"true": "yes", "false": "no"}.get(text, text) if column == "with_other_jobs" else text


cells = 0
for name, (file, columns) in SHEETS.items():
    header, rows = sheet(name)
    with open(folder / file, newline="", encoding="utf-8-sig") as opened:
        theirs = list(csv.DictReader(opened))
    if list(header) != list(columns):
        fail(f"{name}: header", header, list(columns))
    theirs = [row for row in theirs if row.get("by", "all") == "all"]
    if len(rows) != len(theirs):
        fail(f"{name}: rows", len(rows), len(theirs))
    for at, (row, their) in enumerate(zip(rows, theirs)):
        for heading, cell in zip(header, row):
            text = machine(their[columns[heading]], columns[heading])
            if name == "Keywords" and heading == "Job" and not their["job_id"]:
                text = "All jobs"
            if not same(text, cell):
                fail(f"{name}, row {at}, {heading}", cell, text)
            cells += 1

for name in workbook.sheetnames:
    for row in workbook[name].iter_rows():
        for cell in row:
            if cell.data_type == "f":
                fail(f"{name}!{cell.coordinate} is a formula", cell.value)
    if name in ("At a glance", "About"):
        continue
    if workbook[name].freeze_panes != "B2" or workbook[name].auto_filter.ref is None:
        fail(f"{name} has no frozen header or no filter")
    headings = sheet(name)[0]
    if len(headings) > 20 or any("_" in heading for heading in headings):
        fail(f"{name}: headings", headings)
if workbook.sheetnames[0] != "At a glance":
    fail("the first sheet", workbook.sheetnames)

details = {(row[0], row[3]): row for row in sheet("Details")[1] if row[2] is None}
overall = summary["overall"]
for words, name in (
    ("Completed", "completed"), ("Answers", "responses"), ("Completion rate", "completion_rate"),
    ("Pooled pace: all words over all minutes", "pooled_words_per_minute"),
):
    row = details.get(("All jobs", words))
    if (row and row[6]) != overall[name]:
        fail(f"overall {name}", row, overall[name])
spread = overall["total_duration_seconds"]
row = details.get(("All jobs", "Answers of an interview, together"))
if spread["n"]:
    if row[5] != spread["n"] or abs(row[6] * 60 - spread["median"]) > 1e-6:
        fail("overall minutes", row, spread)
_, jobs = sheet("Jobs")
for row, job in zip(jobs, summary["jobs"]):
    if row[-1] != ("yes" if job["is_pooled"] else "no") or row[2] != job["figures"]["completed"]:
        fail("jobs", row, job["job_id"])
print(f"{cells} cells of {len(workbook.sheetnames)} sheets agree with the CSV files and summary.json")
