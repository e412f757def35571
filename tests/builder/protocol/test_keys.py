import re

from builder.protocol.keys import ARCHIVE, MANIFEST, PART_ARCHIVE, PART_RECEIPT, LayerKeys
from builder.worker import parts
from tests.builder.protocol.strings import ROOT, sources, strings

WEB = LayerKeys("web")
BARE = re.compile(r"record\.json|/approved|/artifacts|/bundles|/inputs(?!\.md)|/requests|/parts")


def test_each_object_of_a_layer_has_its_key_below_the_layers_name() -> None:
    keys = {
        "record": WEB.record,
        "approval": WEB.approval,
        "inputs": WEB.inputs_of("f"),
        "request": WEB.request("f"),
        "bundle": WEB.bundle("f"),
        "manifest": WEB.verified.manifest("f"),
        "archive": WEB.verified.archive("f"),
        "manifest that a build left": WEB.unverified.manifest("f"),
        "lock": WEB.verified.document("f", "lock-3.12.txt"),
        "receipt of a part": WEB.part_receipt("f", "python3.12"),
        "part": WEB.part_archive("f", "python3.12"),
    }
    assert keys == {
        "record": "web/record.json",
        "approval": "web/approved",
        "inputs": "web/inputs/f.json",
        "request": "web/requests/f.json",
        "bundle": "web/bundles/f.zip",
        "manifest": "web/artifacts/f/manifest.json",
        "archive": "web/artifacts/f/layer.zip",
        "manifest that a build left": "web/built/f/manifest.json",
        "lock": "web/artifacts/f/lock-3.12.txt",
        "receipt of a part": "web/built/f/parts/python3.12/part.json",
        "part": "web/built/f/parts/python3.12/part.zip",
    }
    assert all(key.startswith(WEB.everything) for key in keys.values())


def test_what_belongs_to_a_fingerprint_is_all_below_its_prefixes() -> None:
    of_it = [
        WEB.inputs_of("f"),
        WEB.request("f"),
        WEB.bundle("f"),
        WEB.verified.manifest("f"),
        WEB.verified.archive("f"),
        WEB.part_archive("f", "python3.12"),
        WEB.unverified.archive("f"),
    ]
    others = [WEB.record, WEB.approval, WEB.bundle("g")]

    assert all(key.startswith(WEB.prefixes("f")) for key in of_it)
    assert not any(key.startswith(WEB.prefixes("f")) for key in others)


def test_the_worker_calls_its_files_as_the_builder_does() -> None:
    assert (parts.LAYER, parts.MANIFEST) == (ARCHIVE, MANIFEST)
    assert (parts.ARCHIVE, parts.RECEIPT) == (PART_ARCHIVE, PART_RECEIPT)


def test_no_key_stands_anywhere_else() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{line}: {text!r}"
        for path in sources()
        if path != ROOT / "builder/protocol/keys.py"
        for line, text in strings(path.read_text("utf-8"))
        if BARE.search(text)
    ]
    assert bare == []


def test_a_bare_key_is_seen() -> None:
    source = '"""Of record.json."""\nkey = f"{name}/artifacts/{f}"\nother = name + "/record.json"\n'
    assert [line for line, text in strings(source) if BARE.search(text)] == [2, 3]
