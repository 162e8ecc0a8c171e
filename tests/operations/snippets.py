"""Writes the snippets of docs/operations.md as files, with the places of this machine.

    snippets.py PAGE FOLDER ROUNDUP

A snippet of Python, YAML or SQL names its file in its first line; the two units come in their order.
"""

import re
import sys
from pathlib import Path

page, folder, roundup = Path(sys.argv[1]).read_text(), Path(sys.argv[2]), sys.argv[3]


def here(text):
    return text.replace("/srv/roundup", str(folder)).replace("/usr/local/bin/roundup", roundup)


units = iter(["roundup.service", "roundup.timer"])
written = []
for kind, text in re.findall(r"^```(ini|python|yaml|sql)\n(.*?)^```", page, re.S | re.M):
    if kind == "ini":
        name = next(units)
    else:
        name = re.match(r"(?:#|--) (\S+)", text)[1]
        if kind in ("yaml", "sql"):
            name = f"dbt/{name}"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    # The user of the unit need not be on this machine.
    path.write_text(here(text).replace("User=roundup\n", ""))
    written.append(name)
assert len(written) == 6, written
(folder / "nightly.toml").write_text(
    '[source]\napi = "sandbox"\n[lake]\npath = "lake"\n[analyze]\n[expect]\n[metrics]\nprometheus = "roundup.prom"\n'
)
(folder / "dbt/dbt_project.yml").write_text("name: nightly\nversion: '1.0'\nprofile: nightly\nmodel-paths: [models]\n")
(folder / "dbt/profiles.yml").write_text(
    "nightly:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: nightly.duckdb\n"
)
print("wrote", *written)
