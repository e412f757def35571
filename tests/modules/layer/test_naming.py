from __future__ import annotations

import cdktf
import pytest
from constructs import Construct

from modules.layer.bindings import CloudwatchLogGroup
from modules.layer.naming import literal, named


def address(*path: str) -> str:
    scope: Construct = cdktf.TerraformStack(cdktf.Testing.app(), "stack")
    for part in path[:-1]:
        scope = Construct(scope, part)
    return named(CloudwatchLogGroup(scope, path[-1])).friendly_unique_id


def test_an_address_is_the_place_in_the_stack() -> None:
    assert address("receipts", "logs") == "receipts_logs"


def test_hyphens_of_a_layers_name_stay() -> None:
    assert address("my-layer", "logs") == "my-layer_logs"


@pytest.mark.parametrize("part", ["with_underscore", "1st", "with space", "ünï"])
def test_a_part_that_could_be_mistaken_keeps_cdktfs_hash(part: str) -> None:
    assert address(part, "logs").split("_")[-1].isalnum()
    assert address(part, "logs") != f"{part}_logs"


def test_a_template_in_a_literal_is_only_text() -> None:
    assert literal("${var.x} and %{if} and $5") == "$${var.x} and %%{if} and $5"
