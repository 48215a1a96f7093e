#!/usr/bin/python3
"""The checks of tools/scripts/contracts.py find what they are for: each mistake, put into a small proto, is named."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools" / "scripts"))
import contract_checks  # noqa: E402
import proto_text  # noqa: E402

PROTO = """\
syntax = "proto3";

package lemon.v1;

service DrinksService {
  // Lists them.
  rpc List(ListRequest) returns (ListResponse) {
    option (google.api.http) = {get: "/v1/stands/{stand_id}/drinks" response_body: "items"};
  }
}

message ListRequest {
  optional string stand_id = 1 [(gateway.v1.field).required = true];
  optional Size size = 2 [(gateway.v1.field).wire_name = "drinkSize"];
}

message ListResponse {
  repeated Drink items = 1;
}

// A drink.
message Drink {
  reserved 4;

  optional string name = 1;  // as on the board
  optional int32 price = 2;
  Drink next = 3;
}

enum Size {
  SIZE_UNSPECIFIED = 0;
  SIZE_SMALL = 1;
  SIZE_LARGE = 2
      [(gateway.v1.value).text = "Large", deprecated = true, (gateway.v1.value).local = true];
  // A bucket.

}
"""


def problems(*changes):
    after = PROTO
    for old, new in changes:
        assert old in after, old
        after = after.replace(old, new)
    before, history = proto_text.Package([PROTO]), contract_checks.History()
    history.problems(before)
    now = proto_text.Package([after])
    return contract_checks.Checks(before, now).problems() + history.problems(now)


class ContractChecksTest(unittest.TestCase):
    def test_reads_what_is_there(self):
        package = proto_text.Package([PROTO])
        self.assertEqual(package.methods["DrinksService.List"].route(), ("get", "/v1/stands/{}/drinks"))
        self.assertEqual(package.messages["ListRequest"].fields[2].wire_name, "drinkSize")
        self.assertEqual(package.messages["Drink"].reserved, {4})
        self.assertEqual(package.messages["Drink"].fields[1].comments, ["as on the board"])
        self.assertEqual(package.enums["Size"].fields[2].comments, ["A bucket."])
        self.assertEqual(proto_text.text_of(package.enums["Size"], package.enums["Size"].fields[2]), "Large")

    def test_nothing_changed(self):
        self.assertEqual(problems(), [])

    def test_harmless_changes(self):
        self.assertEqual(problems(("int32 price = 2", "int64 price = 2")), [])
        self.assertEqual(problems(("  Drink next = 3;", "  Drink next = 3;\n  optional bool hot = 5;")), [])

    def test_moved_field_of_a_reply(self):
        found = problems(("price = 2", "price = 5"))
        self.assertTrue(found[0].startswith("moved: get /v1/stands/{}/drinks out whole price: (1, 2) is now (1, 5)"), found)

    def test_moved_query_parameter_under_another_name(self):
        self.assertTrue(problems(("Size size = 2", "Size volume = 3"))[0].startswith("moved: "))

    def test_moved_value_of_a_renamed_enum(self):
        found = problems(("enum Size", "enum Volume"), ("optional Size size", "optional Volume size"),
                         ("SIZE_SMALL = 1", "SIZE_SMALL = 3"))
        self.assertEqual([problem.split(":")[0] for problem in found], ["moved"])

    def test_reused_number(self):
        found = problems(("optional int32 price = 2;", "optional string colour = 2;"))
        self.assertEqual(found, ["reused: Drink 2 was price and is colour"])

    def test_lost_comments(self):
        for comment in ("  // Lists them.\n", "// A drink.\n", "  // as on the board", "  // A bucket.\n"):
            found = problems((comment, ""))
            self.assertEqual([problem.split(":")[0] for problem in found], ["comment lost"], comment)


if __name__ == "__main__":
    unittest.main()
