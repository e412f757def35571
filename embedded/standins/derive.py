"""One file of cdktf's TypeScript bindings -> the schema it was generated from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from embedded.standins.schema import Attribute, Block, NestedBlock, Type

_PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool"}

_CLASS = re.compile(r"^export class (\w+) extends (\S+) \{.*?^\}", re.S | re.M)
_INTERFACE = re.compile(r"^export interface (\w+)[^{\n]*\{\n(.*?)^\}", re.S | re.M)
_FUNCTION = re.compile(r"^export function (\w+)ToHclTerraform\(.*?^\}", re.S | re.M)
_PROPERTY = re.compile(r"/\*\*(?P<doc>.*?)\*/\s+readonly \w+(?P<optional>\??): ", re.S)
_LINK = re.compile(r"#(\w+) \w+#")
_WRITTEN = re.compile(
    r"^\s+'?(?P<name>[a-z0-9_]+)'?: \{\n"
    r"\s+value: (?P<value>.*),\n"
    r"\s+isBlock: (?P<block>\w+),\n"
    r'\s+type: "(?P<kind>\w+)",\n'
    r'\s+storageClassType: "(?P<storage>\w+)",',
    re.M,
)
_FLAGS = re.compile(
    r"// (?P<name>\w+) - computed: (?P<computed>\w+), optional: (?P<optional>\w+), "
    r"required: \w+\n(?P<code>(?:(?!// \w+ - computed:).)*)",
    re.S,
)
_GETTER = re.compile(
    r"(?P<set>cdktf\.Fn\.tolist\()?this\.get"
    r"(?P<one>String|Number|Boolean)?(?P<many>NumberList|List|Map)?Attribute\("
)
_COLLECTION = re.compile(r"= new cdktf\.(String|Number|Boolean)(Map|List)\(this, \"\w+\"(, true)?")
_STORAGE = re.compile(r"(string|number|boolean)((?:List|Map)+)")


class Property(NamedTuple):
    """What an interface says about one argument."""

    required: bool
    is_block: bool
    deprecated: bool


@dataclass(frozen=True)
class Module:
    """The bindings of one resource, data source or provider."""

    source: str

    @property
    def kind(self) -> str:
        """``Resource``, ``DataSource`` or ``Provider``."""
        return self._main()[2].removeprefix("cdktf.Terraform")

    @property
    def type_name(self) -> str:
        """The type's name in Terraform, for example ``aws_s3_bucket``."""
        found = re.search(r'static readonly tfResourceType = "(\w+)"', self._main()[0])
        if not found:
            raise ValueError("the bindings name no Terraform type")
        return found[1]

    def schema(self) -> Block:
        """Return the schema of the whole type."""
        text, name, _ = self._main()
        written = text[text.index("synthesizeHclAttributes") :]
        block = self._block(written, f"{name}Config", name)
        if self.kind != "Provider":
            return block
        # `alias` is an argument of Terraform, not of the provider.
        own = {name: found for name, found in block.attributes.items() if name != "alias"}
        return Block(own, block.blocks)

    def _main(self) -> tuple[str, str, str]:
        for found in _CLASS.finditer(self.source):
            if found[2].startswith("cdktf.Terraform"):
                return found[0], found[1], found[2]
        raise ValueError("the bindings hold no resource, data source or provider")

    def _class(self, name: str) -> str:
        found = (m[0] for m in _CLASS.finditer(self.source) if m[1] == name)
        return next(found, "")

    def _interface(self, name: str) -> dict[str, Property]:
        properties: dict[str, Property] = {}
        body = next((m[2] for m in _INTERFACE.finditer(self.source) if m[1] == name), "")
        for found in _PROPERTY.finditer(body):
            link = _LINK.search(found["doc"])
            if link:
                properties[link[1]] = Property(
                    required=not found["optional"],
                    is_block=f"* {link[1]} block\n" in found["doc"],
                    deprecated="@deprecated" in found["doc"],
                )
        return properties

    def _block(self, written: str, interface: str, class_name: str) -> Block:
        properties = self._interface(interface)
        code = self._class(class_name)
        flags = {found["name"]: found for found in _FLAGS.finditer(code)}
        attributes: dict[str, Attribute] = {}
        blocks: dict[str, NestedBlock] = {}
        for found in _WRITTEN.finditer(written):
            name = found["name"]
            told = properties.get(name, Property(False, False, False))
            if told.is_block:
                blocks[name] = self._nested(found, told.required, code)
                continue
            computed = name in flags and flags[name]["computed"] == "true"
            attributes[name] = Attribute(
                self._type(found, code),
                required=told.required,
                optional=not told.required,
                computed=computed,
                deprecated=told.deprecated,
            )
        for name, found in flags.items():
            if name not in attributes and name not in blocks:
                attributes[name] = Attribute(_read_type(name, found["code"]), computed=True)
        return Block(attributes, blocks)

    def _type(self, found: re.Match[str], code: str) -> Type:
        """Return the type of an attribute; one of objects is written as a block would be."""
        if found["kind"] == "simple" or _STORAGE.fullmatch(found["storage"]):
            return _written_type(found["kind"], found["storage"])
        inner = self._nested(found, required=False, code=code).block.attributes
        return [found["kind"], ["object", {name: one.type for name, one in inner.items()}]]

    def _nested(self, found: re.Match[str], required: bool, code: str) -> NestedBlock:
        function = re.search(r"(\w+)ToHclTerraform(?!\w)", found["value"])
        if not function:
            raise ValueError(f"the block {found['name']} has no function that writes it")
        stem = function[1]
        written = next(m[0] for m in _FUNCTION.finditer(self.source) if m[1] == stem)
        name = stem[0].upper() + stem[1:]
        nesting = "single" if found["kind"] == "struct" else found["kind"]
        only_one = f'new {name}OutputReference(this, "{found["name"]}")' in code
        return NestedBlock(
            nesting=nesting,
            block=self._block(written, name, f"{name}OutputReference"),
            min_items=1 if required and nesting != "single" else 0,
            max_items=1 if only_one and nesting != "single" else 0,
        )


def _written_type(kind: str, storage: str) -> Type:
    """``("set", "stringList")`` -> ``["set", "string"]``."""
    if kind == "simple":
        return _PRIMITIVES[storage]
    found = _STORAGE.fullmatch(storage)
    if not found:
        raise ValueError(f"the bindings write a {kind} as {storage}, which is new")
    inner: Type = _PRIMITIVES[found[1]]
    for wrapped in re.findall("List|Map", found[2])[:-1]:
        inner = [wrapped.lower(), inner]
    return [kind, inner]


def _read_type(name: str, code: str) -> Type:
    """Return the type of an attribute that can only be read, from its getter."""
    collection = _COLLECTION.search(code)
    if collection:
        kind = "set" if collection[3] else collection[2].lower()
        return [kind, _PRIMITIVES[collection[1].lower()]]
    found = _GETTER.search(code)
    if not found:
        raise ValueError(f"the bindings read {name} in a way that is new")
    if found["many"] is None:
        return _PRIMITIVES[found["one"].lower()]
    if found["many"] == "Map":
        return ["map", _PRIMITIVES[found["one"].lower()]]
    element = "number" if found["many"] == "NumberList" else "string"
    return ["set" if found["set"] else "list", element]
