"""The end of a layer: remove the versions that we published and the layer's objects."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any

from builder.aws.layers import LayerVersion
from builder.aws.services import Services
from builder.aws.session import Credentials, Session
from builder.documents import Malformed, read_json, typed
from builder.errors import AwsError, LayerError, RecordError, SpecError
from builder.inputs.fingerprint import Inputs
from builder.layer.record import Record, is_image
from builder.layer.records import Records
from builder.layer.site import Site
from builder.progress import Progress
from builder.protocol.keys import LayerKeys, push_project
from builder.protocol.variables import NAME_VARIABLE, RETAIN_VARIABLE, RETIRE_VARIABLE
from builder.release.leftovers import note, noted, remove_unused, users_of
from builder.spec.app_spec import AppSpec
from builder.spec.checks import LAYER_NAME

MOST = 1_000_000
"""Object versions after which the end of a layer does not look for more of them."""


@dataclass(frozen=True)
class _Names:
    """What of a retirement Terraform names by texts."""

    layer: str
    layer_name: str
    bucket: str
    region: str
    account: str


@dataclass(frozen=True)
class Retirement:
    """What is to be removed. With ``retain`` nothing is.

    ``by_terraform`` says that Terraform asks, which takes a layer's approval away before.
    """

    layer: str
    layer_name: str
    bucket: str
    region: str
    account: str
    credentials: Credentials
    retain: bool = False
    by_terraform: bool = False

    @property
    def app(self) -> str:
        """The application's name."""
        return AppSpec.of_bucket(self.bucket, self.account, self.region)

    @property
    def project(self) -> str:
        """The CodeBuild project of the application."""
        return AppSpec(self.app).project

    @property
    def is_image(self) -> bool:
        """Whether the layer is an image, whose ``layer_name`` is a repository; see Site."""
        return "/" in self.layer_name

    def site(self, partition: str) -> Site:
        """Where its versions are, without what builds need; ``partition`` is that of AWS."""
        role = f"arn:{partition}:iam::{self.account}:role/none"
        place = (self.layer_name, self.bucket, self.project, role, "")
        return Site(*place, self.account, self.region)

    @classmethod
    def by_name(
        cls, app: AppSpec, layer: str, session: Session, *, layer_name: str = ""
    ) -> Retirement:
        """Return the retirement of a layer by hand, be it in layers.toml or no longer.

        ``layer_name`` is its name in Lambda, if its description gives one.

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
        name = app.layer_name(layer, layer_name)
        return cls(layer, name, bucket, region, account, session.credentials)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Retirement | None:
        """Return what Terraform asks to retire, or None when it is not Terraform that asks."""
        text = environment.get(RETIRE_VARIABLE)
        if not text:
            return None
        try:
            fields = typed(dict[str, Any], read_json(text))
            retain = fields.pop("retain", False) in (True, "true")
            retain = retain or environment.get(RETAIN_VARIABLE) in {"true", "1"}
            credentials = Credentials.parse(fields)
            # What is applied stays in the state, so other versions' settings come here too.
            known = {part.name for part in dataclass_fields(_Names)} & fields.keys()
            names = typed(_Names, {name: fields[name] for name in known})
            return cls(**vars(names), credentials=credentials, retain=retain, by_terraform=True)
        except Malformed as error:
            raise SpecError(
                f"{RETIRE_VARIABLE} cannot be read: {error}",
                where="environment",
                expected="the JSON object that the stack writes (docs/protocol.md)",
                fix="unset it, and name the layer instead",
            ) from error


def as_published(
    services: Services,
    retirement: Retirement,
    *,
    known: bool,
    progress: Progress,
    others: Collection[str] = (),
) -> Retirement:
    """Return a retirement by hand of what was published under the name: a layer, or images.

    The record says which, and what the layer is called in Lambda: a described one (``known``) not
    what ``others`` that are described are called. Where there is no record its description does,
    or the repository of an image.
    """
    repository = AppSpec(retirement.app).repository(retirement.layer)
    releases = _record(services, retirement.layer).all_releases
    arn = next((release.layer_arn for release in releases), "")
    if known and not arn:
        return retirement
    if is_image(arn) or (not arn and _has_images(services, repository, progress)):
        return replace(retirement, layer_name=repository)
    name = _layer_name(arn, retirement)
    if not name or (known and name in others):
        return retirement
    return replace(retirement, layer_name=name)


def _layer_name(arn: str, retirement: Retirement) -> str:
    """Return the name in Lambda of a layer in the retirement's place, "" for anything else."""
    place = f":lambda:{retirement.region}:{retirement.account}:layer:"
    _, is_here, rest = arn.partition(place)
    return rest.partition(":")[0] if is_here else ""


def _has_images(services: Services, repository: str, progress: Progress) -> bool:
    try:
        return bool(services.images.tagged(repository))
    except AwsError as error:
        progress(f"NOTE: whether there are images in {repository} cannot be seen: {error.what}")
        return False


def retire(services: Services, retirement: Retirement, *, progress: Progress) -> None:
    """Delete every version that carries our mark, and all that the bucket holds of the layer.

    Versions without it stay, and so do those of another application that makes the same name. A
    version that functions have stays too; it is noted and removed once none has it. What is gone
    already (versions, bucket) is fine, so that a half-done destroy can be run again. A build that
    an interrupted apply left behind is stopped first, because its role goes next.

    Where Terraform replaces the resource that asks for this, and nothing else (``-replace``,
    ``taint``), the layer goes on, and nothing is done.
    """
    if retirement.by_terraform and _goes_on(services, retirement.layer):
        progress(_kept(retirement))
        return
    if retirement.is_image:
        # Only here: the retirement of other layers does not wait for its imports.
        from builder.layer.image_versions import with_images

        site = retirement.site(services.registries.partition)
        served = _was_of_service(services, retirement.layer)
        services = with_images(site, services, supervisor=served)
    if retirement.retain and retirement.is_image:
        _refuse_images(services, retirement)
    record = _record(services, retirement.layer)
    _stop_builds(services, retirement, record, progress)
    if retirement.retain:
        progress(f"keeping the versions of {retirement.layer_name} (retain_versions)")
        return
    _remove_parameters(services, retirement, record, progress)
    seen: dict[int, bool] = {}
    _remove_versions(services, retirement, record, seen, progress)
    if not services.store.bucket_exists():
        return
    # Before the record goes, which says of old versions whose they are.
    _note(services, retirement, seen)
    everything = LayerKeys(retirement.layer).everything
    count = _remove_objects(services, everything)
    # A release that goes on meanwhile may have published and recorded before the record went.
    known = len(seen)
    if retirement.is_image:
        _stop_builds(services, retirement, record, progress)  # it may have started its push
    _remove_versions(services, retirement, record, seen, progress)
    if len(seen) > known:
        _note(services, retirement, seen)
        count += _remove_objects(services, everything)
    progress(f"deleted {count} object versions of {services.store.url(everything)}")


def _was_of_service(services: Services, layer: str) -> bool:
    """Whether a release was made for a hybrid service; so it is where that cannot be known."""
    releases = _record(services, layer).all_releases
    for release in releases:
        stored = services.store.read(LayerKeys(layer).inputs_of(release.fingerprint))
        inputs = Inputs.from_json(stored.content.decode("utf-8", "replace")) if stored else None
        if inputs is None or "supervisor" in inputs.settings:
            return True
    return not releases


def _note(services: Services, retirement: Retirement, seen: Mapping[int, bool]) -> None:
    """Remember the versions that are left; an image's repository says itself which it has."""
    if not retirement.is_image:
        left = [version for version, is_left in seen.items() if is_left]
        note(services.store, retirement.layer, left, layer_name=retirement.layer_name)


def _remove_objects(services: Services, everything: str) -> int:
    """Delete all objects of the layer, return how many object versions that were."""
    count = 0
    # An apply whose build was stopped may write that it failed, while we delete.
    while count < MOST and (removed := services.store.delete_all(everything)):
        count += removed
    return count


def _refuse_images(services: Services, retirement: Retirement) -> None:
    """Raise LayerError where there are images: Terraform goes on to delete their repository."""
    if not any(services.layers.versions(retirement.layer_name)):
        return
    layer = retirement.layer
    raise LayerError(
        f"the images of {layer!r} are to be retained, and terraform would delete their repository",
        where=f"repository {retirement.layer_name}, retain_versions",
        expected="a repository that Terraform does not manage; no image was deleted",
        fix=f"terraform state rm the aws_ecr_repository and aws_ecr_lifecycle_policy of {layer!r} "
        f'and terraform_data.build_retire["{layer}"] (docs/hybrid.md has the commands), then '
        "destroy again; or take retain_versions away, and they are deleted",
    )


def _goes_on(services: Services, layer: str) -> bool:
    """Whether the layer is still Terraform's after its retirement.

    The approval depends on what retires the layer, so Terraform destroys it first when the layer
    goes or moves ("Destroy-Time Provisioners" run before the resource itself is destroyed, and a
    resource is destroyed after all that depend on it).
    """
    return services.store.head(LayerKeys(layer).approval) is not None


def _kept(retirement: Retirement) -> str:
    return (
        f"keeping {retirement.layer_name}: only terraform_data...retire is replaced, and the layer "
        "is still approved. To build it again use force_rebuild=true; to remove it take it out of "
        "the configuration, or terraform destroy. If Terraform has forgotten the approval (state "
        f"rm), lambda-layer retire {retirement.layer} removes what was published"
    )


def _remove_versions(
    services: Services,
    retirement: Retirement,
    record: Record,
    seen: dict[int, bool],
    progress: Progress,
) -> None:
    """Delete the layer's own versions that no function has.

    ``seen`` has by number whether a version is left of the layer; what is in it is not looked at.
    """
    known, own = noted(services.store, retirement.layer), []
    for version in list(services.layers.versions(retirement.layer_name)):
        if version.version in seen:
            continue
        seen[version.version] = False
        if _is_own(version, retirement, record, known):
            own.append(version)
        elif version.token:
            whose = f"application {version.app}" if version.app else "none that it names"
            progress(f"keeping {version.arn}, which was published for {whose}")
    try:
        users = users_of(services.functions.uses, own)
    except AwsError as error:
        progress(f"keeping all versions, for what uses them cannot be seen: {error.what}")
        left = frozenset(version.version for version in own)
    else:
        left = remove_unused(services, retirement.layer_name, own, users, progress)
    seen.update(dict.fromkeys(left, True))
    if left and retirement.is_image:
        progress(
            f"what is kept keeps the repository {retirement.layer_name}: ECR refuses to delete it. "
            "Give these functions or services another image, then run it again"
        )
    elif left:
        progress(
            f"what is kept goes once no function has it: with a later release of {retirement.app}, "
            f"lambda-layer prune, or lambda-layer retire {retirement.layer}; without the bucket: "
            f"aws lambda delete-layer-version --layer-name {retirement.layer_name} "
            "--version-number N"
        )


def _remove_parameters(
    services: Services, retirement: Retirement, record: Record, progress: Progress
) -> None:
    """Delete the parameters that name a version of the layer; what fails is said and stays."""
    for name in record.sharing.parameters if record.sharing else ():
        try:
            value = services.parameters.get(name) or ""
            arn, _, version = value.rpartition(":")
            if arn.endswith(f":layer:{retirement.layer_name}") and version.isdigit():
                services.parameters.delete(name)
                progress(f"deleted parameter {name}")
        except AwsError as error:
            progress(f"NOTE: parameter {name} was not deleted: {error.what}")


def _record(services: Services, layer: str) -> Record:
    try:
        return Records(services.store, layer).load_or_new()
    except RecordError:
        return Record(layer)


def _is_own(
    version: LayerVersion, retirement: Retirement, record: Record, known: frozenset[int]
) -> bool:
    """Whether a version is the layer's: it says so, or, an old one, the record or the note does."""
    recorded = any(release.layer_arn == version.arn for release in record.all_releases)
    is_known = bool(version.app) or recorded or version.version in known
    return version.is_of(retirement.app) and is_known


def _stop_builds(
    services: Services, retirement: Retirement, record: Record, progress: Progress
) -> None:
    """Stop the builds that the record knows, and all that push the layer's image."""
    builds = record.attempt.all_builds.values() if record.attempt else ()
    own = [build for build in builds if build.startswith(f"{services.codebuild.project}:")]
    found = services.codebuild.states(own)
    if retirement.is_image:
        project = push_project(services.codebuild.project, retirement.layer)
        found += services.codebuild.of(project).recent()
    for state in found:
        if state.running and state.variables.get(NAME_VARIABLE) == retirement.layer:
            services.codebuild.stop(state.id)
            progress(f"stopped build {state.id}")
