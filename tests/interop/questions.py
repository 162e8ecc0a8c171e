"""Asks the questions of docs/lake.md in SQL and with Polars, as they stand there.

    python questions.py ROUNDUP LAKE FIGURES.parquet docs/lake.md

Each must have rows, the same ones from both, and those that the report counts too must have the report's figures. Fails
with a message at the first disagreement.
"""
import ast
import math
import os
import pathlib
import re
import subprocess
import sys

import duckdb

roundup, lake, figures, page = (pathlib.Path(path).resolve() for path in sys.argv[1:])
# The page says `lake`.
os.chdir(lake.parent)
HOW_MANY = 10
# How many open interviews tests/interop/run asks for until they are stale.
STALE = 5


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def value_of(code, names):
    """Runs code and returns the value of the expression that it ends with."""
    *before, last = ast.parse(code).body
    exec(compile(ast.Module(before, []), "docs/lake.md", "exec"), names)
    return eval(compile(ast.Expression(last.value), "docs/lake.md", "eval"), names)


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9)
    return a == b


def compare(title, columns, by_sql, by_polars):
    if not by_sql:
        sys.exit(f"{title}: no rows")
    if len(by_sql) != len(by_polars):
        sys.exit(f"{title}: {len(by_sql)} rows in SQL, {len(by_polars)} in Polars")
    for one, other in zip(sorted(by_sql, key=repr), sorted(by_polars, key=repr)):
        if len(one) != len(other) or not all(map(same, one, other)):
            sys.exit(f"{title}: {one} in SQL, {other} in Polars")
    print(f"{title}: {len(by_sql)} rows of {', '.join(columns)}")


section = re.search(r"^## Ten questions$(.*?)^## ", page.read_text(), re.MULTILINE | re.DOTALL)[1]
setup, *questions = re.split(r"^### \d+\. ", section, flags=re.MULTILINE)
if len(questions) != HOW_MANY:
    sys.exit(f"{len(questions)} questions, not {HOW_MANY}")

views = subprocess.run([roundup, "schema", "--format", "sql", "--lake", lake.name], check=True, capture_output=True, text=True)
connection = duckdb.connect()
connection.execute("set timezone = 'UTC'")
connection.execute(views.stdout)
names = {}
[python] = blocks(setup, "python")
exec(python, names)

answers = {}
for number, question in enumerate(questions, 1):
    title = question.split("\n", 1)[0]
    [sql], [python] = blocks(question, "sql"), blocks(question, "python")
    answer = connection.execute(sql)
    columns = [column[0] for column in answer.description]
    rows = answer.fetchall()
    frame = value_of(python, dict(names))
    if frame.columns != columns:
        sys.exit(f"{title}: columns {columns} in SQL, {frame.columns} in Polars")
    compare(title, columns, rows, frame.rows())
    answers[number] = [dict(zip(columns, row)) for row in rows]


def report(figure, *about):
    """A figure of the report by job and what else tells its rows apart, where it is shown."""
    columns = ", ".join(("job_id", *about))
    rows = duckdb.execute(f"select {columns}, value from '{figures}' where figure = ? and span = 'period' and value is not null",
                          [figure]).fetchall()
    return {row[:-1]: row[-1] for row in rows}


def held_against_the_report(what, ours, theirs):
    both = ours.keys() & theirs.keys()
    for key in both:
        # The report rounds the medians of fewer than 20 persons to two digits.
        rounded = float(f"{ours[key]:.1e}")
        if not any(math.isclose(one, theirs[key], rel_tol=1e-9) for one in (ours[key], rounded)):
            sys.exit(f"{what} of {key}: {ours[key]}, and {theirs[key]} in the report")
    if not both:
        sys.exit(f"{what}: nothing of it is in the report")
    print(f"{what}: {len(both)} of {len(ours)} are in the report, and the same")


def equal(what, ours, theirs):
    if ours != theirs:
        sys.exit(f"{what}: {ours}, not {theirs}")


held_against_the_report("completed interviews", {(None,): sum(row["completed"] for row in answers[1])}, report("completed"))
held_against_the_report("interviews with a keyword", {(row["job_id"], row["term"]): row["interviews"] for row in answers[2]},
                        report("keyword_interviews", "term"))
held_against_the_report("median words", {(row["job_id"], row["question_text"]): row["median_words"] for row in answers[3]},
                        report("question_word_count_median", "question_text"))
held_against_the_report("pace", {(row["job_id"],): row["words_per_minute"] for row in answers[6]},
                        report("pooled_words_per_minute"))
# What else there is to compare with: the counts of hits, what was asked for again, and the archive.
[(negated,)] = connection.execute("select sum(negated) from keyword_hits").fetchall()
equal("negated mentions", len(answers[4]), negated)
equal("stale interviews", sum(row["stale"] for row in answers[8]), STALE)
equal("archived recordings", sum(row["archived"] for row in answers[9]), len(list(lake.parent.glob("archive/interviews/**/*.mp3"))))
equal("candidates with one interview alone", [], [key for key in {row["candidate_key"] for row in answers[10]}
      if len({row["settled_at"] for row in answers[10] if row["candidate_key"] == key}) < 2])
