"""Our schemas and errors as messages of the plugin protocol."""

from __future__ import annotations

import json

from tf.gen import tfplugin_pb2 as pb

from embedded.standins.errors import Path, ProviderError
from embedded.standins.schema import Attribute, Block, NestedBlock
from embedded.standins.values import Value, encode

_NESTING = {mode: mode.upper() for mode in ("single", "list", "set")}


def schema(block: Block) -> pb.Schema:
    """Return the schema of a type."""
    return pb.Schema(version=0, block=_block(block))


def _block(block: Block) -> pb.Schema.Block:
    return pb.Schema.Block(
        attributes=[_attribute(name, a) for name, a in sorted(block.attributes.items())],
        block_types=[_nested(name, nested) for name, nested in sorted(block.blocks.items())],
    )


def _attribute(name: str, attribute: Attribute) -> pb.Schema.Attribute:
    return pb.Schema.Attribute(
        name=name,
        type=json.dumps(attribute.type).encode(),
        required=attribute.required,
        optional=attribute.optional,
        computed=attribute.computed,
        sensitive=attribute.sensitive,
        deprecated=attribute.deprecated,
    )


def _nested(name: str, nested: NestedBlock) -> pb.Schema.NestedBlock:
    return pb.Schema.NestedBlock(
        type_name=name,
        nesting=_NESTING[nested.nesting],
        block=_block(nested.block),
        min_items=nested.min_items,
        max_items=nested.max_items,
    )


def value(found: Value) -> pb.DynamicValue:
    """Return an encoded value."""
    return pb.DynamicValue(msgpack=encode(found))


def attribute_path(path: Path) -> pb.AttributePath:
    """Return the path of an argument."""
    steps = [
        pb.AttributePath.Step(attribute_name=step)
        if isinstance(step, str)
        else pb.AttributePath.Step(element_key_int=step)
        for step in path
    ]
    return pb.AttributePath(steps=steps)


def diagnostic(error: ProviderError) -> pb.Diagnostic:
    """Return the error as Terraform shows it."""
    return pb.Diagnostic(
        severity=pb.Diagnostic.ERROR,
        summary=error.summary,
        detail=error.detail,
        attribute=attribute_path(error.path) if error.path else None,
    )
