"""Find a layer's site by hand: the names that the stack gives follow from layers.toml."""

from __future__ import annotations

from pathlib import Path

from builder.aws.services import Services, connect
from builder.aws.session import Session
from builder.layer import Layer, Site
from builder.spec import AppSpec, LayerSpec


def layers_at(
    app: AppSpec, specs: tuple[LayerSpec, ...], root: Path, session: Session
) -> list[Layer]:
    """Return the layers of an application, connected to the session's account and region."""
    services = connect(
        session, bucket=app.bucket(session.account, session.region), project=app.project
    )
    return [_layer(app, spec, root, session, services) for spec in specs]


def _layer(
    app: AppSpec, spec: LayerSpec, root: Path, session: Session, services: Services
) -> Layer:
    role = app.build_role(spec.name, session.region)
    site = Site(
        layer_name=app.layer_name(spec.name),
        bucket=services.store.bucket,
        project=app.project,
        build_role=f"arn:{session.partition}:iam::{session.account}:role/{role}",
        log_group=app.log_group,
        account=session.account,
        region=session.region,
    )
    return Layer(spec, root, site, services)
