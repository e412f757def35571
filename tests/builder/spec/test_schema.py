"""The schema and the reader of layers.toml agree: on what is right, and on what is wrong."""

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from builder.errors import SpecError
from builder.operations.init import text_of
from builder.spec.field import Field, Place
from builder.spec.fields import FIELDS
from builder.spec.layers_toml import EXAMPLE, load_config
from builder.spec.schema import schema
from tests.builder.conftest import package
from tests.builder.operations.init.test_text import DRAFT

PROJECT = Path(__file__).parents[3]

SERVICE = """
[services.ledger]
command = ["ledger", "{port}"]
image_tag = "1"
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
"""

RIGHT = {
    "the example in messages": EXAMPLE,
    "the repository's": (PROJECT / "layers.toml").read_text(),
    "what init writes": text_of(DRAFT),
    "python in the layer": EXAMPLE,
    "an index": '[indexes.house]\nurl = "https://packages.example.com/packages"\n' + EXAMPLE,
    "a service": EXAMPLE + SERVICE,
    "several of all": (
        '[app]\nname = "shop"\nasync = true\n[defaults]\npython = ["3.9", "3.14"]\n'
        'architecture = ["arm64", "x86_64"]\nsplit = "target"\n[layers.a]\ndependencies = ["six"]\n'
        '[layers.b]\ndependencies = ["six"]\npython = ["3.12"]\nkeep = 2\nslim = ["boto"]\n'
    ),
}
LAYER = '[app]\nname = "shop"\n[layers.web]\npython = ["3.13"]\narchitecture = "arm64"\n'
WRONG = {
    "no app": '[layers.web]\ndependencies = ["six"]\npython = ["3.13"]\narchitecture = "arm64"\n',
    "no layers": '[app]\nname = "shop"\n',
    "an empty table of layers": '[app]\nname = "shop"\n[layers]\n',
    "nothing in it": LAYER,
    "an unknown key": LAYER + 'dependencies = ["six"]\npyhton = ["3.13"]\n',
    "a string for a list": LAYER + 'dependencies = "six"\n',
    "a list of numbers": LAYER + "dependencies = [1]\n",
    "a runtime that Lambda has not": EXAMPLE.replace("3.13", "3.7"),
    "an architecture that Lambda has not": EXAMPLE.replace("arm64", "amd64"),
    "no python": EXAMPLE.replace('python = ["3.13"]\n', ""),
    "no architecture": EXAMPLE.replace('architecture = "arm64"\n', ""),
    "a bad name": EXAMPLE.replace("billing", "Billing!"),
    "a bad layer's name": EXAMPLE.replace("layers.web", "layers.Web"),
    "keep nothing": EXAMPLE + "keep = 0\n",
    "a word that slim has not": EXAMPLE + 'slim = ["everything"]\n',
    "a key of a layer in app": EXAMPLE.replace("[layers", "keep = 5\n[layers"),
    "a service without a command": EXAMPLE + SERVICE.replace("command", "image"),
    "a key that a service has not": EXAMPLE + SERVICE + "python = ['3.13']\n",
    "a bad service's name": EXAMPLE + SERVICE.replace(".ledger", ".Ledger"),
    "a service's architecture": EXAMPLE + SERVICE + 'architecture = "amd64"\n',
    "a dependency in defaults": EXAMPLE + '[defaults]\ndependencies = ["six"]\n',
}


@cache
def draft7() -> Any:
    """Return the validator's class; its import takes two seconds, which not every process needs."""
    from jsonschema import Draft7Validator

    return Draft7Validator


def accepts(text: str) -> bool:
    return bool(draft7()(schema()).is_valid(tomllib.loads(text)))


def test_it_is_a_schema() -> None:
    draft7().check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_accepted(text: str) -> None:
    assert accepts(text)


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_the_reader_refuses_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "layers.toml").write_text(text)
    with pytest.raises(SpecError):
        load_config(tmp_path / "layers.toml")
    assert not accepts(text)


@pytest.mark.parametrize("page", [*sorted(PROJECT.glob("docs/*.md")), PROJECT / "README.md"])
def test_every_whole_layers_toml_in_the_pages_is_accepted(page: Path) -> None:
    blocks = page.read_text(encoding="utf-8").split("```toml\n")[1:]
    for text in (block.partition("```")[0] for block in blocks):
        if "[app]" not in text or "[layers." not in text:
            continue
        assert list(draft7()(schema()).iter_errors(tomllib.loads(text))) == []


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field.places[0].value} {field.name}")
def test_every_key_is_in_it_with_what_it_says(field: Field) -> None:
    for place in field.places:
        found = table(place)["properties"][field.name]
        assert found["description"]
        assert "](" not in found["description"]


@pytest.mark.parametrize("field", [f for f in FIELDS if f.words], ids=lambda field: field.name)
def test_words_are_those_that_the_reader_takes(field: Field, tmp_path: Path) -> None:
    package(tmp_path)
    for word in field.words:
        value = json.dumps(word if field.kind.takes(word) else [word])
        app = {"name": '"shop"'}
        layer = {"package": '"src"', "python": '["3.13"]', "architecture": '"arm64"'}
        (app if field.places == (Place.APP,) else layer)[field.name] = value
        tables = {"app": app, "layers.web": layer}
        text = "\n".join(
            f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
            for name, keys in tables.items()
        )
        (tmp_path / "layers.toml").write_text(text)
        load_config(tmp_path / "layers.toml")
        assert accepts(text)


def table(place: Place) -> dict[str, Any]:
    whole = schema()["properties"]
    tables: dict[Place, dict[str, Any]] = {
        Place.FILE: schema(),
        Place.APP: whole["app"],
        Place.BACKEND: whole["app"]["properties"]["backend"],
        Place.DEFAULTS: whole["defaults"],
        Place.LAYER: whole["layers"]["additionalProperties"],
        Place.SERVICE: whole["services"]["additionalProperties"],
        Place.INDEX: whole["indexes"]["additionalProperties"],
    }
    tables[Place.CODEARTIFACT] = tables[Place.INDEX]["properties"]["codeartifact"]
    tables[Place.VPC] = whole["app"]["properties"]["vpc"]
    tables[Place.LICENCES] = tables[Place.LAYER]["properties"]["licences"]
    return tables[place]
