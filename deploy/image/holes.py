#!/usr/bin/python3
"""Which known holes an image's packages have, by its list of packages and Debian's security tracker.

Usage: holes.py SBOM TRACKER [--release trixie]

SBOM is the image's /usr/share/sbom/NAME.cdx.json, TRACKER the tracker's data, as a file:
https://security-tracker.debian.org/tracker/data/json. Nothing is downloaded here. The release is the one that the list's package URLs
name, unless it is given.

Exit code 1: a package has a hole that Debian has mended in a later version; build the image anew. Holes that Debian has
not mended are listed, and are no failure: there is nothing to install.
"""
import argparse
import json
import re
import subprocess
import sys


# As the tracker calls the versions that package URLs name.
RELEASES = {"debian-12": "bookworm", "debian-13": "trixie"}


def release_of(sbom):
    """The release whose packages these are."""
    distros = {match[1] for c in sbom["components"] if (match := re.search(r"[?&]distro=([^&]*)", c.get("purl", "")))}
    if len(distros) != 1 or not distros <= RELEASES.keys():
        raise ValueError(f"the list is of {sorted(distros)}, known are {sorted(RELEASES)}: say --release")
    return RELEASES[distros.pop()]


def is_older(version, fixed):
    """As Debian compares versions. A rebuild without a change of the source (+b1) is as old as its source."""
    source = re.sub(r"\+b\d+$", "", version)
    return subprocess.run(["dpkg", "--compare-versions", source, "lt", fixed], check=False).returncode == 0


def sources_of(sbom):
    """Source package -> version, of all packages in the list."""
    sources = {}
    for component in sbom["components"]:
        properties = {p["name"]: p["value"] for p in component.get("properties", [])}
        sources[properties["debian:source"]] = component["version"]
    if not sources:
        raise ValueError("the list names no package")
    return sources


def holes_of(sbom, tracker, release):
    """(mended, open): lists of texts, a line for each hole."""
    mended, unmended = [], []
    for source, version in sorted(sources_of(sbom).items()):
        for hole, entry in sorted(tracker.get(source, {}).items()):
            state = entry.get("releases", {}).get(release)
            if state is None or not hole.startswith("CVE-"):
                continue
            fixed = state.get("fixed_version")
            if state["status"] == "resolved":
                # "0": the release never had it.
                if fixed and fixed != "0" and is_older(version, fixed):
                    mended.append(f"{hole} {source} {version}, mended in {fixed}")
            elif state["status"] == "open" and state.get("urgency") != "unimportant":
                unmended.append(f"{hole} {source} {version}")
    return mended, unmended


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("sbom")
    parser.add_argument("tracker")
    parser.add_argument("--release", choices=sorted(RELEASES.values()))
    arguments = parser.parse_args()
    with open(arguments.sbom, encoding="utf-8") as sbom, open(arguments.tracker, encoding="utf-8") as tracker:
        packages = json.load(sbom)
        mended, unmended = holes_of(packages, json.load(tracker), arguments.release or release_of(packages))
    for hole in unmended:
        print("not mended by Debian:", hole)
    for hole in mended:
        print("mended:", hole)
    print(f"{len(mended)} holes that a new image would not have, {len(unmended)} that Debian has not mended")
    return 1 if mended else 0


if __name__ == "__main__":
    sys.exit(main())
