"""The services a layer needs, connected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from builder.aws.codebuild import CodeBuild
from builder.aws.functions import Functions
from builder.aws.images import Images, Registries
from builder.aws.keys import Keys
from builder.aws.layers import Layers, Versions
from builder.aws.logs import Logs
from builder.aws.parameters import Parameters
from builder.aws.session import Session
from builder.aws.store import Store

MANY_LAYERS = 10
"""Layers from which on a plan lists those of the account: Lambda takes 15 calls a second of all
that an account does (AWS Lambda developer guide, "Lambda quotas", control plane API requests)."""


@dataclass(frozen=True)
class Services:
    """One thin object a service, all in one account and region.

    Clients that a plan does without are made when they are used, as each takes a moment.
    """

    store: Store
    codebuild: CodeBuild
    layers: Versions
    functions: Functions
    logs: Logs
    parameters: Parameters
    keys: Keys
    images: Images
    registries: Registries


def connect(
    session: Session, *, bucket: str, project: str, looks_at: Collection[str] = ()
) -> Services:
    """Return the services of an application that has this bucket and CodeBuild project.

    ``looks_at`` names the layers in Lambda that a plan looks at, at once and once.
    """
    return Services(
        store=Store(session, bucket),
        codebuild=CodeBuild(session, project, bucket),
        layers=_layers(session, looks_at),
        functions=Functions(session),
        logs=Logs(session),
        parameters=Parameters(session),
        keys=Keys(session),
        images=Images(session),
        registries=Registries(session),
    )


def _layers(session: Session, looks_at: Collection[str]) -> Layers:
    if len(looks_at) < MANY_LAYERS:
        return Layers(session)
    # Only here: who has few layers does not wait for its import.
    from builder.aws.listed_layers import ListedLayers

    return ListedLayers(session, looks_at)
