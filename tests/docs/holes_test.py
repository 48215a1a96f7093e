#!/usr/bin/python3
"""deploy/image/holes.py: what it finds, and what it does not. Usage: holes_test.py SOURCE_DIR"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

SOURCE = sys.argv.pop(1)
PROGRAM = os.path.join(SOURCE, "deploy/image/holes.py")
spec = importlib.util.spec_from_file_location("holes", PROGRAM)
holes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(holes)


def sbom(**packages):
    return {
        "components": [
            {"name": f"lib{name}", "version": version, "purl": f"pkg:deb/debian/lib{name}@{version}?distro=debian-12",
             "properties": [{"name": "debian:source", "value": name}]}
            for name, version in packages.items()
        ]
    }


def state(status, fixed=None, urgency="low"):
    entry = {"status": status, "urgency": urgency}
    if fixed is not None:
        entry["fixed_version"] = fixed
    return {"releases": {"bookworm": entry, "trixie": {"status": "open", "urgency": "high"}}}


class HolesTest(unittest.TestCase):
    def found(self, packages, tracker):
        return holes.holes_of(packages, tracker, "bookworm")

    def test_a_hole_that_a_later_version_has_not(self):
        tracker = {"curl": {"CVE-2026-1": state("resolved", "7.88.1-10+deb12u9")}}
        mended, unmended = self.found(sbom(curl="7.88.1-10+deb12u8"), tracker)
        self.assertEqual(mended, ["CVE-2026-1 curl 7.88.1-10+deb12u8, mended in 7.88.1-10+deb12u9"])
        self.assertEqual(unmended, [])

    def test_the_release_is_that_of_the_packages(self):
        for distro, release in (("debian-12", "bookworm"), ("debian-13", "trixie")):
            packages = {"components": [{"purl": f"pkg:deb/debian/curl@8?arch=amd64&distro={distro}"}]}
            self.assertEqual(holes.release_of(packages), release)
        for distros in ((), ("debian-11",), ("debian-12", "debian-13")):
            packages = {"components": [{"purl": f"pkg:deb/debian/curl@8?distro={distro}"} for distro in distros]}
            with self.assertRaisesRegex(ValueError, "--release"):
                holes.release_of(packages)

    def test_versions_are_debians(self):
        tracker = {"curl": {"CVE-2026-1": state("resolved", "7.88.1-10+deb12u9")}}
        for version in ("7.88.1-10+deb12u9", "7.88.1-10+deb12u10", "8.0-1", "7.88.1-10+deb12u9+b1"):
            self.assertEqual(self.found(sbom(curl=version), tracker), ([], []), version)
        self.assertEqual(len(self.found(sbom(curl="7.88.1-10+deb12u9~rc1"), tracker)[0]), 1)

    def test_a_hole_that_nobody_has_mended_is_told(self):
        tracker = {"grpc": {"CVE-2023-33953": state("open")}}
        self.assertEqual(self.found(sbom(grpc="1.51.1-3"), tracker), ([], ["CVE-2023-33953 grpc 1.51.1-3"]))

    def test_what_is_none_is_none(self):
        tracker = {
            "curl": {
                "CVE-1": state("resolved", "0"),
                "CVE-2": state("open", urgency="unimportant"),
                "CVE-3": {"releases": {"trixie": {"status": "open", "urgency": "high"}}},
                "TEMP-4": state("open"),
            },
            "other": {"CVE-5": state("open")},
        }
        self.assertEqual(self.found(sbom(curl="7"), tracker), ([], []))

    def test_a_list_without_packages_is_no_good_news(self):
        with self.assertRaises(ValueError):
            self.found({"components": []}, {})

    def test_the_program_fails_for_mended_ones_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            def write(name, value):
                path = os.path.join(folder, name)
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(value, file)
                return path

            packages = write("sbom", sbom(curl="1"))
            for entry, code in ((state("resolved", "2"), 1), (state("open"), 0)):
                tracker = write("tracker", {"curl": {"CVE-1": entry}})
                run = subprocess.run([PROGRAM, packages, tracker], capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode, code, run.stderr)
                self.assertIn("CVE-1 curl 1", run.stdout)


if __name__ == "__main__":
    unittest.main()
