#!/usr/bin/python3
"""That instructions.py sees what it is for."""
import unittest

import instructions

BEFORE = {"call": 1000, "request": 200}


class CompareTest(unittest.TestCase):
    def test_says_nothing_of_what_is_as_it_was(self):
        self.assertEqual(instructions.compare(BEFORE, {"call": 1030, "request": 194}), ([], []))

    def test_names_stage_before_and_after_of_what_grew(self):
        grown, other = instructions.compare(BEFORE, {"call": 1031, "request": 200})
        self.assertEqual(other, [])
        self.assertEqual(grown, ["call: 1,000 instructions before, 1,031 now (+3.1%)"])

    def test_says_what_shrank_and_does_not_fail_for_it(self):
        grown, other = instructions.compare(BEFORE, {"call": 969, "request": 200})
        self.assertEqual(grown, [])
        self.assertEqual(other, ["call: 1,000 instructions before, 969 now (-3.1%)"])

    def test_says_what_is_not_committed(self):
        grown, other = instructions.compare(BEFORE, {"new": 7})
        self.assertEqual((grown, other), ([], ["new: 7 instructions, and none are committed"]))


class DumpTest(unittest.TestCase):
    def test_reads_runs_and_instructions(self):
        self.assertEqual(instructions.dumped("desc: Trigger: Client Request: 20\n\ntotals: 5320770\n"), (20, 5320770))

    def test_leaves_out_what_is_of_no_runs(self):
        self.assertIsNone(instructions.dumped("desc: Trigger: Program termination\n\ntotals: 3\n"))

    def test_takes_the_difference(self):
        self.assertEqual(instructions.per_run([(20, 5000), (10, 3000)]), 200)

    def test_refuses_runs_that_do_not_fit(self):
        with self.assertRaises(SystemExit):
            instructions.per_run([(10, 3000), (30, 5000)])


if __name__ == "__main__":
    unittest.main()
