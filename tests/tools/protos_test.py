#!/usr/bin/python3
"""What `make protos` packs is complete: it compiles alone, has its comments, and is the same bytes each time."""
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

from google.protobuf import descriptor_pb2

ROOT = pathlib.Path(__file__).resolve().parents[2]
LANGUAGES = ("go_package", "java_package", "csharp_namespace")


def pack(folder):
    done = subprocess.run([ROOT / "tools/scripts/protos.sh", folder], capture_output=True, text=True, check=True)
    return pathlib.Path(done.stdout.strip())


class ProtosTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.holder.name)
        cls.package = pack(cls.folder)
        with tarfile.open(cls.package) as archive:
            archive.extractall(cls.folder)
        cls.content = cls.folder / cls.package.name.removesuffix(".tar.gz")
        cls.files = sorted(str(path.relative_to(cls.content / "proto")) for path in cls.content.rglob("*.proto"))

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def descriptors(self):
        return descriptor_pb2.FileDescriptorSet.FromString((self.content / "descriptors.binpb").read_bytes()).file

    def test_compiles_from_the_package_alone(self):
        subprocess.run(["protoc", f"-I{self.content / 'proto'}", "--descriptor_set_out=/dev/null", *self.files], check=True)
        self.assertIn("google/api/annotations.proto", self.files)
        self.assertGreater(len(self.files), 50)

    def test_descriptors_are_complete_and_have_comments(self):
        files = {file.name: file for file in self.descriptors()}
        self.assertLessEqual(set(self.files), set(files))
        for file in files.values():
            self.assertLessEqual(set(file.dependency), set(files), file.name)
        orders = files["paynow/management/v1/orders.proto"]
        self.assertTrue(any(place.leading_comments for place in orders.source_code_info.location))

    def test_every_file_of_ours_says_its_package_in_each_language(self):
        for file in self.descriptors():
            if file.name.startswith("google/"):
                continue
            for option in LANGUAGES:
                self.assertTrue(getattr(file.options, option), f"{file.name} has no {option}")
            self.assertTrue(file.options.java_multiple_files, file.name)

    def test_files_of_one_package_agree_and_packages_differ(self):
        for option in LANGUAGES:
            said = {}
            for file in self.descriptors():
                if not file.name.startswith("google/"):
                    said.setdefault(file.package, set()).add(getattr(file.options, option))
            self.assertTrue(all(len(values) == 1 for values in said.values()), said)
            self.assertEqual(len(set().union(*said.values())), len(said), option)

    def test_no_two_names_of_a_package_differ_by_case_alone(self):
        """On some file systems their classes would be one file."""
        seen = {}
        for file in self.descriptors():
            for element in [*file.message_type, *file.enum_type, *file.service]:
                key = (file.package, element.name.lower())
                self.assertNotIn(key, seen, f"{file.package}.{element.name} and {seen.get(key)}")
                seen[key] = element.name

    def test_no_field_has_the_name_of_javas_accessor_of_an_enum(self):
        enum = descriptor_pb2.FieldDescriptorProto.TYPE_ENUM
        for file in self.descriptors():
            for message in file.message_type:
                names = {field.name for field in message.field}
                for field in message.field:
                    if field.type == enum:
                        self.assertNotIn(field.name + "_value", names, f"{file.package}.{message.name}")

    def test_brings_what_clients_need_beside_the_protos(self):
        json.loads((self.content / "service-config.json").read_text())
        self.assertEqual((self.content / "CHANGELOG.md").read_text(), (ROOT / "CHANGELOG.md").read_text())
        self.assertNotIn("@VERSION@", (self.content / "README.md").read_text())
        self.assertTrue((self.content / "proto/buf.yaml").exists())

    def test_the_same_sources_give_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as other:
            self.assertEqual(pack(other).read_bytes(), self.package.read_bytes())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
