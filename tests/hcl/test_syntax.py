from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hcl.syntax import Attribute, Block, Raw, Space, expression, split, write


@pytest.mark.parametrize(
    ("template", "pieces"),
    [
        ("plain", [("plain", False)]),
        ("", [("", False)]),
        ("${var.a}", [("var.a", True)]),
        ("a-${var.b}-c", [("a-", False), ("var.b", True), ("-c", False)]),
        ('${x["}"]}', [('x["}"]', True)]),
        ('${f({a = "\\"}"})}!', [('f({a = "\\"}"})', True), ("!", False)]),
        ("$${kept}", [("$${kept}", False)]),
        ("$${kept}${var.a}", [("$${kept}", False), ("var.a", True)]),
    ],
)
def test_a_template_is_split_into_texts_and_expressions(
    template: str, pieces: list[tuple[str, bool]]
) -> None:
    assert list(split(template)) == pieces


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("${var.a}", "var.a"),
        ('say "${var.a}"', '"say \\"${var.a}\\""'),
        ('${x["a"]}/b', '"${x["a"]}/b"'),
        (None, "null"),
        (True, "true"),
        (30, "30"),
        ([], "[]"),
        ({}, "{}"),
        (["a", Raw("b")], '["a", b]'),
        ({"a:b": 1, "longer": 2}, '{\n  "a:b"  = 1\n  longer = 2\n}'),
        ({"${name}.key": 1}, '{\n  "${name}.key" = 1\n}'),
        ("one\n  two", "trimspace(<<-EOT\n  one\n    two\nEOT\n)"),
    ],
)
def test_values_are_expressions(value: object, text: str) -> None:
    assert expression(value) == text


def test_a_file_is_as_terraform_formats_it(terraform: Path, tmp_path: Path) -> None:
    inner = Block("inner", (), [Attribute("x", {"a": [1, 2], "longer": ["x" * 50, "y" * 50]})])
    block = Block(
        "resource",
        ("type", "name"),
        [
            Attribute("a", 1),
            Attribute("longer", Raw("var.b")),
            Attribute("many", {"k": "v"}),
            Attribute("b", "text", "Why."),
            inner,
        ],
        "What it is.",
    )
    file = tmp_path / "main.tf"
    file.write_text(write([block, Space(), block]))
    copy = shutil.copy(file, tmp_path / "copy.tf")
    subprocess.run([terraform, "fmt", file], check=True, timeout=120, capture_output=True)
    assert file.read_text() == Path(copy).read_text()
