"""The end of a layer: remove the versions that we published and the layer's objects."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from builder.aws.services import Services
from builder.aws.session import Credentials, Session
from builder.errors import RecordError, SpecError
from builder.layer.records import Records
from builder.progress import Progress
from builder.protocol.keys import LayerKeys
from builder.protocol.variables import RETIRE_VARIABLE
from builder.spec.app_spec import AppSpec
from builder.spec.checks import LAYER_NAME


@dataclass(frozen=True)
class Retirement:
    """What is to be removed. With ``retain`` nothing is."""

    layer: str
    layer_name: str
    bucket: str
    region: str
    account: str
    credentials: Credentials
    retain: bool = False

    @classmethod
    def by_name(cls, app: AppSpec, layer: str, session: Session) -> Retirement:
        """Return the retirement of a layer by hand, be it in layers.toml or no longer.

        Raise SpecError for what cannot be the name of a layer.
        """
        if not LAYER_NAME.fullmatch(layer):
            raise SpecError(
                f"{layer!r} cannot name a layer",
                where="the command line",
                expected=f"a name that matches {LAYER_NAME.pattern}",
                fix="name the layer as layers.toml does or did",
            )
        account, region = session.account, session.region
        bucket = app.bucket(account, region)
        return cls(layer, app.layer_name(layer), bucket, region, account, session.credentials)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Retirement | None:
        """Return what Terraform asks to retire, or None when it is not Terraform that asks."""
        text = environment.get(RETIRE_VARIABLE)
        if not text:
            return None
        try:
            fields = json.loads(text)
            return cls(
                layer=fields["layer"],
                layer_name=fields["layer_name"],
                bucket=fields["bucket"],
                region=fields["region"],
                account=fields["account"],
                credentials=Credentials(fields.get("profile", ""), fields.get("role_arn", "")),
                retain=fields.get("retain") in {True, "true"},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SpecError(
                f"{RETIRE_VARIABLE} cannot be read: {error!r}",
                where="environment",
                expected="the JSON object that the stack writes (docs/protocol.md)",
                fix="unset it, and name the layer instead",
            ) from error


def retire(services: Services, retirement: Retirement, *, progress: Progress) -> None:
    """Delete every version that carries our token, and all that the bucket holds of the layer.

    Versions without our token stay. What is gone already (versions, bucket) is fine, so
    that a half-done destroy can be run again. A build that an interrupted apply left behind is
    stopped first, because its role goes next.
    """
    _stop_builds(services, retirement.layer, progress)
    if retirement.retain:
        progress(f"keeping the versions of {retirement.layer_name} (retain_versions)")
        return
    for version in list(services.layers.versions(retirement.layer_name)):
        if version.token:
            services.layers.delete(retirement.layer_name, version.version)
            progress(f"deleted {version.arn}")
    if services.store.bucket_exists():
        everything = LayerKeys(retirement.layer).everything
        count = services.store.delete_all(everything)
        progress(f"deleted {count} object versions of {services.store.url(everything)}")


def _stop_builds(services: Services, layer: str, progress: Progress) -> None:
    try:
        record = Records(services.store, layer).load()
    except RecordError:
        return
    attempt = record.attempt if record else None
    builds = attempt.all_builds.values() if attempt else ()
    for state in services.codebuild.states(builds):
        if state.running:
            services.codebuild.stop(state.id)
            progress(f"stopped build {state.id}")
