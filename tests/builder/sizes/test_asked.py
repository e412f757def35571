from __future__ import annotations

from pathlib import Path

import pytest

from builder.errors import SpecError
from builder.sizes.asked import Asked, Changes, asked
from builder.spec.layers_toml import load_config

TOML = """
[defaults]
python = ["3.12", "3.13"]
architecture = "arm64"
[layers.web]
dependencies = ["requests"]
[layers.data]
dependencies = ["numpy"]
split = "target"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "layers.toml").write_text('[app]\nname = "shop"\n' + TOML)
    (tmp_path / "requirements.txt").write_text("flask\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "layers.toml"


def ask(config: Path, *words: str, **changes: tuple[str, ...]) -> list[Asked]:
    return asked(words, config, lambda: load_config(config), Changes(**changes))


def targets(found: list[Asked]) -> list[list[str]]:
    return [[str(target) for target in each.spec.targets] for each in found]


def test_a_name_is_a_layer_and_no_word_means_all(config: Path) -> None:
    (web,) = ask(config, "web")
    assert web.spec.dependencies == ("requests",)
    assert web.root == config.parent
    assert len(ask(config)) == 3
    assert targets(ask(config, "data")) == [["python3.12 on arm64"], ["python3.13 on arm64"]]


def test_a_file_and_a_requirement_are_one_layer_of_the_default_target(config: Path) -> None:
    (found,) = ask(config, "requirements.txt", "boto3>=1")
    assert found.spec.requirements == ("requirements.txt",)
    assert found.spec.dependencies == ("boto3>=1",)
    assert targets([found]) == [["python3.13 on x86_64"]]


def test_what_is_in_no_layers_toml_is_named_by_what_it_begins_with(config: Path) -> None:
    names = [ask(config, *words)[0].spec.name for words in (
        ("Zope.Interface>=5", "flask"), ("requirements.txt",), ("7zip",)
    )]  # fmt: skip
    assert names == ["zope-interface-and-1-more", "requirements", "requirements"]


def test_runtimes_and_architectures_are_compared_one_by_one(config: Path) -> None:
    found = ask(config, "flask", python=("3.12", "3.13"), architecture=("arm64", "x86_64"))
    assert len(targets(found)) == 4
    found = ask(config, "web", architecture=("x86_64",))
    assert targets(found) == [["python3.12 on x86_64", "python3.13 on x86_64"]]


def test_a_file_elsewhere_is_seen_from_its_own_folder(
    config: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "needs.txt").write_text("flask\n")
    (found,) = ask(config, str(other / "needs.txt"))
    assert (found.root, found.spec.requirements) == (other, ("needs.txt",))


def test_a_pyproject_is_the_package_of_its_folder(config: Path) -> None:
    (config.parent / "src").mkdir()
    (config.parent / "src/pyproject.toml").write_text("[project]\n")
    (found,) = ask(config, "src/pyproject.toml")
    assert found.spec.package == "src"


def test_without_a_layers_toml_requirements_can_be_asked_about(tmp_path: Path) -> None:
    (found,) = asked(["flask"], tmp_path / "layers.toml", lambda: pytest.fail("read"), Changes())
    assert found.spec.dependencies == ("flask",)


def test_slim_and_exclude_can_be_tried_out(config: Path) -> None:
    (found,) = ask(config, "web", slim=("docs",), exclude=("*.txt",))
    assert (found.spec.slim, found.spec.exclude) == (("docs",), ("*.txt",))
    (found,) = ask(config, "web", slim=())
    assert found.spec.slim == ()


def test_a_word_that_is_nothing_is_refused(config: Path) -> None:
    with pytest.raises(SpecError, match="'no such thing' is no layer, no file and no requirement"):
        ask(config, "no such thing")
    with pytest.raises(SpecError, match="'flask' stands beside the layer 'web'"):
        ask(config, "web", "flask")
    (config.parent / "a-1-py3-none-any.whl").write_bytes(b"PK")
    with pytest.raises(SpecError, match="is a package, and no list of requirements"):
        ask(config, "a-1-py3-none-any.whl")
