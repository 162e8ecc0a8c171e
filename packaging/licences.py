#!/usr/bin/env python3
"""Writes the licences of all crates that are part of the binary, each text once, with the crates that it is of.

    packaging/licences.py > THIRD-PARTY.txt

A crate ships its licence as files, and those of C code that it brings in its folders. It fails for a crate that names no
licence. One that names a licence and ships no text is listed with the name.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

TARGET = "x86_64-unknown-linux-gnu"
# How deep C code lies in a crate: c_src/mimalloc/LICENSE.
DEEPEST = 3
LICENCE_FILE = re.compile(r"^(un)?(licen[cs]e|copying|copyright|notice)([-_.].*)?$", re.IGNORECASE)
NO_TEXT = {".rs", ".py", ".toml", ".json", ".html", ".c", ".h", ".go", ".pl"}


def metadata():
    """What cargo knows of the crates of this repository."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def linked(of_all):
    """The packages that the binary is linked from, without those that only build or test it, sorted by name."""
    nodes = {node["id"]: node for node in of_all["resolve"]["nodes"]}
    root = of_all["resolve"]["root"]
    seen, todo = set(), [root]
    while todo:
        node = nodes[todo.pop()]
        for dependency in node["deps"]:
            is_linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if is_linked and dependency["pkg"] not in seen:
                seen.add(dependency["pkg"])
                todo.append(dependency["pkg"])
    packages = [package for package in of_all["packages"] if package["id"] in seen]
    return sorted(packages, key=lambda package: (package["name"], package["version"]))


def licence_files(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_named = LICENCE_FILE.match(path.name) and path.suffix.lower() not in NO_TEXT
        if len(parts) <= DEEPEST and is_named and path.is_file():
            yield path


def main():
    packages = linked(metadata())
    texts = collections.defaultdict(list)
    without = []
    for package in packages:
        if not (package["license"] or package["license_file"]):
            sys.exit(f"{package['name']} names no licence")
        found = {path.read_text(errors="replace").replace("\r\n", "\n").strip() for path in licence_files(package)}
        for text in sorted(found - {""}):
            texts[text].append(package)
        if not found:
            without.append(package)

    def listed(packages):
        return [f"    {package['name']} {package['version']}, {package['license']}" for package in packages]

    lines = [f"roundup is linked from {len(packages)} crates:", "", *listed(packages), ""]
    if without:
        lines += ["These ship no text of the licence that they name:", "", *listed(without), ""]
    for text, users in sorted(texts.items(), key=lambda item: (-len(item[1]), item[1][0]["name"], item[0])):
        lines += ["=" * 100, "Of", "", *listed(users), "", text, ""]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
