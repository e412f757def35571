import hashlib
import json
from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.layer_spec import CodeArtifact, Index, LayerSpec
from builder.spec.runtimes import Target
from tests.builder.conftest import spec_of
from tests.builder.pinned import LAYERS, PINS, SPEC_KEYS

EVERYTHING = spec_of(
    package="src/web",
    requirements=("a.txt", "b/c.txt"),
    dependencies=("rich>=14",),
    extras=("tables",),
    python=("3.12", "3.13"),
    description="för alla",
    exclude=("tests/**",),
    functions=("web-api", "arn:aws:lambda:eu-west-1:123456789012:function:other"),
    may_fail=("web.gui",),
    system_packages=("libxml2-devel", "gcc-c++"),
    pre_install="tools/set up.sh",
    include=("bin", "lib"),
    indexes=(
        Index("house", "https://packages.example.com/simple", "ci", "pypi/ci:password"),
        Index("shop", codeartifact=CodeArtifact("shop", "123456789012", "python"), default=True),
    ),
)


def test_a_spec_comes_back_from_json_as_it_was() -> None:
    assert LayerSpec.from_json(EVERYTHING.to_json()) == EVERYTHING


def test_the_same_spec_gives_the_same_json_wherever_it_was_read() -> None:
    here, there = spec_of(where="/a/layers.toml"), spec_of(where="/b/layers.toml")

    assert here.to_json() == there.to_json()
    assert "layers.toml" not in here.to_json()


@pytest.mark.parametrize("name", LAYERS)
def test_what_specs_in_a_state_say_stays_the_same(name: str) -> None:
    document = json.loads(LAYERS[name].to_json())
    pinned = {key: document[key] for key in SPEC_KEYS}
    text = json.dumps(pinned, sort_keys=True, separators=(",", ":"))

    assert hashlib.sha256(text.encode()).hexdigest() == PINS[name].spec


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "3",
        "{}",
        '{"schema": 1}',
        json.dumps({**json.loads(EVERYTHING.to_json()), "colour": "red"}),
        json.dumps({**json.loads(EVERYTHING.to_json()), "name": 3}),
        json.dumps({**json.loads(EVERYTHING.to_json()), "python": "3.12"}),
        json.dumps({**json.loads(EVERYTHING.to_json()), "dependencies": [3]}),
        json.dumps({**json.loads(EVERYTHING.to_json()), "indexes": 3}),
        json.dumps({**json.loads(EVERYTHING.to_json()), "indexes": ["house"]}),
        json.dumps({**json.loads(EVERYTHING.to_json()), "indexes": [{"url": "https://a"}]}),
        json.dumps({**json.loads(EVERYTHING.to_json()), "indexes": [{"name": "a", "x": 1}]}),
    ],
)
def test_json_that_is_no_spec_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        LayerSpec.from_json(text)


def test_the_spec_of_another_version_is_refused_with_the_fix() -> None:
    newer = json.dumps({**json.loads(EVERYTHING.to_json()), "schema": 2})

    with pytest.raises(SpecError, match="schema 2") as caught:
        LayerSpec.from_json(newer)

    assert "version of fast-lambda-layer" in caught.value.fix


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", ""),
        ("name", "Web"),
        ("name", "1web"),
        ("name", "web-"),
        ("name", "we_b"),
        ("name", "web\n"),
        ("name", "w" * 65),
        ("python", ()),
        ("python", ("3.8",)),
        ("python", ("python3.12",)),
        ("python", ("3.12", "3.12")),
        ("architecture", "aarch64"),
        ("architecture", ""),
        ("package", ""),
        ("package", "/src/web"),
        ("package", "../web"),
        ("package", "a/../../web"),
        ("package", "a\\b"),
        ("requirements", ("",)),
        ("requirements", ("/etc/requirements.txt",)),
        ("dependencies", ("requests >=",)),
        ("dependencies", ("-r requirements.txt",)),
        ("dependencies", ("./web",)),
        ("dependencies", ("web @ https://ci:hush@a.example/web.whl",)),
        ("description", "x" * 161),
        ("package", 3),
        ("architecture", None),
        ("description", 3),
        ("description", None),
        ("pre_install", ["setup.sh"]),
        ("name", 3),
        ("may_fail", ("web gui",)),
        ("may_fail", ("web.",)),
        ("system_packages", ("-y",)),
        ("system_packages", ("a b",)),
        ("system_packages", ("$(id)",)),
        ("system_packages", ("@development",)),
        ("system_packages", ("/usr/bin/gcc",)),
        ("system_packages", ("lib*",)),
        ("system_packages", ("",)),
        ("system_packages", ("a\n",)),
        ("pre_install", ""),
        ("pre_install", "../setup.sh"),
        ("pre_install", "/setup.sh"),
        ("include", ("share",)),
        ("indexes", ("house",)),
        ("indexes", (Index("a", "https://a.example"), Index("a", "https://b.example"))),
        (
            "indexes",
            (
                Index("a", "https://a.example", default=True),
                Index("b", "https://b.example", default=True),
            ),
        ),
        ("functions", ("",)),
        ("functions", ("two words",)),
        ("functions", ("f" * 65,)),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_with_its_key(key: str, value: Any) -> None:
    with pytest.raises(SpecError) as caught:
        spec_of(**{key: value}, where="layers.toml [layers.web]")

    assert caught.value.where == f"layers.toml [layers.web], key {key!r}"
    assert caught.value.expected
    assert caught.value.fix


@pytest.mark.parametrize("key", ["python", "requirements", "dependencies", "exclude", "functions"])
def test_a_string_where_several_belong_is_not_taken_letter_by_letter(key: str) -> None:
    with pytest.raises(SpecError, match="one string") as caught:
        spec_of("web", **{"dependencies": ("rich",), key: "requests"})

    assert f"key {key!r}" in caught.value.where


def test_lists_are_as_good_as_tuples() -> None:
    assert spec_of(python=["3.12"], dependencies=["rich"]) == spec_of(dependencies=("rich",))
    assert hash(spec_of(dependencies=["rich"])) == hash(spec_of(dependencies=("rich",)))


@pytest.mark.parametrize("name", ["w", "w1", "web-api", "w" * 64])
def test_names_that_are_right(name: str) -> None:
    assert spec_of(name).name == name


@pytest.mark.parametrize(
    "function",
    [
        "web_api-1",
        "arn:aws:lambda:eu-west-1:123456789012:function:web",
        "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:web",
    ],
)
def test_functions_by_name_or_arn(function: str) -> None:
    assert spec_of(functions=(function,)).functions == (function,)


@pytest.mark.parametrize(
    "function", ["web:live", "web:3", "arn:aws:lambda:eu-west-1:123456789012:function:web:live"]
)
def test_a_version_or_alias_of_a_function_is_refused_because_it_cannot_change(
    function: str,
) -> None:
    # Lambda API reference, UpdateFunctionConfiguration: only the unpublished version can change.
    with pytest.raises(SpecError, match="version or alias"):
        spec_of(functions=(function,))


def test_a_layer_of_nothing_is_refused() -> None:
    with pytest.raises(SpecError, match="nothing in it"):
        spec_of(dependencies=())


def test_an_empty_package_is_a_mistake_and_not_the_whole_project() -> None:
    with pytest.raises(SpecError, match="outside the project") as caught:
        spec_of(package="", dependencies=("rich",))

    assert "key 'package'" in caught.value.where


def test_extras_without_a_package_are_refused() -> None:
    with pytest.raises(SpecError, match="extras are named") as caught:
        spec_of(extras=("tables",))

    assert "pydantic[email]" in caught.value.fix


def test_extras_may_be_written_as_people_write_them() -> None:
    assert spec_of(package="web", extras=("Data_Tables",)).extras == ("Data_Tables",)

    with pytest.raises(SpecError, match="cannot name an extra"):
        spec_of(package="web", extras=("a b",))


def test_targets_are_in_the_order_of_versions() -> None:
    assert spec_of(python=("3.12", "3.9", "3.11")).targets == (
        Target("3.9", "arm64"),
        Target("3.11", "arm64"),
        Target("3.12", "arm64"),
    )


@pytest.mark.parametrize("keep", [-1, True, "3", 2.0])
def test_how_many_versions_are_kept_is_a_whole_number(keep: Any) -> None:
    with pytest.raises(SpecError, match="keep is"):
        spec_of(keep=keep)


def test_how_many_versions_are_kept_is_part_of_the_spec() -> None:
    assert LayerSpec.from_json(spec_of(keep=3).to_json()).keep == 3
