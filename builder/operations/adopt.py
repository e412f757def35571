"""Take over a layer that exists: its name goes into layers.toml, and its versions stay.

The next release is the version after its newest. Versions that others published carry no mark of
ours, so neither a prune nor the end of the layer deletes them.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from builder.aws.functions import Use
from builder.aws.layers import LayerVersion
from builder.aws.services import Services
from builder.aws.session import Session
from builder.documents import Malformed, read_toml
from builder.errors import AwsError, ConflictError, LayerError, SpecError
from builder.layer.records import Records
from builder.spec.app_spec import AppSpec
from builder.spec.layers_toml import Config, load_config

ARN = re.compile(
    r"arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12})"
    r":layer:(?P<name>[A-Za-z0-9_-]{1,140})(:(?P<version>\d{1,18}))?"
)
"""ARNs of layers, with a version or without one."""


@dataclass(frozen=True)
class Adoption:
    """What taking a layer over means; ``versions`` are those that stay, newest first.

    ``line`` is what layers.toml needs, "" where the name follows from it already. ``uses`` are the
    functions that have a version, None where they cannot be seen.
    """

    layer: str
    name: str
    versions: tuple[LayerVersion, ...]
    line: str
    uses: tuple[Use, ...] | None


def adoption_of(
    config: Config, services: Services, session: Session, layer: str, arn: str
) -> Adoption:
    """Return what taking a layer of this ARN over as a layer of layers.toml means; read-only.

    Raise SpecError for an ARN or a layer that cannot be meant, LayerError where nothing has the ARN
    and ConflictError where the layer has releases of another name, or another application's.
    """
    spec, app = config.layer(layer), config.app
    name = _name_in(arn, session)
    versions = tuple(services.layers.versions(name))
    if not versions:
        raise LayerError(
            f"there is no layer {name!r}",
            where=f"Lambda, account {session.account}, region {session.region}",
            expected="a layer that has a version",
            fix="copy the ARN from: aws lambda list-layers",
        )
    _refuse_others(versions, app)
    now = app.layer_name(layer, spec.layer_name)
    if now != name:
        _refuse_released(services, layer, now)
        for other in config.layers:
            if app.layer_name(other.name, other.layer_name) == name:
                raise ConflictError(
                    f"layer {other.name!r} has the name {name!r} already",
                    where=other.where,
                    expected="one layer for each name in Lambda",
                    fix=f"adopt it as that layer: lambda-layer adopt {other.name} {arn}",
                )
    return Adoption(layer, name, versions, _line(app, layer, name, now), _uses(services, arn))


def write_name(config: Path, adoption: Adoption) -> bool:
    """Write the name into layers.toml; return whether that could be done.

    Nothing but that line is changed, and the file is left as it was where the result would not say
    exactly that, because it writes its tables in another way, or where it cannot be written.
    """
    before = config.read_bytes().decode("utf-8")
    name = re.escape(adoption.layer)
    heads = re.compile(rf"""(?m)^[ \t]*\[[ \t]*layers[ \t]*\.[ \t]*["']?{name}["']?[ \t]*\].*\n?""")
    found = heads.findall(before)
    if len(found) != 1:
        return False
    head = found[0] if found[0].endswith("\n") else found[0] + "\n"
    after = before.replace(found[0], f"{head}{adoption.line}\n", 1)
    wanted = read_toml(before)
    wanted["layers"][adoption.layer]["layer_name"] = adoption.name
    try:
        if read_toml(after) != wanted:
            return False
    except Malformed:
        return False
    try:
        _replace(config, after)
    except OSError:
        return False
    try:
        load_config(config)
    except LayerError:
        _replace(config, before)
        raise
    return True


def _replace(config: Path, text: str) -> None:
    """Give a file another text, whole or not at all, whenever this process ends."""
    target = config.resolve()  # a link stays one
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(text.encode())
        shutil.copymode(target, name)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _name_in(arn: str, session: Session) -> str:
    found = ARN.fullmatch(arn)
    if found is None:
        raise SpecError(
            f"{arn!r} is not the ARN of a layer",
            where="the command line",
            expected="arn:aws:lambda:REGION:ACCOUNT:layer:NAME, with or without a version",
            fix="copy the ARN from: aws lambda list-layers",
        )
    there, here = (found["account"], found["region"]), (session.account, session.region)
    if there != here:
        raise SpecError(
            f"the layer is in account {there[0]}, region {there[1]}",
            where=f"account {here[0]}, region {here[1]}, where this application is",
            expected="a layer of the same account and region: only there can it be published to",
            fix="name the region (--region, AWS_REGION) or the account (--profile, --role-arn) "
            "that it is in",
        )
    return found["name"]


def _refuse_others(versions: tuple[LayerVersion, ...], app: AppSpec) -> None:
    others = [version for version in versions if version.token and not version.is_of(app.name)]
    if others:
        raise ConflictError(
            f"{others[0].arn} was published for application {others[0].app!r}",
            where="the version's description",
            expected=f"a layer of application {app.name!r}, or of none of ours",
            fix=f"release it with application {others[0].app!r}, or publish another layer",
        )


def _refuse_released(services: Services, layer: str, name: str) -> None:
    if not services.store.bucket_exists():
        return
    record = Records(services.store, layer).load()
    if record is None:
        return
    if record.all_releases:
        raise ConflictError(
            f"layer {layer!r} has releases of its own, as {name!r}",
            where=Records(services.store, layer).url,
            expected="a layer without a release: its versions are not moved to another name",
            fix="adopt it under another name: add [layers.NAME] for it, then lambda-layer adopt "
            "NAME ARN",
        )
    if record.attempt is not None and record.attempt.is_open:
        raise ConflictError(
            f"layer {layer!r} is being released for the first time, as {name!r}",
            where=f"{Records(services.store, layer).url}: build {record.attempt.number} has begun",
            expected="a layer without a release, now and soon: its versions are not moved to "
            "another name",
            fix="give it up first: lambda-layer "
            f"retire {layer} stops its build and deletes what it published; then adopt again",
        )


def _line(app: AppSpec, layer: str, name: str, now: str) -> str:
    return "" if now == name else f'layer_name = "{name}"'


def _uses(services: Services, arn: str) -> tuple[Use, ...] | None:
    found = ARN.fullmatch(arn)
    without = arn.removesuffix(f":{found['version']}") if found and found["version"] else arn
    try:
        return tuple(services.functions.using(without))
    except AwsError:
        return None
