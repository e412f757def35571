"""Provider schemas, in the shape of ``terraform providers schema -json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Type = str | list[Any]
"""A type as Terraform writes it in JSON: ``"string"``, ``["map", "string"]``."""


@dataclass(frozen=True)
class Attribute:
    """One attribute of a block."""

    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    deprecated: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the attribute as Terraform prints it: flags only when they are set."""
        flags = ("required", "optional", "computed", "sensitive", "deprecated")
        return {"type": self.type, **{flag: True for flag in flags if getattr(self, flag)}}


@dataclass(frozen=True)
class NestedBlock:
    """A block inside a block; ``nesting`` is single, list or set."""

    nesting: str
    block: Block
    min_items: int = 0
    max_items: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the block type as Terraform prints it."""
        limits = {"min_items": self.min_items, "max_items": self.max_items}
        return {
            "nesting_mode": self.nesting,
            "block": self.block.to_json(),
            **{name: limit for name, limit in limits.items() if limit},
        }


@dataclass(frozen=True)
class Block:
    """A block's attributes and the blocks in it."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: Mapping[str, NestedBlock] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the block as Terraform prints it."""
        document: dict[str, Any] = {}
        if self.attributes:
            document["attributes"] = {n: a.to_json() for n, a in sorted(self.attributes.items())}
        if self.blocks:
            document["block_types"] = {n: b.to_json() for n, b in sorted(self.blocks.items())}
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Block:
        """Read what :meth:`to_json` wrote."""
        nested = {
            name: NestedBlock(
                nesting=found["nesting_mode"],
                block=cls.from_json(found["block"]),
                min_items=found.get("min_items", 0),
                max_items=found.get("max_items", 0),
            )
            for name, found in document.get("block_types", {}).items()
        }
        return cls({n: Attribute(**a) for n, a in document.get("attributes", {}).items()}, nested)

    def empty(self) -> dict[str, Any]:
        """Return an object of this block with nothing set."""
        values: dict[str, Any] = dict.fromkeys(self.attributes)
        for name, nested in self.blocks.items():
            values[name] = None if nested.nesting == "single" else []
        return values


@dataclass(frozen=True)
class ProviderSchema:
    """Everything that a provider serves."""

    provider: Block
    resources: Mapping[str, Block]
    data_sources: Mapping[str, Block]

    def to_json(self) -> dict[str, Any]:
        """Return the schema as Terraform prints it for one provider."""
        return {
            "provider": {"version": 0, "block": self.provider.to_json()},
            "resource_schemas": {
                name: {"version": 0, "block": block.to_json()}
                for name, block in sorted(self.resources.items())
            },
            "data_source_schemas": {
                name: {"version": 0, "block": block.to_json()}
                for name, block in sorted(self.data_sources.items())
            },
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ProviderSchema:
        """Read what :meth:`to_json` wrote."""
        return cls(
            provider=Block.from_json(document["provider"]["block"]),
            resources={
                name: Block.from_json(found["block"])
                for name, found in document["resource_schemas"].items()
            },
            data_sources={
                name: Block.from_json(found["block"])
                for name, found in document["data_source_schemas"].items()
            },
        )
