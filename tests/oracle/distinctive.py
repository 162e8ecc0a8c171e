"""Distinctive terms of each job: persons counted by DuckDB's SQL, tested by SciPy and statsmodels.

    python tests/oracle/distinctive.py LAKE FROM UNTIL > data/golden/distinctive.json

Everybody counts once: with their last interview in a job, and with their last one in all other jobs. Listed are all
terms of all jobs that are significant; a report shows the ten strongest of each job. Of the same lake and days as
`data/golden/figures.json`.
"""
import json
import sys

import duckdb
import numpy
from scipy.stats import chi2_contingency, fisher_exact
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.multitest import multipletests

lake, since, until = sys.argv[1:4]
duckdb.sql("SET TimeZone = 'UTC'")
duckdb.sql(f"""create view completed as
    select job_id, interview_id, settled_at, coalesce(candidate_key, interview_id) as person
    from read_parquet('{lake}/interviews/**/*.parquet', hive_partitioning = false)
    where status = 'completed' and settled_at >= timestamptz '{since} 00:00+00'
    and settled_at < timestamptz '{until} 00:00+00'""")
duckdb.sql(f"""create view holding as select distinct interview_id, set, term
    from read_parquet('{lake}/keyword_hits/**/*.parquet', hive_partitioning = true) semi join completed using (interview_id)""")
terms = duckdb.sql("select distinct set, term from holding order by all").fetchall()


def persons(where):
    """Number of persons, and of those in whose last interview each term is."""
    last = f"(select arg_max(interview_id, (settled_at, interview_id)) as interview_id from completed where {where} group by person)"
    [(n,)] = duckdb.sql(f"select count(*) from {last}").fetchall()
    found = duckdb.sql(f"select set, term, count(*) from holding semi join {last} using (interview_id) group by all")
    return n, {(kind, term): count for kind, term, count in found.fetchall()}


compared = []
for (job,) in duckdb.sql("select distinct job_id from completed order by all").fetchall():
    n, here = persons(f"job_id = '{job}'")
    others_n, elsewhere = persons(f"job_id <> '{job}'")
    if n < 5 or others_n < 5:
        sys.exit(f"{job} would be counted with others, which this oracle does not do")
    for key in terms:
        a, b = here.get(key, 0), elsewhere.get(key, 0)
        if a + b == 0:
            continue
        table = numpy.array([[a, n - a], [b, others_n - b]], dtype=float)
        pooled = (a + b) / (n + others_n)
        more = table + 2 * numpy.array([pooled, 1 - pooled])
        g2 = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
        compared.append({
            "job_id": job, "set": key[0], "term": key[1], "n": n, "others_n": others_n, "share": a / n,
            "others_share": b / others_n, "log_odds_ratio": Table2x2(more).log_oddsratio,
            "signed_root_g2": float(numpy.sign(a / n - b / others_n) * numpy.sqrt(max(g2, 0.0))),
            "p": fisher_exact(table.astype(int)).pvalue})
adjusted = multipletests([one["p"] for one in compared], method="fdr_bh")[1]
for one, q in zip(compared, adjusted):
    one["q"] = q
    for name in ("share", "others_share", "log_odds_ratio", "signed_root_g2", "p", "q"):
        one[name] = float(f"{one[name]:.10g}")
json.dump([one for one in compared if one["q"] <= 0.05], sys.stdout, ensure_ascii=False, separators=(",", ":"))
print()
