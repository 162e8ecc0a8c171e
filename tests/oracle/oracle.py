"""Figures and mentions as Python has them, over the corpus and the transcripts of the sample: one line of JSON for each
text, with the figures of an answer and, for ASCII texts, how often each term of terms.txt is mentioned as a whole word.

    python tests/oracle/oracle.py > data/golden/python.jsonl

uniseg knows Unicode 16, roundup 17, and Python what its version knows. Each character was once tried alone and between
two letters, two digits and two Kana: both see the same words, but for what came after Unicode 14, and for U+00B8, the
cedilla that stands alone, which has been part of words since 17. The corpus has none of these.
"""
import json
import math
import pathlib
import re
import unicodedata
import warnings

from uniseg.derived import alphabetic
from uniseg.wordbreak import words

with warnings.catch_warnings():
    # It asks pkg_resources where its files are.
    warnings.simplefilter("ignore")
    from lexical_diversity import lex_div

DATA = pathlib.Path(__file__).parents[2] / "data"
# Scripts written without spaces, by how the names of their letters begin.
UNSPACED = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA",
            "HALFWIDTH KATAKANA", "THAI")


def lines(file):
    return [json.loads(line) for line in (DATA / file).read_text("utf-8").split("\n") if line]


def texts():
    """Name, text and duration of every text that is there."""
    for row in lines("golden/texts.jsonl"):
        yield row["name"], row["text"], row["duration_seconds"]
    for interview in lines("interviews.jsonl"):
        for position, response in enumerate(interview.get("responses") or []):
            if isinstance(response.get("transcript"), str):
                yield f"{interview['id']}/{position}", response["transcript"], response.get("duration_seconds")


def is_alphanumeric(character):
    return alphabetic(character) or character.isnumeric()


def is_unspaced(text):
    letters = [character for character in text if alphabetic(character)]
    unspaced = [letter for letter in letters if unicodedata.name(letter, "").startswith(UNSPACED)]
    return len(unspaced) * 2 > len(letters)


def figures(text, duration):
    if is_unspaced(text):
        return {"char_count": len(text), "word_count": None, "unique_words": None, "mattr_50": None,
                "words_per_minute": None}
    found = [word.casefold() for word in words(text) if any(map(is_alphanumeric, word))]
    pace = 60 * len(found) / duration if duration is not None and duration > 0 else None
    return {
        "char_count": len(text),
        "word_count": len(found),
        "unique_words": len(set(found)),
        # Below the window, lex_div gives the ratio of what is there; the definition says null.
        "mattr_50": lex_div.mattr(found, 50) if len(found) >= 50 else None,
        "words_per_minute": pace if pace is not None and math.isfinite(pace) else None,
    }


def pattern(term):
    """The rules of word boundaries, as far as ASCII goes, as what may not stand beside a term."""
    before, after = "", ""
    if re.match(r"[0-9a-z_.]", term):
        before = r"(?<![0-9a-z_])"
    if re.search(r"[a-z]$", term):
        after = r"(?![0-9a-z_]|\+\+|#(?![0-9a-z_]))"
    elif re.search(r"[0-9_]$", term):
        after = r"(?![0-9a-z_])"
    elif re.search(r"[+#]$", term):
        after = r"(?![0-9a-z_+#])"
    if re.fullmatch(r"[a-z]", term):
        # A letter alone is no initial and no part of a compound.
        before += r"(?<![0-9a-z][.-])"
        after += r"(?![.-][0-9a-z])"
    return re.compile(before + re.sub("['`]", "['`]", re.escape(term)) + after)


terms = [(term, pattern(term.lower())) for term in (DATA / "golden/terms.txt").read_text("ascii").splitlines()]
for name, text, duration in texts():
    row = {"name": name, **figures(text, duration)}
    if text.isascii():
        counts = {term: len(sought.findall(text.lower())) for term, sought in terms}
        row["mentions"] = {term: count for term, count in counts.items() if count}
    print(json.dumps(row, ensure_ascii=False))
