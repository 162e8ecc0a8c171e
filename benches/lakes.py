"""The lake of a corpus, for the benches."""
import pathlib
import subprocess
import sys

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus.py"


def lake_of(roundup, lake, *flags):
    """Makes the corpus (`benches/corpus.py` with these flags) and a lake of it, unless the lake is there. Returns its path."""
    folder = lake.parent
    bodies, unfinished = folder / f"{lake.name}.jsonl", folder / "unfinished"
    if not lake.exists():
        folder.mkdir(exist_ok=True)
        subprocess.run([sys.executable, CORPUS, "--out", bodies, *flags], check=True)
        subprocess.run([roundup, "-q", "import", "--lake", unfinished, bodies], check=True)
        unfinished.rename(lake)
        bodies.unlink()
    return lake
