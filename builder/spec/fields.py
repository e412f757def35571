"""The keys of layers.toml, a row each: what is known of a key follows from its row.

A new key of a layer is one row here, an attribute of LayerSpec, and its use. From the row come its
parsing, its default, its check, its part of the fingerprint and of request.json, and its line in
docs/layers-toml.md (``make docs``).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from builder.spec.app_fields import APP_FIELDS
from builder.spec.checks import INCLUDE, SAFE_SLIM, SLIM, Check, some_of
from builder.spec.field import Field, Place, addresses, as_it_is, described
from builder.spec.kinds import COUNT, ONE_OR_MORE, STRING, STRINGS
from builder.spec.runtimes import ARCHITECTURES, RUNTIMES, by_version
from builder.spec.split import SPLIT

OLDEST, *_, NEWEST = by_version(RUNTIMES)

ONE_LAYER, ANY_LAYER = (Place.LAYER,), (Place.LAYER, Place.DEFAULTS)

LAYER_FIELDS = (
    Field(
        "package",
        ONE_LAYER,
        STRING,
        '"src"',
        "a package of yours: a folder with a pyproject.toml",
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
        "keep",
        ANY_LAYER,
        COUNT,
        "5",
        "versions left after each release, those in use besides; without it, all stay",
        default=0,
        rule=Check.keep,
    ),
)

FIELDS = (*APP_FIELDS, *LAYER_FIELDS)


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
