"""Makes blocks of the template's resources, data sources and outputs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hcl.names import EACH, is_of_each, of_each, of_key, put_names, without_key
from hcl.syntax import Attribute, Block, Item, Raw, Space, expression
from hcl.template import OPTIONS
from modules.layer.argued import argued_of

NESTED = frozenset(
    {
        "abort_incomplete_multipart_upload",
        "apply_server_side_encryption_by_default",
        "artifacts",
        "dead_letter_config",
        "encryption_configuration",
        "image_scanning_configuration",
        "cloudwatch_logs",
        "destination_config",
        "default_tags",
        "environment",
        "expiration",
        "filter",
        "lifecycle",
        "logs_config",
        "noncurrent_version_expiration",
        "override_provider",
        "on_failure",
        "postcondition",
        "retry_policy",
        "precondition",
        "rule",
        "source",
        "tracing_config",
        "versioning_configuration",
        "vpc_config",
    }
)
"""What is a block inside of a resource; everything else is an argument."""

REPEATS = ("for_each", "count")
"""Arguments that stand first, with a line of their own."""

BARE = frozenset({"ignore_changes", "replace_triggered_by", "depends_on"})
"""Arguments that hold references, which Terraform's own language has without quotes."""


NAMES = "local.layer_names"
"""What resources are repeated over (terraform/specs.tf)."""


@dataclass(frozen=True)
class Each:
    """What one of several blocks has, of which there is one for each item of ``over``."""

    content: Mapping[str, Any]
    over: str = "local.layers"


def resource(kind: str, type_: str, name: str, body: Mapping[str, Any], comment: str = "") -> Block:
    """Return the block of a resource or data source; that of a layer has instances."""
    first = {"for_each": Raw(NAMES)} if is_of_each(name) else {}
    items = list(body_of({**first, **body}))
    # What hangs on an option is there for checkov, which takes the caller's value for given.
    argued = [each for each in argued_of(of_each(name)) if each.option not in OPTIONS]
    skips = "\n".join(f"checkov:skip={each.check}:{each.why}" for each in argued)
    if skips and isinstance(items[0], Attribute):
        items[0] = replace(items[0], comment=skips)
    return Block(kind, (type_, of_each(name)), items, comment)


def body_of(arguments: Mapping[str, Any], key: str = EACH) -> Iterable[Item]:
    """Yield the items of a block: arguments, then blocks, then what hangs on others."""
    # An event's target has an argument that is called rule, too.
    names = {*NESTED, "provisioner"}
    nested = {n: v for n, v in arguments.items() if n in names and not isinstance(v, str)}
    plain = [n for n in arguments if n not in nested and n != "depends_on"]
    plain.sort(key=lambda n: n not in REPEATS)
    for name in plain:
        yield Attribute(name, argument(name, arguments[name], key))
        if name in REPEATS and len(plain) > 1:
            yield Space()
    for name in sorted(nested, key=lambda n: n == "lifecycle"):
        yield from _nested(name, nested[name], key)
    if "depends_on" in arguments:
        if plain or nested:
            yield Space()
        yield Attribute("depends_on", argument("depends_on", arguments["depends_on"], key))


def argument(name: str, value: Any, key: str = EACH) -> Any:
    """Return the value of an argument, with the caller's names."""
    if name == "when":
        return Raw(value)  # a keyword
    if name in BARE and isinstance(value, list):
        return Raw(expression([Raw(without_key(of_key(each, key))) for each in value]))
    if isinstance(value, str) and value.startswith(('{"Version"', '{"rules"')):
        return document(json.loads(value), key)
    return value if isinstance(value, Raw) else put_names(value, key)


def document(policy: Mapping[str, Any], key: str = EACH) -> Raw:
    """Return a policy as an expression."""
    return Raw(f"jsonencode({expression(put_names(dict(policy), key))})")


def _nested(name: str, value: Any, key: str) -> Iterable[Block]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Each):
            content = Block("content", (), [*body_of(each.content, f"{name}.key")])
            yield Block("dynamic", (name,), [Attribute("for_each", Raw(each.over)), content])
        elif name == "provisioner":
            for label, arguments in each.items():
                arguments_of = [Attribute(n, argument(n, v, key)) for n, v in arguments.items()]
                yield Block("provisioner", (label,), arguments_of)
        else:
            yield Block(name, (), list(body_of(each, key)))
