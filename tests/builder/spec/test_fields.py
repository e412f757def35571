"""The table of fields and what is made of it: the specs, the fingerprint, the request."""

import dataclasses
import tomllib
from typing import Any

import pytest

from builder.inputs.bundle import request
from builder.inputs.fingerprint import inputs_of
from builder.spec.app_spec import AppSpec
from builder.spec.field import Field, Place
from builder.spec.fields import FIELDS, default, fields_in, spec_fields
from builder.spec.indexes import CodeArtifact, Index
from builder.spec.layer_spec import LayerSpec, Licences
from builder.spec.service_spec import ServiceSpec
from builder.spec.toml_keys import check_keys
from tests.builder.conftest import spec_of

OTHER: dict[str, Any] = {
    "package": "lib",
    "requirements": ("b.txt",),
    "dependencies": ("attrs",),
    "extras": ("tables",),
    "python": ("3.13",),
    "architecture": "x86_64",
    "description": "something else",
    "exclude": ("tests/",),
    "slim": ("docs",),
    "functions": ("api",),
    "layer_name": "my-dependencies",
    "image": True,
    "base": "python:3.13",
    "supervisor": True,
    "share": ("123456789012",),
    "parameter": "/layers/web",
    "may_fail": ("web.gui",),
    "system_packages": ("gcc",),
    "pre_install": "setup.sh",
    "include": ("lib",),
    "indexes": (Index("house", "https://packages.example.com/simple"),),
    "exclude_newer": "7 days",
    "licences": Licences(deny=("GPL-3.0-only",)),
    "compute": "auto",
    "images": (f"python3.12-arm64=example.com/build@sha256:{'9f' * 32}",),
    "keep": 3,
    "size_check": "warn",
}
"""Another value for each attribute of a layer's spec."""

WITH: dict[str, dict[str, Any]] = {
    "base": {"image": True},
    "supervisor": {"image": True, "include": ("bin",)},
}
"""What a key cannot be without."""

LAYERS = [field for field in FIELDS if Place.LAYER in field.places]


def test_there_is_another_value_for_every_key() -> None:
    assert OTHER.keys() == {field.name for field in spec_fields(Place.LAYER)}


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field.places[0].value} {field.name}")
def test_every_example_is_toml_of_the_keys_kind(field: Field) -> None:
    document = tomllib.loads(f"{field.name} = {field.example}")

    for place in field.places:
        check_keys(document, place, "the example")


def test_no_table_has_a_key_twice() -> None:
    for place in Place:
        names = [field.name for field in FIELDS if place in field.places]
        assert list(fields_in(place)) == names


def test_what_may_stand_in_the_defaults_may_stand_in_a_layer() -> None:
    assert fields_in(Place.DEFAULTS).items() <= fields_in(Place.LAYER).items()


@pytest.mark.parametrize(
    ("of", "place", "more"),
    [
        (LayerSpec, Place.LAYER, {"name", "where"}),
        (AppSpec, Place.APP, {"where"}),
        (Licences, Place.LICENCES, set()),
        (Index, Place.INDEX, {"name"}),
        (CodeArtifact, Place.CODEARTIFACT, set()),
        (ServiceSpec, Place.SERVICE, {"name", "where"}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_the_attributes_of_a_class_are_the_keys_of_its_table(
    of: type[Any], place: Place, more: set[str]
) -> None:
    attributes = {each.name: each.default for each in dataclasses.fields(of)}
    # How many layers there are is not a property of any of them.
    rows = {field.in_spec: field for field in fields_in(place).values() if field.name != "split"}

    assert attributes.keys() - more == rows.keys()
    for name, row in rows.items():
        assert attributes[name] == (dataclasses.MISSING if row.required else row.default), name


def test_defaults_are_right_themselves() -> None:
    spec = LayerSpec("web", ("3.12",), "arm64", dependencies=("rich",))

    for field in spec_fields(Place.LAYER):
        if not field.required and field.name != "dependencies":
            assert getattr(spec, field.in_spec) == default(field.name)


@pytest.mark.parametrize("field", spec_fields(Place.LAYER), ids=lambda field: field.name)
def test_a_key_changes_the_fingerprint_as_the_table_says(field: Field) -> None:
    spec = spec_of(package="src", **WITH.get(field.name, {}))
    other = dataclasses.replace(spec, **{field.in_spec: OTHER[field.name]})
    before, after = inputs_of(spec, ()), inputs_of(other, ())

    assert (before.fingerprint != after.fingerprint) == (field.fingerprint is not None)
    assert field.only_if_set == (field.name in after.settings.keys() - before.settings.keys())


@pytest.mark.parametrize("field", spec_fields(Place.LAYER), ids=lambda field: field.name)
def test_a_key_is_in_the_request_as_the_table_says(field: Field) -> None:
    spec = spec_of(package="src", **WITH.get(field.name, {}))
    other = dataclasses.replace(spec, **{field.in_spec: OTHER[field.name]})
    before, after = request(spec, "f"), request(other, "f")
    changed = {name for name in before if before[name] != after[name]}

    targets = {"targets"} if field.name in ("python", "architecture") else set()
    assert changed == ({field.name} if field.request else targets)


def test_what_the_worker_gets_is_in_the_fingerprint() -> None:
    # Else a layer would be what its fingerprint does not say.
    assert [field.name for field in LAYERS if field.request and not field.fingerprint] == []
