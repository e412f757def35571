"""The variables of the module."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields

from builder.protocol.credentials import AssumeRole, WebIdentity
from builder.spec.app_options import (
    BOUNDARY,
    BUCKET,
    IDS,
    KMS_KEY,
    QUEUE_OR_TOPIC,
    ROLE_PATH,
    ROLES,
    SIGNING,
)
from builder.spec.checks import APP_NAME, LAYER_NAME, TOPIC_ARN
from builder.spec.field import Place
from builder.spec.fields import fields_in
from builder.spec.indexes import NAME as INDEX_NAME
from builder.spec.service_spec import NAME as SERVICE_NAME
from builder.spec.service_spec import RESERVED
from hcl.attributes import attributes, object_type, rules
from hcl.settings import ASSUME_ROLE, COMMAND, SETTINGS, WEB_IDENTITY, Setting
from hcl.syntax import Attribute, Block, Raw, expression
from modules.layer.place import FORMS
from modules.layer.stack import TYPES

PLACES = {
    "account": "The account of the layers; refused where the aws provider works in another one. It "
    "is asked where it is null",
    "region": "The region of the layers, such as that of the provider that makes the functions; "
    "refused where the module's aws provider works in another one. It is asked where it is null",
    "partition": "The partition of the layers; refused where the aws provider works in another "
    "one. It is asked where it is null",
}
"""What is asked of the provider unless it is given, and known at plan if it is."""


OPTION_FORMS = {
    "kms_key": (KMS_KEY, "The KMS key that encrypts bucket and logs (docs/security.md)"),
    "permissions_boundary": (BOUNDARY, "The permissions boundary of every role"),
    "access_logs": (
        BUCKET,
        "The bucket that gets S3's access logs, below the name of the application's bucket. Its "
        "name must be known at plan",
    ),
    "signing_key": (KMS_KEY, "The KMS key that signs what is published (docs/security.md)"),
    "notify": (TOPIC_ARN, "The SNS topic that hears of failed builds (async mode)"),
    "dead_letter": (
        QUEUE_OR_TOPIC,
        "The queue or topic for events that the function which finishes releases cannot deal with",
    ),
    "code_signing": (SIGNING, "The code signing configuration of that function"),
}
"""Options of an application, what they look like, and what they are for."""

TABLES = {
    "layers": "The layers by name, with the keys of layers.toml (docs/layers-toml.md)",
    "defaults": "What holds for every layer that does not say otherwise",
    "indexes": "Private package indexes by name; no password is ever a value here (docs/inputs.md)",
    "services": "Hybrid services by name, for what is too large for a layer (docs/hybrid.md)",
}
"""The variables that hold tables. Their types are those of an inner module: Terraform leaves out
attributes that a type does not have, so the outer ones are ``any`` and are looked at before."""

TABLE_OF = {
    "layers": Place.LAYER,
    "defaults": Place.DEFAULTS,
    "indexes": Place.INDEX,
    "services": Place.SERVICE,
}
NESTED = {"licences": Place.LICENCES, "codeartifact": Place.CODEARTIFACT}
"""Keys that hold a table, too."""


def variables() -> Iterator[Block]:
    """Yield the variables, those that are required first."""
    yield _variable(
        "app",
        "string",
        "Names the bucket, the CodeBuild project and the layers: APP-LAYER in Lambda",
        _validation(
            f"can(regex({_whole(APP_NAME.pattern)}, var.app))",
            "app has 2 to 28 lower-case letters, digits and hyphens, a letter first.",
        ),
    )
    for name, text in TABLES.items():
        default = REQUIRED if name == "layers" else {}
        yield _variable(name, "any", text, _keys(name), default=default)
    yield _variable(
        "root",
        "string",
        "The folder that paths are relative to; path.root if it is null. A module of yours that "
        "calls this one passes its own path.module",
        default=None,
        nullable=True,
    )
    for part, (form, expected) in FORMS.items():
        rule = f"var.{part} == null || can(regex({_whole(form.pattern)}, var.{part}))"
        yield _variable(
            part,
            "string",
            PLACES[part],
            _validation(rule, f"{part} is {expected}."),
            default=None,
            nullable=True,
        )
    yield _variable(
        "command",
        "list(string)",
        "How Terraform runs the builder, a word an item: it must be on the PATH, or be a path",
        _validation("length(var.command) > 0", 'command has a word, such as ["lambda-layer"].'),
        default=list(COMMAND),
    )
    yield _variable(
        "profile",
        "string",
        "The profile of the aws provider, so that the builder uses the same account",
        default="",
    )
    yield _variable(
        "assume_role_arn",
        "string",
        "The role that the aws provider assumes, so that the builder uses the same account",
        default="",
    )
    yield _variable(
        ASSUME_ROLE,
        _roles(AssumeRole),
        "The provider's blocks assume_role, one after the other, with all that is in them",
        default=[],
    )
    yield _variable(
        WEB_IDENTITY,
        _roles(WebIdentity),
        "The provider's block assume_role_with_web_identity, which comes before the others",
        default=[],
    )
    yield from map(_setting, SETTINGS)
    yield from _options()


def described() -> Iterator[Block]:
    """Yield the variables of the inner module, which say of what type each attribute is."""
    yield _variable(
        "layers",
        f"map({object_type(Place.LAYER)})",
        TABLES["layers"],
        _names("layers", LAYER_NAME.pattern, "1 to 64", "a layer"),
        *(_each("layers", rule, expected) for rule, expected in rules(Place.LAYER)),
    )
    yield _variable(
        "defaults",
        object_type(Place.DEFAULTS),
        TABLES["defaults"],
        *(
            _validation(rule.replace("each.", "var.defaults."), f"In defaults {expected}.")
            for rule, expected in rules(Place.DEFAULTS)
        ),
        default={},
    )
    yield _variable(
        "indexes",
        f"map({object_type(Place.INDEX)})",
        TABLES["indexes"],
        _names("indexes", INDEX_NAME.pattern, "1 to 63", "an index"),
        default={},
    )
    yield _variable(
        "services",
        f"map({object_type(Place.SERVICE)})",
        TABLES["services"],
        _names("services", SERVICE_NAME.pattern, "1 to 20", "a service"),
        _validation(
            f"!contains(keys(var.services), {json.dumps(RESERVED)})",
            f"A service cannot be named {RESERVED}: the bucket of layers is.",
        ),
        *(_each("services", rule, expected) for rule, expected in rules(Place.SERVICE)),
        default={},
    )


def _setting(setting: Setting) -> Block:
    rule = (
        [_validation(setting.rule, f"{setting.name} is {setting.expected}.")]
        if setting.rule
        else []
    )
    return _variable(setting.name, setting.type, setting.text, *rule, default=setting.default)


def _options() -> Iterator[Block]:
    rows = fields_in(Place.APP)
    for name, (form, text) in OPTION_FORMS.items():
        rule = f'var.{name} == "" || can(regex({_whole(form.pattern)}, var.{name}))'
        example = json.loads(rows[name].example)
        right = _validation(rule, f"{name} is empty, or such as {example}.")
        yield _variable(name, "string", text, right, default="")
    yield _variable(
        "role_path",
        "string",
        "The path of every role",
        _validation(
            f"can(regex({_whole(ROLE_PATH.pattern)}, var.role_path))",
            "role_path is up to three names between slashes, such as /teams/data/.",
        ),
        default=rows["role_path"].default,
    )
    yield _variable(
        "roles",
        "string",
        "Who makes the roles: create has the module make them, existing leaves it to an "
        "administrator (docs/security.md)",
        _validation(
            f"contains({json.dumps(list(ROLES))}, var.roles)", "roles is create or existing."
        ),
        default=rows["roles"].default,
    )
    yield _variable(
        "vpc",
        object_type(Place.VPC),
        "The network of builds, with a way to package indexes and AWS. Layers must have compute = "
        '"container", which they have by themselves',
        *(_of_vpc(name, form) for name, form in IDS.items()),
        default=None,
        nullable=True,
    )


def _of_vpc(name: str, form: str) -> Block:
    pattern = _whole(form)
    rule = (
        f"var.vpc == null || try(length(var.vpc.{name}) > 0 && "
        f"alltrue([for id in flatten([var.vpc.{name}]) : can(regex({pattern}, id))]), false)"
    )
    return _validation(rule, f"vpc.{name} has identifiers such as {form}.")


def _roles(kind: type[AssumeRole] | type[WebIdentity]) -> str:
    parts = {part.name: Raw(TYPES[str(part.type)]) for part in fields(kind)}
    return f"list(object({expression(parts)}))"


REQUIRED = object()


def _variable(
    name: str,
    type_: str,
    text: str,
    *rules: Block,
    default: object = REQUIRED,
    nullable: bool = False,
) -> Block:
    items = [Attribute("description", text), Attribute("type", Raw(type_))]
    if default is not REQUIRED:
        items.append(Attribute("default", default))
    if not nullable:
        items.append(Attribute("nullable", value=False))
    return Block("variable", (name,), [*items, *rules])


def _validation(condition: str, message: str) -> Block:
    items = [Attribute("condition", Raw(condition)), Attribute("error_message", message)]
    return Block("validation", (), items)


def _each(variable: str, rule: str, expected: str) -> Block:
    wrong = f"[for name, each in var.{variable} : name if !({rule})]"
    what = variable.removesuffix("s")
    message = f'Of each {what} {expected}; it is not so of ${{join(", ", {wrong})}}.'
    return _validation(f"length({wrong}) == 0", message)


def _names(variable: str, pattern: str, length: str, what: str) -> Block:
    wrong = f"[for name in keys(var.{variable}) : name if !can(regex({_whole(pattern)}, name))]"
    return _validation(
        f"length({wrong}) == 0",
        f"The name of {what} has {length} lower-case letters, digits and hyphens, a letter first: "
        f'${{join(", ", {wrong})}}.',
    )


def _keys(variable: str) -> Block:
    """Refuse keys that a table does not have: a type would drop them without a word."""
    place = TABLE_OF[variable]
    known = {"": [name for name, _, _ in attributes(place)]}
    known |= {name: [n for n, _, _ in attributes(p)] for name, p in NESTED.items()}
    own = [name for name in known if name in known[""]]
    if variable == "defaults":
        wrong = [_unknown("", f"var.{variable}", known[""])]
        wrong += [_unknown(f"{n}.", f"var.{variable}.{n}", known[n]) for n in own]
    else:
        tables = [_unknown("", "each", known[""])]
        tables += [_unknown(f"{n}.", f"each.{n}", known[n]) for n in own]
        inner = ", ".join(tables)
        wrong = [
            f"[for name, each in var.{variable} : "
            f'[for key in concat({inner}) : "${{name}}.${{key}}"]]'
        ]
    found = f"flatten([{', '.join(wrong)}])"
    return _validation(
        f"length({found}) == 0",
        f'{variable} has no ${{join(", ", {found})}}. The keys are {", ".join(known[""])}.',
    )


def _unknown(prefix: str, table: str, known: list[str]) -> str:
    name = f'"{prefix}${{key}}"' if prefix else "key"
    # On one line: it also stands in a message.
    return f"[for key in try(keys({table}), []) : {name} if !contains({json.dumps(known)}, key)]"


def _whole(pattern: str) -> str:
    return expression(f"^(?:{pattern})$")
