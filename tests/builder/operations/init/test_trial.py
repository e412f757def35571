from pathlib import Path

from builder.operations.init.trial import refusals
from builder.spec.layers_toml import load_config
from tests.builder.conftest import write_tree

TEXT = """
[app]
name = "shop"
[defaults]
python = ["3.13"]
architecture = "x86_64"
[layers.web]
requirements = "requirements.txt"
[layers.plain]
dependencies = ["six"]
"""


def test_what_a_plan_would_refuse_is_said_with_what_to_do(tmp_path: Path) -> None:
    index = "--extra-index-url https://ci:word@packages.example.com/x\n"
    root = write_tree(tmp_path, {"layers.toml": TEXT, "requirements.txt": f"{index}six\n"})
    (told,) = refusals(load_config(root / "layers.toml"), root)
    assert told.startswith("layer web cannot be planned yet: requirements.txt has a password")
    assert "[indexes.NAME]" in told
    assert "word" not in told.replace("password", "")


def test_there_is_nothing_to_say_of_sources_that_can_be_read(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"layers.toml": TEXT, "requirements.txt": "six\n"})
    assert refusals(load_config(root / "layers.toml"), root) == []
