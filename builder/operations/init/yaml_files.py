"""YAML that others' tools read: CloudFormation's short forms are left alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from builder.operations.init.draft import read


class _Loader(yaml.SafeLoader):
    """Reads ``!Ref``, ``!Sub`` and the like as nothing: their values are known at deployment."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def load(path: Path) -> Mapping[str, Any]:
    """Return the mapping that a file holds, {} if it is anything else."""
    try:
        found = yaml.load(read(path), Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def table(document: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the mapping at a path of keys, {} where there is none."""
    for name in names:
        inner = document.get(name)
        document = inner if isinstance(inner, dict) else {}
    return document


def strings(value: Any) -> list[str]:
    """Return a string, or the strings of a list, as a list; of anything else nothing."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]
