from __future__ import annotations

from typing import Any

import pytest

from builder.errors import SpecError
from builder.inputs.fingerprint import inputs_of
from builder.spec.layer_spec import LayerSpec, Licences
from tests.builder.conftest import spec_of


@pytest.mark.parametrize("age", ["7 days", "1 day", "36 hours", "2 weeks", "2026-01-31"])
def test_an_age_is_one_that_uv_has(age: str) -> None:
    assert spec_of(exclude_newer=age).exclude_newer == age


@pytest.mark.parametrize("age", ["7", "0 days", "1 month", "-7 days", "7 days --offline", "now"])
def test_another_age_is_refused(age: str) -> None:
    with pytest.raises(SpecError, match="is neither an age nor a moment"):
        spec_of(exclude_newer=age)


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ("MIT", "licences is 'MIT'"),
        ({"forbid": ["MIT"]}, "licences is"),
        ({"allow": "MIT"}, "licences.allow is one string"),
        ({"deny": ["MIT OR Apache-2.0"]}, "'MIT OR Apache-2.0' is no identifier"),
        ({"deny": [""]}, "'' is no identifier"),
        ({"deny": ["x\ny"]}, "is no identifier"),
    ],
)
def test_rules_for_licences_that_cannot_be_right_are_refused(rules: Any, what: str) -> None:
    with pytest.raises(SpecError, match=what):
        spec_of(licences=rules)


def test_rules_survive_the_spec_s_json() -> None:
    spec = spec_of(exclude_newer="7 days", licences={"allow": ["MIT"], "deny": ["GPL-3.0-only"]})

    again = LayerSpec.from_json(spec.to_json())

    assert again == spec
    assert again.licences == Licences(("MIT",), ("GPL-3.0-only",))


def test_a_layer_without_rules_has_the_fingerprint_that_it_had() -> None:
    settings = inputs_of(spec_of(), []).settings

    assert not {"exclude_newer", "licences"} & set(settings)


def test_the_order_of_licences_builds_nothing_again() -> None:
    one, two = (
        inputs_of(spec_of(licences={"deny": names}), []).settings
        for names in (["A-1", "B-1"], ["B-1", "A-1"])
    )

    assert one == two
    assert one["licences"] == '{"deny": ["A-1", "B-1"]}'
