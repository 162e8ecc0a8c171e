"""Looks whether the licences and the SBOM of an installed wheel name all crates that the program is linked from.

    python names_all_crates.py VENV REPOSITORY
"""

import json
import pathlib
import subprocess
import sys

venv, repository = map(pathlib.Path, sys.argv[1:])
tree = ["cargo", "tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--target", "x86_64-unknown-linux-gnu"]
lines = subprocess.run(tree, check=True, cwd=repository, stdout=subprocess.PIPE, text=True).stdout.splitlines()
crates = {tuple(line.split()[:2]) for line in lines} - {("roundup", line.split()[1]) for line in lines}
crates = {(name, version.removeprefix("v")) for name, version in crates}

text = (venv / "share/doc/roundup-interviews/THIRD-PARTY.txt").read_text()
missing = [crate for crate in crates if f"    {crate[0]} {crate[1]}, " not in text]
assert not missing, f"THIRD-PARTY.txt does not name {missing}"

bill = (venv / "share/doc/roundup-interviews/sbom.cdx.json").read_text()
assert str(repository.resolve()) not in bill, "the SBOM has a path of this machine"
components = {(part["name"], part["version"]) for part in json.loads(bill)["components"]}
assert crates <= components, f"the SBOM does not name {crates - components}"
print(f"all {len(crates)} crates are named")
