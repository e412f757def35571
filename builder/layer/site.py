"""Find a layer's site by hand: the names that the stack gives follow from layers.toml."""

from __future__ import annotations

from dataclasses import dataclass

from builder.aws.session import Session
from builder.spec.app_spec import AppSpec


def site_of(app: AppSpec, layer: str, session: Session, *, layer_name: str = "") -> Site:
    """Return where a layer of an application lives in the session's account and region.

    ``layer_name`` is its name in Lambda, if its description gives one.
    """
    account, partition = session.account, session.partition
    return Site(
        layer_name=app.layer_name(layer, layer_name),
        bucket=app.bucket(account, session.region),
        project=app.project,
        build_role=app.build_role_arn(layer, session.region, account, partition),
        log_group=app.log_group,
        account=account,
        region=session.region,
        signing_key=app.signing_key,
    )


@dataclass(frozen=True)
class Site:
    """Where a layer lives in AWS: names of what the stack declares; ``build_role`` is an ARN.

    ``signing_key`` is the ARN of the KMS key that signs what is published, or "".
    """

    layer_name: str
    bucket: str
    project: str
    build_role: str
    log_group: str
    account: str
    region: str
    signing_key: str = ""

    @property
    def partition(self) -> str:
        """The partition of AWS: aws, aws-cn or aws-us-gov."""
        return self.build_role.split(":")[1]

    @property
    def is_image(self) -> bool:
        """Whether the layer is an image: ``layer_name`` is its repository, which has a slash."""
        return "/" in self.layer_name

    @property
    def layer_arn(self) -> str:
        """The ARN of the layer in Lambda, or of its repository, without a version."""
        if self.is_image:
            place = f"{self.region}:{self.account}"
            return f"arn:{self.partition}:ecr:{place}:repository/{self.layer_name}"
        return f"arn:{self.partition}:lambda:{self.region}:{self.account}:layer:{self.layer_name}"

    @property
    def project_arn(self) -> str:
        """The ARN of the CodeBuild project."""
        return f"arn:{self.partition}:codebuild:{self.region}:{self.account}:project/{self.project}"
