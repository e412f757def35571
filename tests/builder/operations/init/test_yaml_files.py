from pathlib import Path

import pytest

from builder.operations.init.yaml_files import load, strings, table


def test_short_forms_of_cloudformation_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("a: !Ref B\nc: [!GetAtt x.y, d]\ne: !Sub {f: g}\n")
    found = load(tmp_path / "t.yaml")

    assert found == {"a": None, "c": [None, "d"], "e": None}
    assert strings(found["c"]) == ["d"]


@pytest.mark.parametrize(
    "text",
    ["", "- a\n", "a: [", "!!python/object/apply:os.system [id]", "x", "[" * 1000, "a: 2026-99-99"],
)
def test_what_is_no_mapping_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.yaml").write_text(text)
    assert load(tmp_path / "t.yaml") == {}


def test_tables_are_found_by_their_path() -> None:
    assert table({"a": {"b": {"c": 1}}}, "a", "b") == {"c": 1}
    assert table({"a": []}, "a", "b") == {}
