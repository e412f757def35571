import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.inputs import fingerprint
from builder.inputs.fingerprint import (
    LONGEST_REASON,
    NAMED_CHANGES,
    Inputs,
    changes,
    inputs_of,
    reason,
)
from builder.inputs.source_files import source_files
from builder.spec.layer_spec import Index, LayerSpec
from tests.builder.conftest import package, spec_of
from tests.builder.pinned import FILES, LAYERS, PINS

SPEC = spec_of(
    package="src", dependencies=("rich>=14", "attrs"), extras=("a", "b"), exclude=("tests/",)
)


def inputs(root: Path, **fields: Any) -> Inputs:
    """Return the inputs of a layer of the package src; fields are those of the spec."""
    spec: LayerSpec = replace(SPEC, **fields)
    return inputs_of(spec, source_files(spec, root))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return package(tmp_path, {"web/data.txt": "some data"})


def test_a_fingerprint_is_64_hex_digits_and_always_the_same(root: Path) -> None:
    assert len(bytes.fromhex(inputs(root).fingerprint)) == 32
    assert inputs(root).fingerprint == inputs(root).fingerprint


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "other"},
        {"description": "something else"},
        {"functions": ("web-api",)},
        {"where": "elsewhere"},
        {"dependencies": ("attrs", "rich>=14")},
        {"extras": ("b", "a")},
    ],
)
def test_what_changes_no_byte_of_the_artifact_does_not_matter(
    root: Path, fields: dict[str, Any]
) -> None:
    assert inputs(root, **fields).fingerprint == inputs(root).fingerprint


def test_the_order_in_which_versions_are_named_does_not_matter(root: Path) -> None:
    one = inputs(root, python=("3.12", "3.13"))

    assert one.fingerprint == inputs(root, python=("3.13", "3.12")).fingerprint


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"python": ("3.13",)}, "python changed from 3.12 to 3.13"),
        ({"python": ("3.12", "3.13")}, "python changed from 3.12 to 3.12, 3.13"),
        ({"architecture": "x86_64"}, "architecture changed from arm64 to x86_64"),
        ({"extras": ("a",)}, "extras changed from a, b to a"),
        ({"extras": ()}, "extras changed from a, b to none"),
        ({"dependencies": ("rich>=15",)}, "dependencies changed from attrs, rich>=14 to rich>=15"),
        ({"exclude": ()}, "exclude changed from tests/ to none"),
    ],
)
def test_a_changed_setting_is_the_reason(root: Path, fields: dict[str, Any], why: str) -> None:
    old, new = inputs(root), inputs(root, **fields)

    assert old.fingerprint != new.fingerprint
    assert reason(old, new) == why


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"may_fail": ("b", "a")}, "may_fail changed from none to a, b"),
        ({"system_packages": ("gcc",)}, "system_packages changed from none to gcc"),
        ({"pre_install": "src/pyproject.toml"}, "pre_install changed from none to src/pypro"),
        ({"include": ("lib",)}, "include changed from none to lib"),
        (
            {"indexes": (Index("a", "https://a.example/s", default=True),)},
            "indexes changed from none to https://a.example/s (default)",
        ),
    ],
)
def test_a_setting_that_few_layers_have_is_the_reason_when_it_comes(
    root: Path, fields: dict[str, Any], why: str
) -> None:
    assert reason(inputs(root), inputs(root, **fields)).startswith(why)


def test_another_package_is_the_reason(root: Path) -> None:
    package(root / "more")

    why = reason(inputs(root), inputs(root, package="more/src"))

    assert why.startswith("package changed from src to more/src, ")


def edit(root: Path) -> None:
    (root / "src/web/app.py").write_text("x = 2\n")


def add(root: Path) -> None:
    (root / "src/web/more.py").write_text("y = 1\n")


def remove(root: Path) -> None:
    (root / "src/web/app.py").unlink()


def rename(root: Path) -> None:
    (root / "src/web/data.txt").rename(root / "src/web/facts.txt")


def rename_and_edit(root: Path) -> None:
    rename(root)
    (root / "src/web/facts.txt").write_text("other data")


def make_executable(root: Path) -> None:
    (root / "src/web/app.py").chmod(0o755)


def edit_and_make_executable(root: Path) -> None:
    edit(root)
    make_executable(root)


def pyproject(root: Path) -> None:
    (root / "src/pyproject.toml").write_text("[project]\n")


def lock(root: Path) -> None:
    (root / "src/uv.lock").write_text("version = 1\n")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (edit, "src/web/app.py changed"),
        (add, "src/web/more.py added"),
        (remove, "src/web/app.py removed"),
        (rename, "src/web/data.txt renamed to src/web/facts.txt"),
        (rename_and_edit, "src/web/facts.txt added, src/web/data.txt removed"),
        (make_executable, "src/web/app.py changed its exec bit"),
        (edit_and_make_executable, "src/web/app.py changed"),
        (pyproject, "src/pyproject.toml changed"),
        (lock, "src/uv.lock added"),
    ],
)
def test_a_changed_file_is_the_reason(root: Path, change: Callable[[Path], None], why: str) -> None:
    old = inputs(root)
    change(root)
    new = inputs(root)

    assert old.fingerprint != new.fingerprint
    assert reason(old, new) == why


def test_two_files_that_swap_their_names_are_two_changes(root: Path) -> None:
    old = Inputs({"a": "1", "b": "2"}, {})

    assert changes(old, Inputs({"a": "2", "b": "1"}, {})) == ["a changed", "b changed"]


def test_of_several_equal_files_each_is_renamed_once() -> None:
    old = Inputs({"a": "same", "b": "same"}, {})
    new = Inputs({"c": "same", "d": "same", "e": "same"}, {})

    assert changes(old, new) == ["a renamed to c", "b renamed to d", "e added"]


def test_settings_come_before_files_and_the_rest_is_counted(root: Path) -> None:
    old = inputs(root)
    for number in range(NAMED_CHANGES + 2):
        (root / f"src/web/{number}.py").write_text(f"{number}\n")

    why = reason(old, inputs(root, python=("3.13",)))

    assert why.startswith("python changed from 3.12 to 3.13, src/web/0.py added, ")
    assert why.endswith(", and 3 more")


def test_a_changed_worker_is_the_reason(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = inputs(root)
    monkeypatch.setattr(fingerprint, "worker_version", lambda: "0" * 12)

    assert reason(old, inputs(root)) == "the builder's worker changed"


def test_a_changed_build_image_is_the_reason(root: Path) -> None:
    new = inputs(root)
    old = Inputs(new.files, {**new.settings, "build image": '["old:latest"]'})

    assert reason(old, new).startswith("build image changed from old:latest to ")


def test_changed_facts_about_a_runtime_are_the_reason(root: Path) -> None:
    new = inputs(root)
    targets = json.loads(new.settings["targets"])
    old = Inputs(
        new.files, {**new.settings, "targets": json.dumps([{**targets[0], "glibc": "2.26"}])}
    )

    assert reason(old, new) == "facts about the runtime changed"


def test_a_setting_that_older_versions_did_not_know_is_named(root: Path) -> None:
    new = inputs(root)
    settings = {name: value for name, value in new.settings.items() if name != "extras"}

    assert reason(Inputs(new.files, settings), new) == "extras changed from none to a, b"


def test_inputs_that_differ_always_have_a_reason() -> None:
    assert reason(Inputs({}, {}), Inputs({}, {"new": "null"})) == "the inputs changed"


def test_inputs_come_back_from_json_as_they_were(root: Path) -> None:
    before = inputs(root)
    after = Inputs.from_json(before.to_json())

    assert after is not None
    assert (after, after.fingerprint) == (before, before.fingerprint)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", "{}", '{"schema": 2}', '{"schema": 1, "files": {}}']
)
def test_inputs_that_cannot_be_read_are_none(text: str) -> None:
    assert Inputs.from_json(text) is None


@pytest.mark.parametrize("name", LAYERS)
def test_layers_keep_the_fingerprint_that_they_have(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "worker_version", lambda: "0" * 12)

    assert inputs_of(LAYERS[name], FILES).fingerprint == PINS[name].fingerprint


def test_a_reason_stays_short_whatever_changed_and_says_where_the_rest_is() -> None:
    patterns = json.dumps([f"*.{number}" for number in range(3000)])
    names = ("exclude", "include", "a", "b", "c", "d")
    old = Inputs({}, dict.fromkeys(names, "[]"))
    new = Inputs({}, dict.fromkeys(names, patterns))

    found = reason(old, new)

    assert len(found) <= LONGEST_REASON == 500
    assert found.endswith("(the rest: lambda-layer plan --files)")
    assert all(f"{name} changed" in found for name in ("a", "b"))
    assert len(reason(old, replace(old, settings={**old.settings, "a": patterns}))) < 200
