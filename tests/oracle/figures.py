"""Figures of a report by DuckDB's SQL, from the tables of a lake and nothing of roundup's own aggregates.

    python tests/oracle/figures.py LAKE FROM UNTIL [THREADS] > data/golden/figures.json

Every figure comes with the number of persons that have it, by which who compares knows what a report shows of it. Days
are those of UTC. `data/golden/figures.json` is of the lake that `roundup run pipelines/demo.toml` makes with `questions =
"all"` (else it depends on who answers first whose questions are asked for), 2026-03-02 to 2026-06-01.
"""
import json
import pathlib
import sys

import duckdb

lake, since, until = sys.argv[1:4]
duckdb.sql(f"SET threads = {sys.argv[4] if len(sys.argv) > 4 else 1}")
duckdb.sql("SET TimeZone = 'UTC'")


# Tables that a lake may lack, with what is asked of them.
MAY_LACK = {
    "questions": {"interview_id": "varchar", "question_id": "varchar", "question_text": "varchar",
                  "question_type": "varchar", "time_limit_seconds": "double"},
    "open_interviews": {"job_id": "varchar", "status": "varchar", "created_at": "timestamptz",
                        "expires_at": "timestamptz", "first_seen_via": "varchar"},
}


def table(name):
    if name in MAY_LACK and not any(pathlib.Path(lake, name).rglob("*.parquet")):
        columns = ", ".join(f"null::{kind} as {column}" for column, kind in MAY_LACK[name].items())
        return f"(select {columns} where false)"
    return f"read_parquet('{lake}/{name}/**/*.parquet', hive_partitioning = false)"


def rounded(value):
    """Ten significant digits: the order of a sum is nobody's business."""
    return float(f"{value:.10g}") if isinstance(value, float) else value


def rows(query):
    result = duckdb.sql(query)
    return [dict(zip(result.columns, map(rounded, row))) for row in result.fetchall()]


def distribution(name, value):
    return f"""count({value}) as {name}_n, count(distinct person) filter ({value} is not null) as {name}_persons,
        quantile_cont({value}, 0.5) as {name}_median,
        quantile_cont({value}, 0.25) as {name}_quartile_1, quantile_cont({value}, 0.75) as {name}_quartile_3,
        avg({value}) as {name}_mean, stddev_samp({value}) as {name}_standard_deviation"""


duckdb.sql(f"""create view settled as
    select i.job_id, i.status, coalesce(i.candidate_key, i.interview_id) as person, m.* exclude (job_id), date_trunc('week', i.settled_at) as week
    from {table("interviews")} i join {table("interview_metrics")} m using (interview_id)
    where i.settled_at >= timestamptz '{since} 00:00+00' and i.settled_at < timestamptz '{until} 00:00+00'""")
duckdb.sql("create view completed as select * from settled where status = 'completed'")
duckdb.sql(f"""create view answers as
    select c.job_id, c.interview_id, c.person, c.week, r.position, r.question_type,
        lower(regexp_replace(trim(r.question_text), '\\s+', ' ', 'g')) as question, r.transcript, r.duration_seconds,
        m.word_count::double as word_count, m.words_per_minute,
        coalesce(trim(r.transcript, ' \t\n\r') <> '', false) as is_answered,
        r.duration_seconds / nullif(q.time_limit_seconds, 0) as time_limit_share
    from completed c join {table("responses")} r using (interview_id)
    join {table("response_metrics")} m using (interview_id, position)
    left join {table("questions")} q using (interview_id, question_id)""")
duckdb.sql(f"""create view asked as
    select job_id, interview_id, person, question, question_type from answers union
    select c.job_id, interview_id, person, lower(regexp_replace(trim(q.question_text), '\\s+', ' ', 'g')),
        q.question_type
    from completed c join {table("questions")} q using (interview_id)""")
duckdb.sql(f"""create view hits as
    select a.job_id, a.interview_id, a.question, a.question_type, a.week, h.set, h.term, h.mentions,
           coalesce(h.negated, 0) as negated
    from answers a join (select * from read_parquet('{lake}/keyword_hits/**/*.parquet', hive_partitioning = true)) h
    using (interview_id, position)""")
duckdb.sql(f"""create view seen as
    select job_id, status, created_at, expires_at, first_seen_via from {table("interviews")}
    union all by name
    select job_id, status, created_at, expires_at, first_seen_via from {table("open_interviews")}""")


def completion(key):
    """Of a cohort that has had its time: it ends one validity and four days before the period does."""
    valid = """ceil((quantile_cont(epoch(expires_at) - epoch(created_at), 0.95)
        filter (status <> 'completed' and expires_at > created_at)) / 86400)"""
    days = f"greatest(28, date_diff('day', date '{since}', date '{until}'))"
    return f"""select key, first_day, last_day, count(*) filter (status = 'completed') as cohort_completed,
        count(*) filter (status = 'expired') as cohort_expired,
        count(*) filter (status not in ('completed', 'expired')) as cohort_open
        from (select key, strftime(last_day - ({days} - 1)::integer, '%Y-%m-%d') as first_day,
                strftime(last_day, '%Y-%m-%d') as last_day
            from (select {key} as key, date '{until}' - (coalesce({valid}, (select {valid} from seen)) + 5)::integer
                as last_day from seen group by all))
        join (select {key} as key, status, created_at from seen where first_seen_via = 'list') using (key)
        where created_at >= (first_day || ' 00:00+00')::timestamptz
        and created_at < ((last_day::date + 1)::varchar || ' 00:00+00')::timestamptz group by all"""


def groups(key):
    """`key` is a column, or a constant for one group of all."""
    interviews = ", ".join(distribution(name, name) for name in (
        "total_duration_seconds", "average_response_length", "elapsed_seconds", "days_to_complete"))
    return rows(f"""select * from
        (select {key} as key, count(*) filter (status = 'completed') as completed,
            count(*) filter (status = 'expired') as expired from settled group by all)
        left join (select {key} as key, count(distinct person) as persons,
            sum(response_count)::bigint as responses, sum(answered_count)::bigint as answered,
            count(*) filter (response_count = 0) as interviews_without_answers, {interviews}
            from completed group by all) using (key)
        left join (select {key} as key, {distribution("word_count", "word_count")},
            {distribution("words_per_minute", "words_per_minute")},
            sum(word_count) filter (words_per_minute is not null)
                / (sum(duration_seconds) filter (words_per_minute is not null) / 60) as pooled_words_per_minute,
            count(*) filter (duration_seconds is null) as answers_without_duration,
            count(*) filter (transcript is null) as answers_without_transcript,
            count(*) filter (transcript is not null and not is_answered) as answers_with_empty_transcript,
            count(*) filter (words_per_minute > 400) as answers_paced_above_400
            from answers group by all) using (key)
        left join ({completion(key)}) using (key)
        order by key""")


def keywords(job, by, of):
    where = "" if of == "''" else f"where {of} is not null"
    return rows(f"""select {job} as job_id, set, term, '{by}' as by, {of} as of,
        count(distinct interview_id) as interviews, count(*) as responses, sum(mentions)::bigint as mentions,
        sum(negated)::bigint as negated from hits {where} group by all order by all""")


figures = {
    "overall": groups("''")[0],
    "jobs": groups("job_id"),
    "questions": rows(f"""select job_id, question, asked, persons, answered, a.* exclude (job_id, question, answered) from
        (select job_id, question, count(distinct interview_id) as asked, count(distinct person) as persons
            from asked group by all)
        left join (select job_id, question, count(distinct interview_id) filter (is_answered) as answered,
            {distribution("word_count", "word_count")}, {distribution("duration_seconds", "duration_seconds")},
            {distribution("time_limit_share", "time_limit_share")},
            count(*) filter (time_limit_share >= 0.95) as at_limit,
            count(*) filter (transcript is not null and not is_answered or word_count < 10) as thin,
            count(*) filter (transcript is not null and (word_count is not null or not is_answered)) as of_known_length
            from answers group by all) a using (job_id, question)
        order by job_id, question"""),
    "question_types": rows("""select job_id, question_type, count(distinct interview_id) as asked,
        count(distinct person) as persons from asked where question_type is not null group by all order by all"""),
    "weeks": rows("""select job_id, strftime(week, '%G-W%V') as week, count(*) as completed
        from completed group by all order by all"""),
    "keywords": [row for job in ("''", "job_id") for row in
                 keywords(job, "all", "''") + keywords(job, "question_type", "question_type")
                 + keywords(job, "week", "strftime(week, '%G-W%V')")]
                + keywords("job_id", "question", "question"),
}
json.dump(figures, sys.stdout, ensure_ascii=False, indent=None, separators=(",", ":"))
print()
