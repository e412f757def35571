import io
import json
import zipfile

from builder.inputs.same_bytes import EPOCH, json_bytes, zip_entries


def test_a_zip_is_the_same_bytes_in_whatever_order_its_files_come() -> None:
    entries = {"b.txt": (b"b", False), "a/größe.py": (b"a" * 5000, True), "a/b": (b"", False)}

    assert zip_entries(entries) == zip_entries(dict(reversed(entries.items())))


def test_a_zip_has_two_modes_one_time_and_all_contents() -> None:
    archive = zipfile.ZipFile(io.BytesIO(zip_entries({"b": (b"2", False), "a": (b"1", True)})))

    assert archive.namelist() == ["a", "b"]
    assert [entry.external_attr >> 16 for entry in archive.infolist()] == [0o100755, 0o100644]
    assert {entry.date_time for entry in archive.infolist()} == {EPOCH}
    assert archive.read("b") == b"2"


def test_a_document_is_the_same_bytes_in_whatever_order_its_keys_come() -> None:
    document = {"b": [2, 1], "a": {"d": "größe", "c": None}}

    text = json_bytes(document)

    assert text == json_bytes({"a": {"c": None, "d": "größe"}, "b": [2, 1]})
    assert json.loads(text) == document
    assert text.endswith(b"}\n")
