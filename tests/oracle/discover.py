"""Terms that tell each job from all others: n-grams of uniseg's words, counted by hand, tested by SciPy and statsmodels.

    python tests/oracle/discover.py LAKE > data/golden/discover.json
    python tests/oracle/discover.py PERIODS 2026-05-01 2026-05-31 > data/golden/discover-previous.json
    python tests/oracle/discover.py --bodies > data/golden/periods.jsonl

Of the completed interviews of a lake, with a keyword set of the terms in KNOWN in use. Everybody counts once: with their
last interview in a job, and with their last one in all other jobs. Written are how many terms are significant in each
job, those of questions too, and every 20th of them with its figures. Of the same lake as `data/golden/figures.json`.

With two days, the period from the first to before the second is compared with as many days before, and all that tells
the two apart is written. PERIODS is a lake of data/golden/periods.jsonl, which `--bodies` writes: interviews of two months
in which terms come and go, of candidates who come again, and some that do not count.
"""
import collections
import datetime
import functools
import json
import pathlib
import random
import sys

import duckdb
import numpy
import regex
import uniseg.wordbreak
from scipy.stats import chi2_contingency, fisher_exact
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.multitest import multipletests
from uniseg.derived import alphabetic

FLOOR = 5
KNOWN = ("spark", "zendesk", "code review")
ROOT = pathlib.Path(__file__).resolve().parents[2]
STOP_WORDS = set((ROOT / "src/search/discover/stop_words.txt").read_text("utf-8").split())
APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u0060\u00b4\u2032\uff07"), "'")
BREAKS = set("!?;:,(\n\r\x85\u2028\u2029…—―。！？；：，、（")


def is_word_character(character):
    return character.isalnum() or character == "_"


def is_break(text, at):
    character, after = text[at], text[at + 1:]
    if character == ".":
        return not (after and is_word_character(after[0]))
    if character in "-–":
        return text[at - 1:at].isspace() and after.lstrip("-–")[:1].isspace()
    return character in BREAKS


def grams(text):
    """The n-grams of an answer, as tuples of words."""
    at, end, clause = 0, 0, []
    for word in [*uniseg.wordbreak.words(text), None]:
        is_over = word is None
        if is_over or any(alphabetic(c) or c.isnumeric() for c in word):
            if is_over or any(is_break(text, place) for place in range(end, at)):
                for first in range(len(clause)):
                    for length in range(1, 5):
                        gram = tuple(clause[first:first + length])
                        if len(gram) == length and not STOP_WORDS.issuperset(gram):
                            yield gram
                clause = []
            if not is_over:
                clause.append(word.casefold().translate(APOSTROPHES))
                end = at + len(word)
        at += 0 if is_over else len(word)


def has_words(text):
    """Not where scripts without spaces have more than half of the letters."""
    unspaced = regex.findall(r"(?=\p{Alphabetic})[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]", text)
    return 2 * len(unspaced) <= len(regex.findall(r"\p{Alphabetic}", text))


def bodies():
    """Interviews around 2026-04-01, 2026-05-01 and 2026-05-31, the same every time."""
    draw = random.Random(32)
    words = "we the of and to team data sales plan review client deadline don\u2019t na\u00efve 3.5 caf\u00e9 build".split()
    for number in range(150):
        day = datetime.datetime(2026, 3, 30, tzinfo=datetime.UTC) + datetime.timedelta(days=number % 64, hours=7 * (number % 4))
        if number in (7, 8):
            day = datetime.datetime(2026, 5, 1 if number == 7 else 31, tzinfo=datetime.UTC)
        is_late = day >= datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)
        said = []
        for _ in range(draw.randint(2, 5)):
            clause = draw.choices(words, k=draw.randint(2, 9))
            if draw.random() < (0.5 if is_late else 0.1):
                clause.append(draw.choice(["the blast radius", "Blast Radius", "CI/CD", "spark again"]))
            if draw.random() < (0.1 if is_late else 0.5):
                clause.insert(0, draw.choice(["quarterly quota", "legacy MIGRATION plan", "m\u00fcde"]))
            said.append(" ".join(clause) + draw.choice([".", "!", ",", " -", "; so"]))
        answers = [" ".join(said), draw.choice(["", "Quota? Quota. QUOTA", "\u79c1\u306f\u6bce\u65e5\u50cd\u304d\u307e\u3059", "the team"])]
        who = {"id": f"c-{number % 97}", "name": f"Candidate {number % 97}", "email": f"c{number % 97}@example.org"}
        yield {
            "id": f"period-{number:03}", "status": "expired" if number % 29 == 3 else "completed",
            "completed_at": day.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "job": {"id": f"job-{number % 2}", "title": f"Job {number % 2}", "department": "All"},
            "candidate": who,
            "responses": [{"question_id": f"q-{at}", "question_text": f"What of the {['client', 'quota'][at]}?",
                           "question_type": "technical", "transcript": text} for at, text in enumerate(answers)],
        }


if sys.argv[1] == "--bodies":
    for body in bodies():
        print(json.dumps(body, ensure_ascii=False, separators=(",", ":")))
    sys.exit()
lake, *days = sys.argv[1:]
duckdb.sql("SET TimeZone = 'UTC'")
within = "true"
if days:
    begins, until = map(datetime.date.fromisoformat, days)
    within = f"settled_at >= TIMESTAMPTZ '{begins - (until - begins)}' and settled_at < TIMESTAMPTZ '{until}'"
rows = duckdb.sql(f"""select interview_id, i.job_id, coalesce(candidate_key, interview_id), epoch_us(i.settled_at), transcript, question_text
    from read_parquet('{lake}/responses/**/*.parquet', hive_partitioning = false) r
    join read_parquet('{lake}/interviews/**/*.parquet', hive_partitioning = false) i using (interview_id)
    where status = 'completed' and trim(transcript) <> '' and {within.replace("settled_at", "i.settled_at")}""").fetchall()
rows = [row for row in rows if has_words(row[4])]
interviews, used, questions = {}, collections.defaultdict(collections.Counter), collections.defaultdict(set)
for interview, job, person, settled_at, transcript, question in rows:
    group = job
    if days:
        group = "period" if datetime.datetime.fromtimestamp(settled_at // 1_000_000, datetime.UTC).date() >= begins else "before"
    interviews[interview] = (group, person, settled_at)
    used[interview].update(grams(transcript))
    # Of a period, the questions of all count.
    questions["period" if days else job].update(grams(question))


def last(of):
    """The last interview of each person among those of some jobs."""
    found = {}
    for interview, (job, person, settled_at) in interviews.items():
        if of(job):
            found[person] = max(found.get(person, (settled_at, interview)), (settled_at, interview))
    return [interview for _, interview in found.values()]


everybody = last(lambda _: True)
persons, uses = collections.Counter(), collections.Counter()
for interview in everybody:
    persons.update(used[interview].keys())
    uses.update(used[interview])
vocabulary = {gram for gram, count in persons.items() if count >= FLOOR}
replaced = {part for gram in vocabulary for length in range(1, len(gram)) for first in range(len(gram) - length + 1)
            for part in [gram[first:first + length]] if part in vocabulary and 10 * uses[gram] >= 9 * uses[part]}
covered = {gram for gram in vocabulary if any(f" {term} " in f" {' '.join(gram)} " for term in KNOWN)}
fisher = functools.cache(lambda *table: fisher_exact([table[:2], table[2:]]).pvalue)

compared = []
for job in ["period"] if days else sorted({job for job, _, _ in interviews.values()}):
    here, others = last(lambda other: other == job), last(lambda other: other != job)
    if min(len(here), len(others)) < FLOOR:
        continue
    counts = [collections.Counter(gram for interview in side for gram in used[interview]) for side in (here, others)]
    for gram in sorted(vocabulary - replaced - covered):
        a, b = counts[0][gram], counts[1][gram]
        compared.append((job, gram, here, [a, len(here) - a, b, len(others) - b]))
p = [fisher(*table) for *_, table in compared]
findings = []
for (job, gram, here, table), p, q in zip(compared, p, multipletests(p, method="fdr_bh")[1]):
    if q > .05:
        continue
    a, b = table[0], table[2]
    counts = numpy.array(table, dtype=float).reshape(2, 2)
    pooled = (a + b) / sum(table)
    g2 = chi2_contingency(counts, correction=False, lambda_="log-likelihood").statistic
    spread = [used[interview][gram] for interview in here]
    findings.append({
        "job_id": job, "term": " ".join(gram), "echoes": gram in questions[job], "candidates": a, "of": a + table[1],
        "share": a / (a + table[1]), "other_candidates": b, "other_of": b + table[3], "other_share": b / (b + table[3]),
        "g2": g2, "log_odds_ratio": Table2x2(counts + 2 * numpy.array([pooled, 1 - pooled])).log_oddsratio, "p": p, "q": q,
        "uses": sum(spread), "largest_share": max(spread) / sum(spread) if sum(spread) else None})
for one in findings:
    for name, value in one.items():
        if isinstance(value, float):
            one[name] = float(f"{value:.10g}")
findings.sort(key=lambda one: (one["job_id"], one["term"]))
of = {"answers": len(rows), "interviews": len(interviews), "candidates": len(everybody)}
written = {"known": KNOWN, "totals": {"findings": len(findings), "tests": len(compared), "of": of}}
if days:
    for one in findings:
        del one["job_id"]
    written |= {"findings": findings}
else:
    jobs = {job: {"findings": sum(one["job_id"] == job for one in findings),
                  "echoes": sum(one["job_id"] == job and one["echoes"] for one in findings)}
            for job in sorted({one["job_id"] for one in findings})}
    written |= {"jobs": jobs, "findings": findings[::20]}
json.dump(written, sys.stdout, ensure_ascii=False, separators=(",", ":"))
print()
