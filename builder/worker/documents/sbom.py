"""The bill of materials (CycloneDX 1.6), made of the manifest by CycloneDX's own library.

The library is one of the pinned tools (tools.txt). Serial number and time come of the manifest, so
the same manifest gives the same document.
"""

from __future__ import annotations

import base64
import importlib
import json
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

from .. import tools

if TYPE_CHECKING:
    from cyclonedx.model import HashType
    from cyclonedx.model.component import Component

NAMESPACE = uuid.UUID("6f1f3c5e-7d0c-5b0e-9a53-0a4f0c1d2e3b")
OWN = "fast-lambda-layer:"


def load(bundle: Path) -> None:
    """Import the library of ``.tools/``, and no other; raise BuildError when it is not there."""
    folder = bundle / tools.TOOLS
    if not (folder / "cyclonedx").is_dir():
        raise tools.missing("cyclonedx-python-lib", folder / "cyclonedx")
    sys.path.insert(0, str(folder))
    for name in ("cyclonedx.model.bom", "cyclonedx.output.json"):
        importlib.import_module(name)
    # Its first question makes the library read the list of all licences.
    licences = importlib.import_module("cyclonedx.contrib.license.factories")
    licences.LicenseFactory().make_from_string("MIT OR Apache-2.0")


def bill(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the CycloneDX document of an artifact; :func:`load` comes first."""
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    tool = Component(
        name="fast-lambda-layer", version=manifest["worker"], type=ComponentType.APPLICATION
    )
    layer = _layer(manifest)
    packages = [_component(package) for package in manifest["packages"]]
    bom = Bom(
        serial_number=uuid.uuid5(NAMESPACE, manifest["code_sha256"]),
        metadata=BomMetaData(component=layer, timestamp=_time(manifest["finished_at"])),
        components=packages,
    )
    bom.metadata.tools.components.add(tool)
    bom.register_dependency(layer, packages)
    for needed in manifest["build_requirements"]:
        bom.components.add(_build_requirement(needed))
    document: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    return document


def _layer(manifest: Mapping[str, Any]) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType

    targets = [f"python{t['python']} {t['architecture']}" for t in manifest["targets"]]
    return Component(
        name=manifest["layer"],
        version=manifest["fingerprint"][:12],
        type=ComponentType.APPLICATION,
        bom_ref="layer",
        hashes=[_sha256(base64.b64decode(manifest["code_sha256"]).hex())],
        properties=[
            Property(name=OWN + "fingerprint", value=manifest["fingerprint"]),
            *(Property(name=OWN + "target", value=target) for target in targets),
        ],
    )


def _component(package: Mapping[str, Any]) -> Component:
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    purl = PackageURL("pypi", name=package["name"], version=package["version"])
    said = package["license"]
    allowed = [text for text in package["hashes"] if text.startswith("sha256:")]
    hashes = [_sha256(text.partition(":")[2]) for text in allowed]
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(purl.to_string()),
        comment="any of the files that the lock allows",
        hashes=hashes,
    )
    return Component(
        name=package["name"],
        version=package["version"],
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(said)] if said else [],
        hashes=hashes if len(hashes) == 1 else [],
        external_references=[files] if hashes else [],
        properties=[
            Property(name=OWN + "size", value=str(package["size"])),
            Property(name=OWN + "record-sha256", value=package["record_sha256"]),
        ],
    )


def _build_requirement(needed: Mapping[str, Any]) -> Component:
    """Return what ran while packages were built, and is not in the layer."""
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentScope, ComponentType
    from packageurl import PackageURL

    purl = PackageURL("pypi", name=needed["name"], version=needed["version"])
    allowed = [text.partition(":")[2] for text in needed["hashes"] if text.startswith("sha256:")]
    return Component(
        name=needed["name"],
        version=needed["version"],
        type=ComponentType.LIBRARY,
        bom_ref=f"build:{purl.to_string()}",
        purl=purl,
        scope=ComponentScope.EXCLUDED,
        hashes=[_sha256(allowed[0])] if len(allowed) == 1 else [],
        properties=[
            Property(name=f"{OWN}role", value="build requirement"),
            *(Property(name=f"{OWN}allowed-sha256", value=digest) for digest in allowed),
        ],
    )


def _sha256(content: str) -> HashType:
    from cyclonedx.model import HashAlgorithm, HashType

    return HashType(alg=HashAlgorithm.SHA_256, content=content)


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
