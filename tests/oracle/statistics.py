"""Writes data/golden/statistics.json: what SciPy and statsmodels say of made-up samples.

    python tests/oracle/statistics.py > data/golden/statistics.json

Wants numpy, scipy and statsmodels.
"""
import json
import sys

import numpy
from scipy.stats import binomtest, chi2_contingency, fisher_exact, mannwhitneyu, t
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.multitest import multipletests

random = numpy.random.default_rng(20260601)


def mann_whitney():
    for n1, n2 in [(5, 5), (5, 40), (12, 9), (30, 30), (200, 150)]:
        for shift in (0.0, 0.4, 1.5):
            for rounded in (None, 0):
                first = random.lognormal(3.0 + shift, 0.5, n1)
                second = random.lognormal(3.0, 0.5, n2)
                if rounded is not None:
                    first, second = first.round(rounded), second.round(rounded)
                result = mannwhitneyu(first, second, alternative="two-sided", method="asymptotic", use_continuity=True)
                yield {"first": first.tolist(), "second": second.tolist(), "u": result.statistic, "p": result.pvalue}


def fisher():
    tables = [[[0, 5], [5, 0]], [[3, 7], [3, 7]], [[0, 10], [0, 12]], [[10, 0], [12, 0]], [[1, 9], [11, 3]]]
    tables += [random.integers(0, size, (2, 2)).tolist() for size in (6, 20, 100, 1000) for _ in range(6)]
    for first, second in tables:
        yield {"first": first, "second": second, "p": fisher_exact([first, second]).pvalue}


def benjamini_hochberg():
    for size in (1, 2, 7, 40, 300):
        p = random.uniform(0, 1, size) ** 3
        p[: size // 4] = p[0]
        yield {"p": p.tolist(), "q": multipletests(p, method="fdr_bh")[1].tolist()}


def shares():
    """The log odds ratio with two more on each side at the pooled share, and the signed root of G²."""
    tables = [[[0, 5], [5, 0]], [[3, 7], [3, 7]], [[0, 10], [2, 12]], [[10, 0], [12, 1]], [[31, 69], [420, 580]]]
    tables += [(random.integers(0, size, (2, 2)) + 1).tolist() for size in (6, 20, 100, 1000) for _ in range(6)]
    for first, second in tables:
        table = numpy.array([first, second], dtype=float)
        pooled = table[:, 0].sum() / table.sum()
        more = table + 2 * numpy.array([pooled, 1 - pooled])
        g2 = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
        sign = numpy.sign(table[0, 0] / table[0].sum() - table[1, 0] / table[1].sum())
        # A table of equal shares has a G² of rounding errors.
        yield {"first": first, "second": second, "log_odds_ratio": Table2x2(more).log_oddsratio,
               "signed_root_g2": float(sign * numpy.sqrt(max(g2, 0.0)))}


def bounds():
    """Exact one-sided 99 % bounds of shares."""
    more = numpy.random.default_rng(20260602)
    cases = [(0, 1), (1, 1), (0, 30), (30, 30), (12, 30), (24, 60), (130, 374)]
    cases += [(int(more.integers(0, n + 1)), n) for n in (5, 30, 100, 2000) for _ in range(5)]
    for k, n in cases:
        yield {"with": k, "n": n, "lower": binomtest(k, n, alternative="greater").proportion_ci(0.99, "exact").low,
               "upper": binomtest(k, n, alternative="less").proportion_ci(0.99, "exact").high}


def student_t():
    for degrees in (1, 2, 3, 4, 10, 11, 30):
        for value in (0.0, 0.3, -1.0, 2.2, 3.5, -8.0):
            yield {"t": value, "degrees": degrees, "p": 2 * t.sf(abs(value), degrees)}


def weeks():
    """p-values of a week's count, by square roots and the t test of one more against twelve."""
    more = numpy.random.default_rng(20260603)
    for mean in (4, 10, 22, 60):
        for count in (0, mean // 2, mean, 3 * mean):
            before = more.poisson(more.gamma(mean, 1.0, 12)).tolist()
            roots = numpy.sqrt(numpy.array(before) + 0.375)
            spread = roots.std(ddof=1) * numpy.sqrt(1 + 1 / 12)
            yield {"count": count, "before": before,
                   "p": 2 * t.sf(abs((numpy.sqrt(count + 0.375) - roots.mean()) / spread), 11)}


def rounded(value):
    """Ten significant digits of results: libraries' last ones differ."""
    if isinstance(value, dict):
        return {key: rounded(inner) if key in RESULTS else inner for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list) else float(f"{value:.10g}")


RESULTS = ("u", "p", "q", "lower", "upper", "log_odds_ratio", "signed_root_g2")
golden = {"mann_whitney": list(mann_whitney()), "fisher": list(fisher()),
          "benjamini_hochberg": list(benjamini_hochberg()), "shares": list(shares()),
          "bounds": list(bounds()), "student_t": list(student_t()), "weeks": list(weeks())}
for case in golden["benjamini_hochberg"]:
    case["q"] = rounded(case["q"])
for kind in ("mann_whitney", "fisher", "shares", "bounds", "student_t", "weeks"):
    golden[kind] = [rounded(case) for case in golden[kind]]
json.dump(golden, sys.stdout, indent=None, separators=(",", ":"))
print()
