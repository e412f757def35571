from pathlib import Path

from embedded.standins.bindings import provider_schema
from embedded.standins.catalog import PROVIDERS
from embedded.standins.schema import Attribute, Block, NestedBlock, ProviderSchema
from tests.embedded.standins.conftest import Stack

SMALL = ProviderSchema(
    provider=Block(),
    resources={
        "a_thing": Block(
            {"name": Attribute("string", required=True)},
            {
                "rule": NestedBlock("list", Block({"days": Attribute("number", optional=True)})),
                "timeouts": NestedBlock("single", Block()),
            },
        )
    },
    data_sources={},
)


def test_a_schema_survives_json() -> None:
    assert ProviderSchema.from_json(SMALL.to_json()) == SMALL


def test_an_empty_object_has_lists_where_blocks_may_repeat() -> None:
    empty = SMALL.resources["a_thing"].empty()
    assert empty == {"name": None, "rule": [], "timeouts": None}


def test_terraform_reads_the_schema_as_we_wrote_it(stack: Stack, schemas: Path) -> None:
    stack.write({}, data={"external": {"it": {"program": ["true"]}}})
    printed = stack.terraform._json("providers", "schema", "-json")["provider_schemas"]
    for provider in PROVIDERS:
        schema = provider_schema(provider, schemas).to_json()
        expected = {section: found for section, found in schema.items() if found}
        assert without_prose(printed[provider.addresses[0]]) == expected


def without_prose(found: object) -> object:
    """Drop the kinds of descriptions that terraform adds, and empty sections."""
    if not isinstance(found, dict):
        return found
    kept = {name: without_prose(value) for name, value in found.items()}
    for name in ("description_kind", "resource_identity_schemas", "functions"):
        kept.pop(name, None)
    return kept
