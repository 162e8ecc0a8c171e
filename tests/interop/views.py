"""Makes the views that `roundup schema --format sql` writes, and holds them against the files.

    python views.py ROUNDUP LAKE

LAKE has been ingested and analysed, as that of pipelines/demo.toml is. Fails with a message at the first disagreement.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import duckdb

roundup, lake = map(pathlib.Path, sys.argv[1:])
roundup = roundup.resolve()


def run(*arguments):
    return subprocess.run([roundup, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True).stdout


def agree(what, *values):
    if any(value != values[0] for value in values):
        sys.exit(f"{what}: {values}")


def views_of(lake):
    """A connection with the views, and a function that asks it."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute(run("schema", "--format", "sql", "--lake", lake))
    return lambda query: connection.sql(query).fetchall()


TABLES = json.loads(run("schema", "--format", "json"))


def of_all_columns(ask, what):
    for table in TABLES:
        has = {name: kind for name, kind, *_ in ask(f"describe {table['table']}")}
        wanted = {column["name"]: column["type"] for column in table["columns"]}
        wanted |= {name: "VARCHAR" for name in table["partitions"]}
        agree(f"{what}: columns of {table['table']}", has, wanted)


sql = views_of(lake)
of_all_columns(sql, "the lake")
for table in TABLES:
    name = table["table"]
    there = any((lake / name).rglob("*.parquet"))
    by_glob = duckdb.sql(f"select count(*) from '{lake}/{name}/**/*.parquet'").fetchall() if there else [(0,)]
    agree(f"rows of {name}", sql(f"select count(*) from {name}"), by_glob)

# Settled and open in one.
agree("all_interviews", sql("select is_settled, count(*) from all_interviews group by all order by all"),
      [(False, *sql("select count(*) from open_interviews")[0]), (True, *sql("select count(*) from interviews")[0])])
agree("all_interviews: statuses", sql("select count(*) from all_interviews where is_settled != "
                                      "(status in ('completed', 'expired'))"), [(0,)])

# The table of jobs, from the rows that it counts.
agree("jobs", sql("select * from jobs order by job_id nulls first"), sql("""
    select job_id, max_by(job_title, (named_at, job_title)) filter (job_title is not null),
        max_by(department, (named_at, department)) filter (department is not null), min(first_seen_at),
        max(coalesce(asked_at, first_seen_at)), count(*) filter (status = 'completed'),
        count(*) filter (status = 'expired'), count(*) filter (status = 'invited'),
        count(*) filter (status = 'in_progress'),
        count(*) filter (status not in ('completed', 'expired', 'invited', 'in_progress'))
    from (select *, coalesce(settled_at, timestamptz '-infinity') as named_at from all_interviews)
    group by job_id order by job_id nulls first"""))

# Mentions, from the lists of places, and by the bytes of the transcripts.
agree("mentions of each answer and term", *[sql(f"""select "set", term, interview_id, position, {counts}
    from {view} group by all order by all""") for view, counts in [
        ("keyword_hits", "sum(mentions)::bigint, sum(negated)::bigint"),
        ("mentions", "count(*), count(*) filter (negated)")]])
transcripts = {(row[0], row[1]): row[2] for row in sql("select interview_id, position, transcript from responses")}
found = beyond_ascii = 0
for interview, position, start, end, first, mention, context in sql("""select interview_id, position, "start", "end",
        start_char, mention, context from mentions"""):
    transcript = transcripts[interview, position]
    agree(f"{interview}: bytes and characters", transcript.encode()[start:end].decode(), mention,
          transcript[first:first + len(mention)])
    agree(f"{interview}: context", transcript[max(first - 40, 0):first + len(mention) + 40], context)
    found += 1
    beyond_ascii += first != start
agree("mentions, some of them after a character beyond ASCII", found > 0 and beyond_ascii > 0, True)

# Completion.
compared = 0
for completed, expired, rate, still_open, share in sql("""select completed, expired, completion_rate, still_open,
        still_open_share from completion"""):
    agree("a completion rate", rate, completed / (completed + expired) if completed + expired else None)
    compared += 1
    agree("a share of open ones", share, still_open / (completed + expired + still_open))

# Lakes in which not every table is there yet, and one that an older version has begun.
root = pathlib.Path(__file__).resolve().parents[2]
with tempfile.TemporaryDirectory() as folder:
    empty = pathlib.Path(folder) / "it's [empty]"
    nothing = pathlib.Path(folder) / "nothing.jsonl"
    nothing.touch()
    run("-q", "import", "--lake", empty, nothing)
    ask = views_of(empty)
    of_all_columns(ask, "an empty lake")
    for view in ["all_interviews", "mentions", "completion"]:
        agree(f"an empty lake: {view}", ask(f"select * from {view}"), [])
    run("-q", "import", "--lake", empty, root / "data/interviews.jsonl")
    ask = views_of(empty)
    of_all_columns(ask, "a lake that is not analysed")
    agree("a lake that is not analysed", ask("select * from mentions"), [])
    agree("a lake that is not analysed: interviews", ask("select count(*) > 0 from all_interviews"), [(True,)])
    older = views_of(root / "data/lake-without-log")
    of_all_columns(older, "a lake of an older version")
    [(mentions, places, words)] = older('select count(*), count("end"), count(context) from mentions')
    agree("a lake of an older version: mentions", (mentions, words), (places, 0))
    agree("a lake of an older version: some", mentions > 0, True)
print(f"{found} mentions, {compared} completion rates and all columns of {len(TABLES)} views agree")
