#!/usr/bin/env python3
"""Writes a bill of materials (CycloneDX 1.5, JSON) of all crates that are part of the binary. The same lock file gives the
same bytes: it has no time, no random number and no path.

    packaging/sbom.py > sbom.cdx.json
"""

import json
import pathlib
import sys
import tomllib

from licences import linked, metadata


def component(package, checksums):
    reference = f"pkg:cargo/{package['name']}@{package['version']}"
    found = {"type": "library", "bom-ref": reference, "name": package["name"], "version": package["version"], "purl": reference}
    if package["license"]:
        # Some crates still write a slash for "or".
        found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return found


def main():
    of_all = metadata()
    [root] = [package for package in of_all["packages"] if package["id"] == of_all["resolve"]["root"]]
    lock = tomllib.loads(pathlib.Path("Cargo.lock").read_text())
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}
    packages = linked(of_all)
    references = {package["id"]: f"pkg:cargo/{package['name']}@{package['version']}" for package in [root, *packages]}
    edges = {
        references[node["id"]]: sorted({references[one["pkg"]] for one in node["deps"] if one["pkg"] in references})
        for node in of_all["resolve"]["nodes"]
        if node["id"] in references
    }
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(root, checksums) | {"type": "application"}},
        "components": [component(package, checksums) for package in packages],
        "dependencies": [{"ref": reference, "dependsOn": edges[reference]} for reference in sorted(edges)],
    }
    json.dump(bill, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
