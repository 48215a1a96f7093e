#!/usr/bin/python3
"""deploy/kubernetes/base/istio: the mesh repeats no call. Usage: mesh_test.py SOURCE_DIR

Istio's default is two retries, on `unavailable` among others: a refund whose gateway died would be sent again.
"""
import pathlib
import re
import sys
import unittest

BASE = pathlib.Path(sys.argv.pop(1)) / "deploy/kubernetes/base"
MESH = (BASE / "istio/virtual-service.yaml").read_text()


class Mesh(unittest.TestCase):
    def test_every_route_says_that_nothing_is_repeated(self):
        # A route without `retries` would get Istio's default.
        http = MESH[MESH.index("\n  http:\n"):]
        rules = re.split(r"^  - ", http, flags=re.M)[1:]
        self.assertTrue(rules)
        for rule in rules:
            self.assertRegex(rule, r"(?m)^    retries:\n      attempts: 0$")

    def test_it_is_about_the_service_that_there_is(self):
        service = (BASE / "service.yaml").read_text()
        name = re.search(r"^  name: (.+)$", service, re.M).group(1)
        ports = re.findall(r"^ *-? *port: (\d+)$", service, re.M)
        self.assertEqual(set(re.findall(r"host: (.+)$", MESH, re.M)), {name})
        self.assertIn(re.search(r"number: (\d+)$", MESH, re.M).group(1), ports)
        self.assertIn(f"\n  hosts:\n  - {name}\n", MESH)


unittest.main()
