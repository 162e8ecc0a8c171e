"""Reads a lake with DuckDB, and holds its figures against others' arithmetic.

    python read_lake.py LAKE vendor.json summary.json

Fails with a message at the first disagreement.
"""
import json
import math
import pathlib
import sys

import duckdb

lake, vendor_path, summary_path = map(pathlib.Path, sys.argv[1:])


def agree(what, *values):
    if any(value != values[0] for value in values):
        sys.exit(f"{what}: {values}")


def close(a, b):
    return a is b is None or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-12))


def sql(query):
    return duckdb.sql(query.replace("LAKE", str(lake))).fetchall()


# What the sandbox served.
vendor = json.loads(vendor_path.read_text())
statuses = [one["status"] for one in vendor.values()]
settled = sum(status in ("completed", "expired") for status in statuses)
agree("settled interviews", sql("select count(*), count(distinct interview_id) from 'LAKE/interviews/**/*.parquet'"),
      [(settled, settled)])
agree("open interviews", sql("select count(*) from 'LAKE/open_interviews/**/*.parquet'"),
      [(len(statuses) - settled,)])
agree("orphaned answers", sql("""select count(*) from 'LAKE/responses/**/*.parquet' r
      anti join 'LAKE/interviews/**/*.parquet' i using (interview_id)"""), [(0,)])
agree("questions of settled interviews", sql("""select count(distinct interview_id)
      from 'LAKE/questions/**/*.parquet'"""), [(settled,)])

# The vendor's own analysis, wherever it gives a finite number.
ours = {row[0]: row[1:] for row in sql("""select interview_id, total_duration_seconds, average_response_length,
        response_count from 'LAKE/interview_metrics/**/*.parquet'""")}
hits = {(interview, term): count for interview, term, count in sql("""select interview_id, term, count(*)
        from 'LAKE/keyword_hits/set=vendor-sample/**/*.parquet' group by all""")}
compared = 0
for interview, figures in vendor.items():
    if figures["status"] != "completed":
        continue
    duration, length, _ = ours[interview]
    if figures["totalDuration"] not in (None, 0):
        agree(f"{interview}: total duration", duration, float(figures["totalDuration"]))
        compared += 1
    if figures["averageResponseLength"] is not None:
        agree(f"{interview}: average response length", length, float(figures["averageResponseLength"]))
        compared += 1
    for keyword, count in figures["keywordMatches"].items():
        if count is not None:
            agree(f"{interview}: {keyword}", hits.get((interview, keyword), 0), count)
            compared += 1
print(f"{compared} figures equal the vendor's")
agree("too few figures of the vendor's were finite", compared > 4 * statuses.count("completed"), True)

# The report, by DuckDB's arithmetic.
summary = json.loads(summary_path.read_text())
period = summary["period"]
frame = f"""(select i.job_id, m.* from 'LAKE/interviews/**/*.parquet' i
    join 'LAKE/interview_metrics/**/*.parquet' m using (interview_id)
    where status = 'completed' and i.settled_at >= timestamptz '{period["from"]} 00:00+00'
    and i.settled_at < timestamptz '{period["until"]} 00:00+00')"""
expected = {row[0]: row[1:] for row in sql(f"""select job_id, count(*), quantile_cont(total_duration_seconds, 0.5),
    quantile_cont(total_duration_seconds, 0.25), avg(average_response_length), stddev_samp(average_response_length)
    from {frame} group by job_id""")}
shown = 0
for job in summary["jobs"]:
    figures = job["figures"]
    duration, length = figures["total_duration_seconds"], figures["average_response_length"]
    want = expected.get(job["job_id"], (0,))
    agree(f"completed of {job['job_id']}", figures["completed"], want[0])
    # Of fewer than 20 persons there is a rounded median, and of fewer than 5 nothing.
    if duration["mean"] is None or length["mean"] is None:
        continue
    got = (figures["completed"], duration["median"], duration["quartile_1"], length["mean"],
           length["standard_deviation"])
    if not all(close(a, b) for a, b in zip(got, want)):
        sys.exit(f"job {job['job_id']}: {got} in the report, {want} by DuckDB")
    shown += 1
agree("jobs with figures", shown > 0, any(want[0] >= 20 for want in expected.values()))
words = sql(f"""select quantile_cont(word_count, 0.5), sum(word_count) filter (words_per_minute is not null) * 60.0
    / sum(duration_seconds) filter (words_per_minute is not null)
    from 'LAKE/response_metrics/**/*.parquet' join 'LAKE/responses/**/*.parquet' using (interview_id, position)
    semi join {frame} f using (interview_id)""")[0]
overall = summary["overall"]
if not (close(overall["word_count"]["median"], words[0]) and close(overall["pooled_words_per_minute"], words[1])):
    sys.exit(f"words over all: {overall['word_count']['median']}, {overall['pooled_words_per_minute']}; DuckDB {words}")
# Interviews created on the cohort's days and first seen through a list, however far they have come.
[(completed, expired, still_open)] = sql(f"""select count(*) filter (status = 'completed'),
    count(*) filter (status = 'expired'), count(*) filter (status not in ('completed', 'expired'))
    from (select status, created_at, first_seen_via from 'LAKE/interviews/**/*.parquet' union all by name
          select status, created_at, first_seen_via from 'LAKE/open_interviews/**/*.parquet')
    where first_seen_via = 'list' and created_at >= timestamptz '{overall["completion_from"]} 00:00+00'
    and created_at < timestamptz '{overall["completion_last"]} 00:00+00' + interval 1 day""")
cohort = completed + expired + still_open
agree("the cohort", overall["completion_cohort"], cohort)
if still_open > cohort * 0.05:
    agree("a rate of which too much is open", overall["completion_rate"], None)
elif not (close(overall["completion_rate"], completed / (completed + expired))
        and close(overall["still_open_share"], still_open / cohort)):
    sys.exit(f"completion rate: {overall['completion_rate']}; DuckDB {completed} of {completed} + {expired}")
print(f"{shown} jobs of the report agree with DuckDB")
