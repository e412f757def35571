"""The layers of an application, connected to AWS: what each needs of it, by what the layer is."""

from __future__ import annotations

from pathlib import Path

from builder.aws.services import Services, connect
from builder.aws.session import Session
from builder.layer.layer import Layer
from builder.layer.site import Site, site_of
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec


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
    name = app.repository(spec.name) if spec.image else spec.layer_name
    site = site_of(app, spec.name, session, layer_name=name)
    return Layer(spec, root, site, services_at(spec, site, services))


def services_at(spec: LayerSpec, site: Site, services: Services) -> Services:
    """Return the services of a layer: where it is an image, its versions are images."""
    if not spec.image:
        return services
    # Only here: a plan of other layers does not wait for its imports.
    from builder.layer.image_versions import with_images

    return with_images(site, services, spec.architecture, supervisor=spec.supervisor)
