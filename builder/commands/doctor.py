"""`lambda-layer doctor`: what could keep a release from working."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from builder.aws.iam import Iam
from builder.aws.session import Session
from builder.commands.options import Setting, as_json, pass_setting
from builder.commands.wanted_roles import wanted_roles
from builder.errors import LayerError
from builder.hybrid.service import services_at
from builder.layer.connected import layers_at
from builder.operations.doctor import OK, PROBLEM, Finding, examine_account, examine_machine
from builder.operations.doctor.findings import UNKNOWN, finding_of, found_by
from builder.operations.doctor.roles import examine_roles
from builder.report.doctor import show_findings
from builder.spec.layers_toml import Config


@click.command()
@click.option(
    "--principal", metavar="ARN", default="", help="Judge this user's or role's permissions."
)
@as_json
@pass_setting
def doctor(setting: Setting, *, principal: str, as_json: bool) -> None:
    """Look at everything that a release needs, and say how to correct what is wrong.

    This machine (layers.toml, programs), the credentials and what they may do as plan, as apply and
    as publisher, the bucket, the CodeBuild project and its images, services and their images, and
    roles that the stack does not make. It changes nothing. Exit code 1 says that something is
    wrong.

    \b
    Example: lambda-layer doctor
    """
    findings = list(_examine(setting, principal))
    show_findings(findings, as_json=as_json)
    sys.exit(1 if any(finding.verdict == PROBLEM for finding in findings) else 0)


def _examine(setting: Setting, principal: str) -> Iterator[Finding]:
    try:
        config = setting.load()
    except LayerError as error:
        yield finding_of(error, "layers.toml")
        yield from examine_machine()
        return
    names = ", ".join(layer.name for layer in config.layers)
    yield Finding("layers.toml", OK, f"{setting.config}: {config.app.name} with {names}")
    yield from examine_machine()
    yield from found_by(lambda: _account(setting, config, principal), "credentials")


def _account(setting: Setting, config: Config, principal: str) -> Iterator[Finding]:
    session = setting.session(config)
    layers = layers_at(config.app, config.layers, setting.config.parent.resolve(), session)
    services = services_at(config.app, config.services, session)
    yield from examine_account(config.app, layers, session, principal, services)
    if not config.app.makes_roles:
        yield from found_by(lambda: _roles(setting, session), "roles", UNKNOWN)


def _roles(setting: Setting, session: Session) -> Iterator[Finding]:
    return examine_roles(Iam(session), wanted_roles(setting, session))
