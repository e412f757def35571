from pathlib import Path

import pytest

from builder.operations.init.draft import (
    DraftLayer,
    apart,
    architecture_in,
    contents_of,
    name_from,
    read,
    runtimes_in,
)
from builder.spec.checks import LAYER_NAME
from tests.builder.conftest import write_tree


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CommonDeps", "common-deps"),
        ("my_layer", "my-layer"),
        ("9 lives!", "lives"),
        ("ÄÖ", "usual"),
        ("---", "usual"),
        ("x" * 100, "x" * 40),
        ("a-" * 50, "a-" * 19 + "a"),
    ],
)
def test_names_resemble_what_they_come_from(text: str, name: str) -> None:
    assert name_from(text, "usual") == name
    assert LAYER_NAME.fullmatch(name)


def test_layers_of_one_name_get_numbers() -> None:
    layers = [DraftLayer("web", "", {}), DraftLayer("web", "", {}), DraftLayer("web-2", "", {})]
    assert [layer.name for layer in apart(layers)] == ["web", "web-2", "web-2-2"]


def test_only_what_lambda_has_is_taken() -> None:
    assert runtimes_in(["python3.12", "nodejs20.x", "python3.7", "python3.12", None]) == ("3.12",)
    assert architecture_in([None, "riscv", "arm64", "x86_64"]) == "arm64"
    assert architecture_in([]) == ""


def test_what_lies_outside_the_project_is_not_taken(tmp_path: Path) -> None:
    write_tree(tmp_path, {"outside/requirements.txt": "six", "in/deps/requirements.txt": "six"})
    root = tmp_path / "in"

    assert contents_of(root, root / "deps") == {"requirements": "deps/requirements.txt"}
    assert contents_of(root, root / "../outside") == {}
    (root / "link").symlink_to(tmp_path / "outside")
    assert contents_of(root, root / "link") == {}


def test_what_pip_installs_is_a_package(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a/setup.py": "", "b/setup.cfg": "", "c/pyproject.toml": ""})

    found = {name: contents_of(tmp_path, tmp_path / name) for name in "abc"}

    assert found == {"a": {"package": "a"}, "b": {}, "c": {"package": "c"}}


def test_a_file_that_is_no_text_is_read_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "long").write_bytes(b"x" * 1_000_001)

    assert [read(tmp_path / name) for name in ("binary", "long", "missing", ".")] == [""] * 4
