"""The keys of layers.toml, a row each: what is known of a key follows from its row.

A new key of a layer is one row here, an attribute of LayerSpec, and its use. From the row come its
parsing, its default, its check, its part of the fingerprint and of request.json, and its line in
docs/layers-toml.md (``make docs``).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from builder.spec import build_images, package_rules
from builder.spec.app_fields import APP_FIELDS
from builder.spec.checks import INCLUDE, SAFE_SLIM, SIZE_CHECKS, SLIM, Check, one_of, some_of
from builder.spec.compute import COMPUTE
from builder.spec.field import Field, Place, addresses, as_it_is, described
from builder.spec.kinds import BOOLEAN, COUNT, ONE_OR_MORE, STRING, STRINGS, TABLE
from builder.spec.package_rules import Licences
from builder.spec.runtimes import ARCHITECTURES, RUNTIMES, by_version
from builder.spec.service_fields import SERVICE_FIELDS
from builder.spec.split import SPLIT

OLDEST, *_, NEWEST = by_version(RUNTIMES)

ONE_LAYER, ANY_LAYER = (Place.LAYER,), (Place.LAYER, Place.DEFAULTS)

LAYER_FIELDS = (
    Field(
        "package",
        ONE_LAYER,
        STRING,
        '"src"',
        "a package of yours: a folder with a pyproject.toml or a setup.py",
        rule=Check.path,
        fingerprint=as_it_is,
        request=as_it_is,
    ),
    Field(
        "requirements",
        ONE_LAYER,
        ONE_OR_MORE,
        '"requirements.txt"',
        "a requirements file, or a list of them",
        default=(),
        rule=Check.paths,
        fingerprint=sorted,
        request=list,
    ),
    Field(
        "dependencies",
        ONE_LAYER,
        STRINGS,
        '["requests>=2.32"]',
        "requirements, right here (PEP 508)",
        default=(),
        rule=Check.dependencies,
        fingerprint=sorted,
        request=list,
    ),
    Field(
        "extras",
        ONE_LAYER,
        STRINGS,
        '["tables"]',
        "extras of the package",
        default=(),
        rule=Check.extras,
        fingerprint=sorted,
        request=list,
    ),
    # python and architecture are in the request, too: as its targets.
    Field(
        "python",
        ANY_LAYER,
        STRINGS,
        '["3.13"]',
        f'Python versions, `"{OLDEST}"` to `"{NEWEST}"`; several are built at the same time, each '
        "on its own image, and each has its own site-packages",
        required=True,
        rule=Check.python,
        fingerprint=by_version,
        words=tuple(RUNTIMES),
    ),
    Field(
        "architecture",
        ANY_LAYER,
        ONE_OR_MORE,
        '"arm64"',
        f"`{'` or `'.join(ARCHITECTURES)}`; a list of both with `split`",
        required=True,
        rule=Check.architecture,
        fingerprint=as_it_is,
        words=tuple(ARCHITECTURES),
    ),
    Field(
        "split",
        ANY_LAYER,
        STRING,
        '"target"',
        "`target`: one layer a target, named `NAME-python312-arm64`, and not one merged layer",
        words=(SPLIT,),
    ),
    Field(
        "layer_name",
        ONE_LAYER,
        STRING,
        '"my-dependencies"',
        "its name in Lambda, where it is not APP-NAME: see [adopting.md](adopting.md)",
        default="",
        rule=Check.lambda_name,
    ),
    Field(
        "image",
        ONE_LAYER,
        BOOLEAN,
        "true",
        "whether it is a container image and no layer: for functions that are containers, up to "
        "10 GB (see [Images](hybrid.md#a-layer-as-an-image))",
        default=False,
        rule=Check.flag,
        fingerprint=as_it_is,
        only_if_set=True,
        request=as_it_is,
    ),
    Field(
        "base",
        ONE_LAYER,
        STRING,
        '"public.ecr.aws/lambda/python:3.13"',
        "what the image is built on, Lambda's own image of the runtime without it; "
        "`@sha256:...` pins it",
        default="",
        rule=Check.text,
        fingerprint=as_it_is,
        only_if_set=True,
    ),
    Field(
        "supervisor",
        ONE_LAYER,
        BOOLEAN,
        "true",
        "whether the image is for a hybrid service: its programs, boto3 and the supervisor, on "
        "`python:X.Y-slim`; so it is without this key if a service has it as its `layer`",
        default=False,
        rule=Check.flag,
        fingerprint=as_it_is,
        only_if_set=True,
        request=as_it_is,
    ),
    Field(
        "description",
        ONE_LAYER,
        STRING,
        '"What the web needs"',
        "shown in Lambda",
        default="",
        rule=Check.description,
    ),
    Field(
        "exclude",
        ANY_LAYER,
        STRINGS,
        '["tests/"]',
        "what to leave out of the source and of the layer: patterns as in a .gitignore",
        default=(),
        rule=Check.several,
        fingerprint=list,
        request=list,
    ),
    Field(
        "slim",
        ANY_LAYER,
        STRINGS,
        '["metadata", "stubs", "tests", "docs"]',
        f"what to leave out of dependencies: some of `{'`, `'.join(SLIM)}` (`symbols` are debug "
        "symbols, `boto` is what Lambda has)",
        default=SAFE_SLIM,
        rule=some_of(SLIM),
        fingerprint=sorted,
        request=sorted,
        words=SLIM,
    ),
    Field(
        "functions",
        ANY_LAYER,
        STRINGS,
        '["web-api", "tag:team=billing"]',
        "functions to move to each new version: names, ARNs, `tag:KEY=VALUE`, `*` "
        "(see [functions.md](functions.md))",
        default=(),
        rule=Check.functions,
    ),
    Field(
        "share",
        ANY_LAYER,
        STRINGS,
        '["123456789012", "o-a1b2c3d4e5"]',
        "accounts and organizations that may use each new version (see [sharing.md](sharing.md))",
        default=(),
        rule=Check.share,
    ),
    Field(
        "parameter",
        ONE_LAYER,
        STRING,
        '"/layers/web"',
        "an SSM parameter that has the ARN of the current version (see [sharing.md](sharing.md))",
        default="",
        rule=Check.parameter,
    ),
    Field(
        "may_fail",
        ONE_LAYER,
        STRINGS,
        '["web.gui"]',
        "modules that need not import when the layer is audited",
        default=(),
        rule=Check.modules,
        # It decides whether there is an artifact at all.
        fingerprint=sorted,
        only_if_set=True,
        request=sorted,
    ),
    Field(
        "system_packages",
        ANY_LAYER,
        STRINGS,
        '["libxml2-devel"]',
        "packages of Amazon Linux for the build image",
        default=(),
        rule=Check.rpm_names,
        fingerprint=sorted,
        only_if_set=True,
        request=sorted,
    ),
    Field(
        "pre_install",
        ONE_LAYER,
        STRING,
        '"tools/setup.sh"',
        "a script for the build image: see [The build image](inputs.md#the-build-image)",
        rule=Check.path,
        fingerprint=as_it_is,
        only_if_set=True,
        request=as_it_is,
    ),
    Field(
        "include",
        ANY_LAYER,
        STRINGS,
        '["bin", "lib"]',
        "what the layer has beside `python/`: `bin` (programs), `lib` (shared libraries)",
        default=(),
        rule=some_of(INCLUDE),
        fingerprint=sorted,
        only_if_set=True,
        request=sorted,
        words=INCLUDE,
    ),
    Field(
        "indexes",
        ANY_LAYER,
        STRINGS,
        '["house"]',
        "names of package indexes, asked in this order before PyPI",
        default=(),
        rule=Check.indexes,
        fingerprint=addresses,
        only_if_set=True,
        request=described,
    ),
    Field(
        "exclude_newer",
        ANY_LAYER,
        STRING,
        '"7 days"',
        "leave out what was published later: an age in hours, days or weeks, a day, or a moment "
        "(see [Young packages](inputs.md#young-packages))",
        default="",
        rule=package_rules.age,
        # The rule, and not the moment that it means today: or a layer would be built every day.
        fingerprint=as_it_is,
        only_if_set=True,
        request=as_it_is,
    ),
    Field(
        "licences",
        ANY_LAYER,
        TABLE,
        '{ deny = ["AGPL-3.0-only"] }',
        "which licences packages may have: see [Licences](inputs.md#licences)",
        rule=package_rules.licences,
        default=Licences(),
        # It decides whether there is an artifact at all.
        fingerprint=package_rules.as_table,
        only_if_set=True,
        request=package_rules.as_table,
    ),
    Field(
        "compute",
        ANY_LAYER,
        STRING,
        '"auto"',
        "where builds run: `container`, `lambda` (CodeBuild's Lambda compute, which starts in "
        "seconds), or `auto`, which is `lambda` where it will do (see "
        "[operations.md](operations.md#where-builds-run))",
        default=COMPUTE[0],
        rule=one_of(COMPUTE),
        words=COMPUTE,
    ),
    Field(
        "images",
        ANY_LAYER,
        STRINGS,
        '["python3.13-arm64=public.ecr.aws/sam/build-python3.13:latest-arm64"]',
        "the container images of builds, by target, in place of the newest of the runtime: by tag, "
        "or pinned by digest (see [operations.md](operations.md#images-of-builds))",
        default=(),
        rule=build_images.images,
        # Another image may compile otherwise.
        fingerprint=list,
        only_if_set=True,
    ),
    Field(
        "keep",
        ANY_LAYER,
        COUNT,
        "5",
        "versions left after each release, those in use besides; without it, all stay",
        default=0,
        rule=Check.keep,
    ),
    Field(
        "size_check",
        ANY_LAYER,
        STRING,
        '"warn"',
        "what a plan does with the size that it predicts for a layer that is due: `error` refuses "
        "what cannot fit, `warn` says it, `off` predicts nothing (see "
        "[In the plan](sizes.md#in-the-plan))",
        default=SIZE_CHECKS[0],
        rule=one_of(SIZE_CHECKS),
        words=SIZE_CHECKS,
    ),
)

LICENCE_FIELDS = (
    Field(
        "allow",
        (Place.LICENCES,),
        STRINGS,
        '["MIT", "Apache-2.0"]',
        "SPDX identifiers: every package must have one of these",
        default=(),
    ),
    Field(
        "deny",
        (Place.LICENCES,),
        STRINGS,
        '["AGPL-3.0-only"]',
        "SPDX identifiers that no package may have",
        default=(),
    ),
)

FIELDS = (*APP_FIELDS, *LAYER_FIELDS, *LICENCE_FIELDS, *SERVICE_FIELDS)


@cache
def fields_in(place: Place) -> dict[str, Field]:
    """Return the keys that may stand in a table, by name."""
    return {field.name: field for field in FIELDS if place in field.places}


@cache
def spec_fields(place: Place) -> tuple[Field, ...]:
    """Return the keys of a table that a spec holds as attributes."""
    return tuple(field for field in FIELDS if place in field.places and field.rule is not None)


def default(name: str, place: Place = Place.LAYER) -> Any:
    """Return what a spec holds when the key is nowhere."""
    return fields_in(place)[name].default


def check_values(spec: object, place: Place, check: Check) -> None:
    """Check the attributes of a new spec, and set each to what it has to hold.

    Lists become tuples: lists are what people write in Python. Raise SpecError for the first value
    that cannot be right.
    """
    for field in spec_fields(place):
        value = field.checked(check, getattr(spec, field.in_spec))
        # Specs are frozen once they are made, hence the detour.
        object.__setattr__(spec, field.in_spec, value)
