"""The module of `terraform/` against a stack of the same layers.toml: every attribute is equal."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from builder.spec.field import Place
from builder.spec.fields import fields_in
from builder.spec.layer_fields import LAYER_FIELDS
from builder.spec.layers_toml import Config, load_config
from builder.spec.service_fields import SERVICE_FIELDS
from tests.terraform.conftest import Make, Planned, Stack
from tests.terraform.module_root import ModuleRoot, module_root
from tests.terraform.packages import literal, write, write_package

SPLIT = """
[app]
name = "APP"

[defaults]
python = ["3.12", "3.13"]
architecture = ["arm64", "x86_64"]
split = "target"
slim = ["docs"]

[layers.every]
package = "every"

[layers.one]
dependencies = ["a"]
architecture = "arm64"
"""

INDEXES = """
[app]
name = "APP"
kms_key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
permissions_boundary = "arn:aws:iam::123456789012:policy/limits"
role_path = "/teams/data/"
access_logs = "my-access-logs"
signing_key = "arn:aws:kms:eu-west-1:123456789012:key/abcd1234-12ab-34cd-56ef-1234567890ab"
log_retention_days = 90
async = true
notify = "arn:aws:sns:eu-west-1:123456789012:builds"
tracing = true
dead_letter = "arn:aws:sqs:eu-west-1:123456789012:dead"

[app.vpc]
id = "vpc-0123abcd"
subnets = ["subnet-0123abcd", "subnet-0123abce"]
security_groups = ["sg-0123abcd"]

[defaults]
python = ["3.13"]
architecture = "arm64"
indexes = ["plain"]
keep = 3

[indexes.plain]
url = "https://packages.example.com/a"

[indexes.named]
url = "https://packages.example.com/b"
username = "ci"
secret = "pypi/ci:password"

[indexes.arn]
url = "https://packages.example.com/c"
username = "ci"
secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:pypi-AbCdEf:password"
default = true

[indexes.here]
codeartifact = { domain = "shop", owner = "111122223333", repository = "python" }

[indexes.there]
codeartifact = { domain = "d1", owner = "444455556666", repository = "bb", region = "us-east-1" }

[layers.web]
dependencies = ["idna>=3,<4 ; python_version > '3'"]
indexes = ["named", "arn", "here", "there"]

[layers.tools]
requirements = "requirements.txt"
keep = 1

[layers.none]
dependencies = ["idna"]
indexes = []
slim = []
"""

EVERYTHING = """
[app]
name = "APP"
sync_mode = false
roles = "existing"

[layers.w]
package = "every"
requirements = ["requirements.txt", "more.txt"]
dependencies = ["a[b]>=1"]
extras = ["more"]
python = ["3.13", "3.9"]
architecture = "x86_64"
description = "What's \\"in\\" here: ${x} %{y} ü"
exclude = ["*.bak", "!keep.bak"]
slim = ["boto", "symbols"]
functions = ["api", "tag:team=billing"]
share = ["123456789012", "o-a1b2c3d4e5"]
parameter = "/layers/w"
layer_name = "Old_Name"
may_fail = ["w.gui"]
system_packages = ["libxml2-devel"]
pre_install = "setup.sh"
include = ["bin", "lib"]
exclude_newer = "7 days"
licences = { allow = ["MIT"], deny = ["GPL-3.0-only"] }
compute = "auto"
images = ["python3.9-x86_64=a.example/b:1", "python3.13-x86_64=a.example/b:2"]
size_check = "warn"
keep = 5

[layers.fifteen-letters]
dependencies = ["a"]
python = ["3.14"]
architecture = "arm64"
"""

IMAGES = """
[app]
name = "APP"
kms_key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
[layers.web]
package = "every"
python = ["3.13"]
architecture = "arm64"
image = true
base = "public.ecr.aws/some/python:3.13"
supervisor = true
keep = 2
[layers.targets]
dependencies = ["a"]
python = ["3.12", "3.13"]
architecture = "arm64"
split = "target"
image = true
[layers.layer]
dependencies = ["a"]
python = ["3.13"]
architecture = "arm64"
"""

PLAIN_IMAGE = """
[app]
name = "APP"

[layers.an-image]
dependencies = ["a"]
python = ["3.13"]
architecture = "x86_64"
image = true
"""

SERVICES = """
[app]
name = "APP"
[layers.w]
dependencies = ["a"]
python = ["3.14"]
architecture = "arm64"
[layers.server]
dependencies = ["a"]
python = ["3.13"]
architecture = "x86_64"
image = true
[services.every]
command = ["serve", "--port", "{port}", "${x}", "%{y}"]
image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/some/where:1"
health = "/alive?a=${x}"
port = 9000
cpu = 256
memory = 2048
architecture = "x86_64"
ephemeral_storage = 30
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd", "subnet-9999abcd"]
public_address = true
interval = 61
idle = 601
lifetime = 43201
start = 301
starts_an_hour = 13
noncurrent_days = 2
force_destroy = true
[services.plain-one]
command = ["serve", "{port}"]
image_tag = "1"
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
[services.of-layer]
command = ["serve", "{port}"]
layer = "server"
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
[services.other]
command = ["serve", "{port}"]
image = "public.ecr.aws/some/where:1"
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
"""

THEIRS = SERVICES.replace('name = "APP"\n', 'name = "APP"\nroles = "existing"\n')
"""With roles that an administrator makes."""

OPTIONS = (
    INDEXES
    + """
[services.here]
command = ["serve", "{port}"]
image_tag = "1"
force_destroy = true
"""
)


def pair(make: Make, text: str) -> tuple[Stack, ModuleRoot]:
    """Return a stack and a root that calls the module, of one layers.toml and of one name."""
    stack = make()
    file = stack.project / "layers.toml"
    write(file, text.replace("APP", stack.name))
    write_package(stack.project, "every")
    for name in ("requirements.txt", "more.txt", "setup.sh"):
        write(stack.project / name, "# nothing\n")
    config = load_config(file)
    _synthesize_into(stack, config)
    other = replace(stack, folder=stack.project, variables={})
    root = module_root(other, config.layers, **called(tomllib.loads(file.read_text())))
    root.stay()
    root.run("init")
    return stack, root


def _have_roles_made(stack: Stack) -> None:
    """Make the roles that an administrator has to make: a plan refuses what is not there."""
    from modules.layer.place import Place
    from modules.layer.wanted_roles import wanted_roles

    config = load_config(stack.project / "layers.toml")
    if config.app.makes_roles:
        return
    place = Place(stack.aws.identity.account, stack.aws.identity.region, "aws")
    for role in wanted_roles(config.app, config.layers, place):
        trust = json.dumps(role.trust)
        iam = stack.aws.client("iam")
        iam.create_role(RoleName=role.name, Path=role.path, AssumeRolePolicyDocument=trust)


def _synthesize_into(stack: Stack, config: Config) -> None:
    from cdktf import App

    from modules.layer.stack import LayersStack

    out = stack.project / "cdktf.out"
    app = App(outdir=str(out), stack_traces=False)
    LayersStack(app, stack.name, app=config.app, layers=config.layers, services=config.services)
    app.synth()
    stack.stay()


def called(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the module that say what a layers.toml does."""
    given = {
        **{name: value for name, value in document["app"].items() if name != "name"},
        "defaults": _as_typed(document.get("defaults", {})),
        "indexes": document.get("indexes", {}),
        "services": document.get("services", {}),
        "layers": {name: _as_typed(table) for name, table in document["layers"].items()},
    }
    return dict(json.loads(literal(json.dumps(given))))


def _as_typed(table: Mapping[str, Any]) -> dict[str, Any]:
    """One key takes a word or a list in TOML, which is two types in Terraform."""
    typed = dict(table)
    if isinstance(typed.get("architecture"), list):
        typed["architectures"] = typed.pop("architecture")
    if isinstance(typed.get("requirements"), str):
        typed["requirements"] = [typed["requirements"]]
    return typed


def contents(planned: Planned) -> dict[str, Any]:
    """Return all that a plan makes, reads and asks, by the addresses of a stack."""
    found: dict[str, Any] = {}
    for change in planned.document["resource_changes"]:
        after = _read(change["change"]["after"] or {})
        found[planned.address(change["address"])] = after, change["change"]["after_unknown"]
    root = planned.document["prior_state"]["values"]["root_module"]
    for module in [root, *root.get("child_modules", [])]:
        for resource in module.get("resources", []):
            found[planned.address(resource["address"])] = _read(resource["values"])
    found.pop("terraform_data.build_publisher_code", None)
    for address, what in found.items():
        found[address] = _without(what, address)
    return found


def _read(value: Any) -> Any:
    """Return a value in which JSON is what it means."""
    if isinstance(value, dict):
        return {key: _read(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_read(item) for item in value]
    if isinstance(value, str) and value.startswith(("{", "[")):
        with suppress(ValueError):  # the word "{port}" of a command
            return _read(json.loads(value))
    return value


def _without(what: Any, address: str) -> Any:
    """Leave out what has to differ: where sources are, and what hangs on instances."""
    text = json.loads(json.dumps(what))
    for part in text if isinstance(text, list) else [text]:
        for key in ("query", "input", "result"):
            if isinstance(part.get(key), dict):
                part[key] = {
                    name: value
                    for name, value in part[key].items()
                    if name not in ("root", "approval", "program", "publisher")
                    and not name.endswith(".root")
                    and not name.startswith(".publisher")
                    and (name, value) != ("signing_key", "")
                }
        # The function's zip: a file beside a stack's JSON, an object of the bucket for a module.
        for key in ("working_dir", "filename", "s3_bucket", "s3_key"):
            part.pop(key, None)
    if address.startswith("aws_s3_bucket_lifecycle_configuration"):
        for part in text:
            part.get("rule", []).sort(key=lambda rule: json.dumps(rule, sort_keys=True))
    return text


@pytest.mark.parametrize(
    "text",
    [SPLIT, INDEXES, EVERYTHING, IMAGES, PLAIN_IMAGE, SERVICES, THEIRS, OPTIONS],
    ids=["split", "indexes", "all", "images", "image", "services", "theirs", "options"],
)
def test_a_plan_of_the_module_is_that_of_the_stack(make: Make, text: str) -> None:
    stack, root = pair(make, text)
    _have_roles_made(stack)
    one, other = contents(stack.plan()), contents(root.plan())
    other = {a: what for a, what in other.items() if not a.endswith("_keeper")}
    assert sorted(other) == sorted(one)
    for address, expected in one.items():
        assert other[address] == expected, address
    names = load_config(stack.project / "layers.toml").layers
    assert len([address for address in one if address.endswith("_approval")]) == len(names)


NOT_COMPARED = {"region", "code_signing"}
"""What is the provider's, and what stand-ins do not serve."""


def test_every_option_of_the_module_is_in_the_comparison() -> None:
    from hcl.options import NOT_HERE  # here: it starts Node

    for name in fields_in(Place.APP).keys() - NOT_HERE.keys() - NOT_COMPARED:
        assert f"\n{name} = " in INDEXES + EVERYTHING or f"\n[app.{name}]\n" in INDEXES, name


def test_every_field_of_a_layer_is_in_the_comparison() -> None:
    for field in LAYER_FIELDS:
        assert f"\n{field.name} = " in SPLIT + INDEXES + EVERYTHING + IMAGES, field.name
    for field in SERVICE_FIELDS:
        assert f"\n{field.name} = " in SERVICES, field.name
