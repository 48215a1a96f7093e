#!/usr/bin/python3
"""The programs that write the contract data beside apigen: what they take from the upstream's file, and what they keep."""
import copy
import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "scripts"))
import contract_data  # noqa: E402
import contract_seed  # noqa: E402

SPEC = {
    "paths": {
        "/v1/stands/{standId}/drinks": {
            "get": {
                "tags": ["cold-drinks"], "operationId": "ColdDrinks_List",
                "parameters": [
                    {"in": "path", "name": "standId", "required": True, "schema": {"$ref": "#/components/schemas/FlakeId"}},
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "format": "int32", "minimum": 1}}],
                "responses": {"200": {"content": {"application/json": {"schema": {
                    "type": "array", "items": {"$ref": "#/components/schemas/DrinkDto"}}}}}}}}},
    "components": {"schemas": {
        "FlakeId": {"type": "string", "format": "flake-id"},
        "Size": {"type": "string", "enum": ["small", "large", None]},
        "DrinkDto": {"type": "object", "additionalProperties": False, "required": ["id"], "properties": {
            "id": {"$ref": "#/components/schemas/FlakeId"},
            "price": {"type": ["null", "integer"], "format": "int64"},
            "size": {"$ref": "#/components/schemas/Size"},
            "labels": {"type": "array", "items": {"type": "string", "maxLength": 9}},
            "maker": {"oneOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]}}}}}}
EMPTY = {"provider": "lemon", "api": "Lemon", "version": "v1", "base_path": "/v1", "operations": [], "schemas": {}}


class ContractDataTest(unittest.TestCase):
    def setUp(self):
        self.spec = copy.deepcopy(SPEC)
        self.digest, self.renames = {}, {}
        self.data = self.merged(EMPTY)

    def merged(self, old):
        document = contract_data.Document(self.spec)
        made = contract_data.Merge(old, document, contract_data.Documents(self.digest), self.renames).run()
        self.notes = document.types.notes
        self.assertEqual(json.loads(contract_data.Layout().text(made)), made)
        return made

    def drink(self):
        return self.spec["components"]["schemas"]["DrinkDto"]["properties"]

    def operation(self):
        return self.spec["paths"]["/v1/stands/{standId}/drinks"]["get"]

    def test_takes_names_types_and_flags(self):
        self.assertEqual(self.data["operations"], [{
            "id": "ColdDrinks_List", "tag": "ColdDrinks", "rpc": "List", "verb": "GET", "path": "/v1/stands/{standId}/drinks",
            "path_params": [{"name": "standId", "ref": "FlakeId"}],
            "query": [{"name": "limit", "type": "integer", "format": "int32", "minimum": 1}],
            "status": 200, "reply": {"array": {"ref": "DrinkDto"}}}])
        self.assertEqual(self.data["schemas"]["Size"], {"type": "string", "enum": ["small", "large"]})
        self.assertEqual(self.data["schemas"]["DrinkDto"], {"type": "object", "closed": True, "fields": {
            "id": {"ref": "FlakeId", "required": True},
            "price": {"type": "integer", "format": "int64", "nullable": True},
            "size": {"ref": "Size"},
            "labels": {"array": {"type": "string", "max_length": 9}},
            "maker": {"type": "string", "format": "date-time", "nullable": True}}})

    def test_the_same_file_again_changes_nothing(self):
        self.assertEqual(self.merged(self.data), self.data)

    def test_keeps_what_people_decided(self):
        self.data["schemas"]["DrinkDto"]["fields"]["price"]["null_when_unset"] = True
        self.data["operations"][0]["partial"] = True
        self.assertEqual(self.merged(self.data), self.data)

    def test_an_operation_keeps_its_id_when_tag_and_name_change(self):
        self.operation().update(tags=["drinks"], operationId="Drinks_ListAll")
        made = self.merged(self.data)["operations"][0]
        self.assertEqual((made["id"], made["tag"], made["rpc"]), ("ColdDrinks_List", "ColdDrinks", "ListAll"))

    def test_a_path_parameter_is_known_by_its_place(self):
        self.spec = json.loads(json.dumps(self.spec).replace("standId", "boothId"))
        made = self.merged(self.data)["operations"][0]
        self.assertEqual((made["path"], made["path_params"][0]["name"]), ("/v1/stands/{standId}/drinks", "standId"))

    def test_what_is_gone_goes(self):
        del self.drink()["price"]
        self.spec["paths"].clear()
        made = self.merged(self.data)
        self.assertNotIn("price", made["schemas"]["DrinkDto"]["fields"])
        self.assertEqual(made["operations"], [])

    def test_what_the_documents_name_stays(self):
        self.digest = {"operations": {"GET /v1/stands/{standId}/drinks": {}},
                       "schemas": {"Size": {"": "string value:small value:large"}, "DrinkDto": {"": "object", "id": "required"}}}
        self.spec["paths"].clear()
        self.spec["components"]["schemas"]["Size"]["enum"] = ["small"]
        del self.drink()["id"]
        del self.drink()["price"]
        made = self.merged(self.data)
        self.assertEqual(made["schemas"]["Size"], {"type": "string", "enum": ["small", "large"], "gone_texts": ["large"]})
        self.assertEqual(made["schemas"]["DrinkDto"]["fields"]["id"], {"ref": "FlakeId", "deprecated": True, "gone": True})
        self.assertNotIn("price", made["schemas"]["DrinkDto"]["fields"])
        self.assertTrue(made["operations"][0]["gone"] and made["operations"][0]["deprecated"])
        self.assertEqual(self.merged(made), made)

    def test_a_schema_that_is_gone_stays_for_what_refers_to_it(self):
        self.digest = {"operations": {"GET /v1/stands/{standId}/drinks": {}}}
        self.spec["paths"].clear()
        del self.spec["components"]["schemas"]["DrinkDto"]
        self.assertTrue(self.merged(self.data)["schemas"]["DrinkDto"]["gone"])

    def test_a_renamed_schema_is_no_new_one(self):
        self.digest = {"schemas": {"Size": {"": "string value:small"}}}
        self.renames = {"Size": "SizeDto"}
        self.spec = json.loads(json.dumps(self.spec).replace('"Size"', '"SizeDto"').replace("schemas/Size", "schemas/SizeDto"))
        made = self.merged(self.data)
        self.assertEqual(made["renamed"], {"Size": "SizeDto"})
        self.assertNotIn("Size", made["schemas"])
        self.renames = {}
        self.assertEqual(self.merged(made), made)

    def test_a_hidden_operation_stays_and_a_new_one_is_left_out(self):
        self.operation()["x-gitbook-ignore"] = True
        self.assertTrue(self.merged(self.data)["operations"][0]["deprecated"])
        self.assertEqual(self.merged(EMPTY)["operations"], [])

    def test_operations_that_share_a_name_are_told_apart(self):
        other = copy.deepcopy(self.operation())
        other["operationId"] = "Ice_List"
        self.spec["paths"]["/v1/stands/{standId}/ice"] = {"get": other}
        ids = {one["id"] for one in self.merged(self.data)["operations"]}
        self.assertEqual(ids, {"ColdDrinks_List", "ColdDrinks_IceList"})

    def test_what_stands_in_place_gets_a_name(self):
        self.drink()["glass"] = {"type": "object", "properties": {
            "ml": {"type": "integer"}, "size": {"type": "string", "enum": ["small", "large"]},
            "shape": {"type": "string", "enum": ["round"]}}}
        schemas = self.merged(EMPTY)["schemas"]
        self.assertEqual(schemas["DrinkDto"]["fields"]["glass"], {"ref": "DrinkDtoGlass"})
        self.assertEqual(schemas["DrinkDtoGlass"], {"type": "object", "fields": {
            "ml": {"type": "integer", "format": "int64"}, "size": {"ref": "Size"}, "shape": {"ref": "DrinkDtoGlassShape"}}})
        self.assertEqual(schemas["DrinkDtoGlassShape"], {"type": "string", "enum": ["round"]})

    def test_what_has_no_form_is_loosened_and_said(self):
        self.drink()["maker"] = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
        made = self.merged(EMPTY)
        self.assertEqual(made["schemas"]["DrinkDto"]["fields"]["maker"], {"type": "any"})
        self.assertEqual(len(self.notes), 1)

    def test_a_new_path_parameter_gets_a_record(self):
        shown = copy.deepcopy(self.operation())
        shown.update(operationId="ColdDrinks_Show")
        shown["parameters"][1:] = [{"in": "path", "name": "drinkId", "schema": {"$ref": "#/components/schemas/FlakeId"}}]
        shown["responses"]["200"]["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/DrinkDto"}
        self.spec["paths"]["/v1/stands/{standId}/drinks/{drinkId}"] = {"get": shown}
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "paynow.json").write_text(contract_data.Layout().text(self.merged(EMPTY)))
            (folder / "paynow.seed.json").write_text('{\n"StandDto": [\n{"id": "70"}]\n}\n')
            (folder / "paynow.arguments.json").write_text('{\n"path": {\n  "standId": "70"\n},\n"members": {}, "operations": {}\n}\n')
            contract_seed.Store(folder).run()
            arguments = json.loads((folder / "paynow.arguments.json").read_text())
            seed = json.loads((folder / "paynow.seed.json").read_text())
        self.assertEqual(arguments["path"], {"drinkId": "71", "standId": "70"})
        self.assertEqual(seed["DrinkDto"], [{"id": "71"}])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
