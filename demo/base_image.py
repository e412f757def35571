"""What the demo's images are built on: no registry of others is asked for it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import Any

import boto3

from builder.aws.images import Registries
from builder.aws.session import Credentials, Session
from builder.images.manifest import MACHINES, NEW_LAYER, OCI_MANIFEST
from builder.images.reference import parse
from builder.images.registry import Document, Registry

REPOSITORY = "python"
CONFIG = "application/vnd.oci.image.config.v1+json"


def push_base(architecture: str) -> str:
    """Push an image that is all but empty into the embedded ECR; return its name.

    Tasks are processes of this machine there, so what a base has is not looked at.
    """
    registries = Registries(Session(Credentials(), boto3.Session().region_name))
    ecr: Any = boto3.Session().client("ecr")
    ecr.create_repository(repositoryName=REPOSITORY)
    reference = parse(f"{registries.registry()}/{REPOSITORY}:3", "the demo's base")
    found = registries.log_in(reference.registry)
    registry = Registry(reference.registry, login=found.login, url=found.url)

    tar = _tar("etc/os-release", b'NAME="this machine"\n')
    layer = gzip.compress(tar, mtime=0)
    config = json.dumps(
        {
            "architecture": MACHINES[architecture],
            "os": "linux",
            "config": {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["python3"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(tar)]},
        }
    ).encode()
    for blob in (layer, config):
        registry.upload(REPOSITORY, _digest(blob), blob)
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _described(CONFIG, config),
        "layers": [_described(NEW_LAYER[OCI_MANIFEST], layer)],
    }
    registry.put_manifest(reference, Document(json.dumps(manifest).encode(), OCI_MANIFEST))
    return str(reference)


def _tar(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def _described(kind: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
