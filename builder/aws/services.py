"""The services a layer needs, connected."""

from __future__ import annotations

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
    session: Session, *, bucket: str, project: str, layers: Layers | None = None
) -> Services:
    """Return the services of an application that has this bucket and CodeBuild project."""
    return Services(
        store=Store(session, bucket),
        codebuild=CodeBuild(session, project, bucket),
        layers=layers or Layers(session),
        functions=Functions(session),
        logs=Logs(session),
        parameters=Parameters(session),
        keys=Keys(session),
        images=Images(session),
        registries=Registries(session),
    )
