"""Find a layer's site by hand: the names that the stack gives follow from layers.toml."""

from __future__ import annotations

from pathlib import Path

from builder.aws.services import Services, connect
from builder.aws.session import Session
from builder.layer.layer import Layer, Site
from builder.spec.layer_spec import AppSpec, LayerSpec


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
    return Layer(spec, root, site_of(app, spec.name, session), services)


def site_of(app: AppSpec, layer: str, session: Session) -> Site:
    """Return where a layer of an application lives in the session's account and region."""
    role = app.build_role(layer, session.region)
    return Site(
        layer_name=app.layer_name(layer),
        bucket=app.bucket(session.account, session.region),
        project=app.project,
        build_role=f"arn:{session.partition}:iam::{session.account}:role/{role}",
        log_group=app.log_group,
        account=session.account,
        region=session.region,
    )
