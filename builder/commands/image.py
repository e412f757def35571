"""`lambda-layer image`: a container image of packages, without a container engine."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import click

from builder.aws.images import Registries
from builder.aws.session import Credentials, Session
from builder.commands.options import Setting, as_json, pass_setting
from builder.commands.sizing import Question, sizing_options
from builder.errors import SpecError
from builder.images.reference import Reference, parse
from builder.images.registry import Registry
from builder.inputs import supervisor
from builder.operations.image import Order, Source, built_here, make, released
from builder.report import image as report
from builder.report import progress
from builder.sizes.asked import Asked, Changes, asked
from builder.spec.image_rules import PROGRAMS, service_base
from builder.spec.service_spec import ServiceSpec

LAMBDA_BASE = "public.ecr.aws/lambda/python:{python}"
CURRENT = 0
"""In the place of a version: that of the current release."""


@click.command()
@click.argument("words", metavar="NAME|FILE|REQUIREMENT...", nargs=-1, required=True)
@sizing_options
@click.option("--to", metavar="REPOSITORY[:TAG]", help="Where; without a tag, the fingerprint.")
@click.option("--service", metavar="NAME", help="Of layers.toml: its repository, tag and needs.")
@click.option("--base", metavar="IMAGE", help="What it is built on; @sha256:... pins it.")
@click.option(
    "--release",
    metavar="[VERSION]",
    type=int,
    is_flag=False,
    flag_value=CURRENT,
    help="Of what CodeBuild has built and Lambda has, by default of the current release.",
)
@as_json
@pass_setting
def image(
    setting: Setting,
    question: Question,
    *,
    to: str | None,
    service: str | None,
    base: str | None,
    release: int | None,
    as_json: bool,
) -> None:
    """Make a container image of packages, and push it; no Docker is needed.

    The packages are resolved, installed and audited on this machine as for a layer, or with
    --release those of a layer's release. They lie below /opt as a layer does. An image that is
    there already is found, and not made again.

    \b
    Example: lambda-layer image 'chromadb==1.5.9' --service chroma
             lambda-layer image web --release --to 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web
    """
    if bool(to) == bool(service):
        raise click.UsageError("say where the image goes: --to or --service, one of them")
    if release is not None and service:
        raise click.UsageError("a service needs more than a layer has: leave out --release")
    found = _one(asked(question.words, setting.config, setting.load, question.changes))
    registries = _Registries(setting)
    more: dict[str, bytes] = {}
    if service:
        meant = setting.load().known_service(service)
        if meant.layer:
            raise _made_by_terraform(meant)
        found, more = _for_service(found, meant, question), _supervisor()
        into = registries.of_service(meant)
    else:
        into = parse(to or "", "--to")
    if into.digest:
        raise SpecError(
            "an image that is named by its digest is there already",
            where=str(into),
            expected="a repository, with a tag or without",
            fix="leave out @sha256:...",
        )
    python = found.spec.python[0]
    default = service_base(python) if service else LAMBDA_BASE.format(python=python)
    on = parse(base or found.spec.base or default, "--base")
    if release is None:
        source = built_here(found.spec, found.root)
    else:
        source = _released(setting, question, release)
    order = Order(source, on, into, more)
    made = make(order, registries.connect, progress(found.spec.name))
    (report.show_image_json if as_json else report.show_image)(made)


class _Registries:
    """The registries of a command; AWS is asked when one of ECR is used."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    @cached_property
    def _ecr(self) -> Registries:
        setting = self._setting
        if setting.config.is_file():
            return Registries(setting.session(setting.load()))
        return Registries(Session(Credentials(setting.profile, setting.role_arn), setting.region))

    def connect(self, name: str) -> Registry:
        """Return the client of a registry, logged in if it is one of ECR."""
        if not Registries.has(name):
            return Registry(name)
        found = self._ecr.log_in(name)
        return Registry(name, login=found.login, url=found.url)

    def of_service(self, spec: ServiceSpec) -> Reference:
        """Return where the image of a service is to be."""
        app = self._setting.load().app
        own = f"{self._ecr.registry()}/{app.prefix}-{spec.name}:{spec.image_tag}"
        return parse(spec.image or own, f"the image of service {spec.name!r}")


def _one(found: list[Asked]) -> Asked:
    targets = [target for each in found for target in each.spec.targets]
    if len(targets) == 1:
        return found[0]
    raise SpecError(
        f"{len(targets)} images are meant",
        where=", ".join(f"{each.spec.name} for {t}" for each in found for t in each.spec.targets),
        expected="one layer, for one runtime on one architecture",
        fix="name one, and one --python and one --architecture",
    )


def _released(setting: Setting, question: Question, version: int) -> Source:
    if question.changes != Changes():
        raise SpecError(
            "a release stays what it is",
            where="the options --python, --architecture, --slim and --exclude",
            expected="none of them beside --release",
            fix="leave them out, or build an image without --release",
        )
    return released(setting.layer(question.words[0])[0], version or None)


def _for_service(found: Asked, service: ServiceSpec, question: Question) -> Asked:
    """Return what a service's image has: the packages with their programs, for its machine."""
    asked_for = question.changes.architecture
    if asked_for and asked_for != (service.architecture,):
        raise SpecError(
            f"the service runs on {service.architecture}",
            where=f"{service.where or service.name}, and --architecture {', '.join(asked_for)}",
            expected="an image for its architecture",
            fix="leave out --architecture, or change that of the service",
        )
    spec = replace(
        found.spec,
        architecture=service.architecture,
        dependencies=(*found.spec.dependencies, supervisor.NEEDS),
        include=tuple(sorted({*found.spec.include, PROGRAMS})),
    )
    return Asked(spec, found.root)


def _made_by_terraform(service: ServiceSpec) -> SpecError:
    return SpecError(
        f"the image of service {service.name!r} is the layer {service.layer}",
        where=f"{service.where or service.name}, key 'layer'",
        expected="a service with image_tag or image, whose image is made by hand",
        fix="terraform plan, then apply: they build and push it",
    )


def _supervisor() -> dict[str, bytes]:
    """Return the files of the supervisor, by their names below /opt."""
    return {f"python/{name}": content for name, content in supervisor.files().items()}
