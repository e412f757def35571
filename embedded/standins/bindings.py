"""The provider schemas inside the installed cdktf bindings.

The wheel of a provider's bindings holds a jsii tarball with compiled JavaScript, and each file's
source map holds the TypeScript that the cdktf generator wrote from the provider's real schema. It
says names, types, nesting, required, optional and computed. What no schema says (defaults, what
forces a replacement) stands beside the resources, as :class:`embedded.standins.facts.Facts`.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import re
import tarfile
import tempfile
from importlib import metadata
from pathlib import Path

from builder.errors import LayerError
from embedded.standins.catalog import Provider
from embedded.standins.derive import Module
from embedded.standins.schema import Block, ProviderSchema

_SOURCE_MAP = re.compile(r"sourceMappingURL=data:application/json;base64,(\S+)")
_PROVIDER_VERSION = re.compile(r"providerVersion: '([^']+)'")
_DERIVATION = 1
"""Counts changes of what is derived, so that old cache files are not used."""


def provider_schema(provider: Provider, cache: Path) -> ProviderSchema:
    """Return the schema of what ``provider``'s stand-in serves.

    Reading it out of the bindings costs seconds, so the answer is kept in the folder ``cache``.
    """
    kept = cache / f"{provider.name}-{_key(provider)}.json"
    try:
        return ProviderSchema.from_json(json.loads(kept.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        schema = derive(provider)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=cache, suffix=".new", delete=False) as file:
        json.dump(schema.to_json(), file)
    Path(file.name).replace(kept)
    return schema


def default_cache() -> Path:
    """Return the user's own folder for derived schemas."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "fast-lambda-layer" / "schemas"


def derive(provider: Provider) -> ProviderSchema:
    """Read the schema out of the bindings; raise LayerError when they are of another version."""
    sources = typescript(provider)
    found = {m[1] for source in sources.values() for m in _PROVIDER_VERSION.finditer(source)}
    if found - {provider.version}:
        raise LayerError(
            f"the bindings of hashicorp/{provider.name} are of another provider version",
            where=provider.bindings,
            expected=f"{provider.version}, but they say {', '.join(sorted(found))}",
            fix="install the locked versions, or change the version in standins/catalog.py",
        )
    modules = [Module(source) for source in sources.values()]
    blocks: dict[str, dict[str, Block]] = {"Provider": {}, "Resource": {}, "DataSource": {}}
    for module in modules:
        blocks[module.kind][module.type_name] = module.schema()
    (own,) = blocks["Provider"].values()
    return ProviderSchema(own, blocks["Resource"], blocks["DataSource"])


def typescript(provider: Provider) -> dict[str, str]:
    """Return the TypeScript source of each folder that the stand-in serves."""
    wanted = {f"package/lib/{folder}/index.js": folder for folder in provider.served}
    sources: dict[str, str] = {}
    with tarfile.open(tarball(provider)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.name in wanted else None
            if content is None:
                continue
            found = _SOURCE_MAP.search(content.read().decode())
            if found:
                source_map = json.loads(base64.b64decode(found[1]))
                sources[wanted[member.name]] = source_map["sourcesContent"][0]
    missing = set(provider.served) - set(sources)
    if missing:
        raise LayerError(
            f"the bindings of hashicorp/{provider.name} lack {', '.join(sorted(missing))}",
            where=provider.bindings,
            fix="install the locked versions of the project's dependencies",
        )
    return sources


def tarball(provider: Provider) -> Path:
    """Return the jsii tarball of the installed bindings.

    The package itself is not imported: that of AWS takes a minute and starts Node.
    """
    spec = importlib.util.find_spec(provider.bindings)
    if spec is None or spec.origin is None:
        raise LayerError(
            f"the cdktf bindings of hashicorp/{provider.name} are not installed",
            expected=f"the package {provider.bindings}",
            fix="install the project with its extra 'cdktf'",
        )
    (tarball,) = (Path(spec.origin).parent / "_jsii").glob("*.jsii.tgz")
    return tarball


def _key(provider: Provider) -> str:
    version = metadata.version(provider.bindings.replace("_", "-"))
    served = hashlib.sha256(",".join(provider.served).encode()).hexdigest()[:12]
    return f"{version}-{served}-{_DERIVATION}"
