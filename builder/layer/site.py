"""Find a layer's site by hand: the names that the stack gives follow from layers.toml."""

from __future__ import annotations

from dataclasses import dataclass

from builder.aws.session import Session
from builder.spec.app_spec import AppSpec


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


@dataclass(frozen=True)
class Site:
    """Where a layer lives in AWS: names of what the stack declares; ``build_role`` is an ARN."""

    layer_name: str
    bucket: str
    project: str
    build_role: str
    log_group: str
    account: str
    region: str

    @property
    def layer_arn(self) -> str:
        """The ARN of the layer in Lambda, without a version."""
        partition = self.build_role.split(":")[1]
        return f"arn:{partition}:lambda:{self.region}:{self.account}:layer:{self.layer_name}"
