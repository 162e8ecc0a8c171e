"""Writes data/golden/statistics.json: what SciPy, statsmodels and scattertext say of made-up samples.

    python tests/oracle/statistics.py > data/golden/statistics.json

Wants numpy, scipy, statsmodels and (`pip install --no-deps`) scattertext. Of scattertext only the class of the ratio is
loaded, from its own file, since the package asks for much that the class does not need.
"""
import importlib.util
import json
import pathlib
import sys
import types

import numpy
from scipy.stats import fisher_exact, mannwhitneyu
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


def scattertext_class():
    """The class, with stand-ins for the packages around it."""
    spec = importlib.util.find_spec("scattertext")
    folder = pathlib.Path(spec.submodule_search_locations[0])
    names = ["scattertext", "scattertext.termranking", "scattertext.termsignificance"]
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    sys.modules["scattertext.termranking"].AbsoluteFrequencyRanker = object
    parts = [("TermSignificance", "TermSignificance"),
             ("LogOddsRatioUninformativeDirichletPrior", "LogOddsRatioUninformativeDirichletPrior"),
             ("LogOddsRatioInformativeDirichletPiror", "LogOddsRatioInformativeDirichletPrior")]
    for file, name in parts:
        module_name = f"scattertext.termsignificance.{file}"
        spec = importlib.util.spec_from_file_location(module_name, folder / "termsignificance" / f"{file}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
        setattr(sys.modules["scattertext.termsignificance"], name, getattr(module, name))
    return getattr(module, name)


def log_odds():
    ratio = scattertext_class()
    for terms, jobs, prior in [(3, 40, 100), (20, 200, 100), (200, 3000, 100), (20, 50, 500), (5, 10, 1)]:
        first = random.integers(0, jobs // 3 + 2, terms)
        second = random.integers(1, jobs, terms)
        z = ratio(first + second, sigma=prior, scale_type="word").get_zeta_i_j_given_separate_counts(first, second)
        yield {"first": first.tolist(), "second": second.tolist(), "prior": prior, "z": numpy.asarray(z).tolist()}


def rounded(value):
    """Ten significant digits of results: libraries' last ones differ."""
    if isinstance(value, dict):
        return {key: rounded(inner) if key in RESULTS else inner for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list) else float(f"{value:.10g}")


RESULTS = ("u", "p", "q", "z")
golden = {"mann_whitney": list(mann_whitney()), "fisher": list(fisher()),
          "benjamini_hochberg": list(benjamini_hochberg()), "log_odds": list(log_odds())}
for case in golden["benjamini_hochberg"]:
    case["q"] = rounded(case["q"])
for kind in ("mann_whitney", "fisher", "log_odds"):
    golden[kind] = [rounded(case) for case in golden[kind]]
json.dump(golden, sys.stdout, indent=None, separators=(",", ":"))
print()
