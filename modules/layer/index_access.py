"""What a layer's builds may do to log in to its package indexes."""

from __future__ import annotations

from collections.abc import Iterator

from builder.spec.layer_spec import CodeArtifact, LayerSpec
from modules.layer import policies
from modules.layer.policies import Statement


def logins(spec: LayerSpec, partition: str, region: str, account: str) -> list[Statement]:
    """Return the statements for the build role of a layer, each once."""
    found: list[Statement] = []
    for statement in _statements(spec, partition, region, account):
        if statement not in found:
            found.append(statement)
    return found


def _statements(spec: LayerSpec, partition: str, region: str, account: str) -> Iterator[Statement]:
    for index in spec.indexes:
        if index.secret:
            yield policies.read_secret(
                index.secret_id, f"{partition}:secretsmanager:{region}:{account}"
            )
        if index.codeartifact:
            yield from _codeartifact(index.codeartifact, partition, region)


def _codeartifact(place: CodeArtifact, partition: str, region: str) -> list[Statement]:
    start = f"arn:{partition}:codeartifact:{place.region or region}:{place.owner}"
    return policies.read_codeartifact(
        f"{start}:domain/{place.domain}", f"{start}:repository/{place.domain}/{place.repository}"
    )
