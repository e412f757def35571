"""What to build: the description of a layer, and of the application that it is part of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from builder.documents import read_json, typed
from builder.errors import SpecError
from builder.spec.build_images import check_own, of_targets, usable
from builder.spec.checks import Check
from builder.spec.field import Place
from builder.spec.fields import check_values, default
from builder.spec.function_entries import Scope
from builder.spec.image_rules import PROGRAMS, check_image, service_base
from builder.spec.indexes import CodeArtifact as CodeArtifact
from builder.spec.indexes import Index as Index
from builder.spec.package_rules import Licences as Licences
from builder.spec.runtimes import IMAGE_LIMIT, UNZIPPED_LIMIT, Target, by_version

SCHEMA = 1


@dataclass(frozen=True)
class LayerSpec:
    """All that describes a layer build.

    ``package`` is a folder with a pyproject.toml or a setup.py, ``requirements`` are requirements
    files; all are POSIX paths relative to the project's root. ``dependencies`` are PEP 508 lines,
    ``extras`` are extras of the package, ``python`` are versions like "3.12", ``exclude`` are
    gitignore patterns over the source and the layer's files, ``slim`` names what is left out of
    dependencies (some of checks.SLIM), ``functions`` says which Lambda functions move to each new
    version: names, ARNs, ``tag:KEY=VALUE`` or ``*`` (builder/spec/function_entries.py), ``keep`` is
    how many versions are left after a release (0: all).

    With ``image`` it is a container image and no layer, built on ``base`` ("" for that of Lambda's
    runtime). With ``supervisor`` it is one for a hybrid service: it has programs, whatever
    ``include`` says, and another base without one.

    ``layer_name`` is the layer's name in Lambda, "" for the application's and its own.
    ``share`` are accounts and organizations that may use each new version, ``parameter`` names the
    SSM parameter that has the ARN of the current one.

    ``may_fail`` are modules that need not import in the audit. ``system_packages`` are RPM packages
    that are installed before the build, then the script ``pre_install`` is run, a path like
    ``package``. ``include`` names what the layer holds beside python/ (some of checks.INCLUDE),
    ``indexes`` are package indexes, asked in this order. ``exclude_newer`` is the age under which
    packages are left out, or a moment; ``licences`` says which licences they may have. ``compute``
    says where builds run (one of compute.COMPUTE), which changes nothing in the layer.
    ``images`` are the container images of builds, by target.
    ``size_check`` says what a plan does with the size that it predicts (one of checks.SIZE_CHECKS).

    Raises :class:`~builder.errors.SpecError` when a value cannot be right.
    """

    name: str
    python: tuple[str, ...]
    architecture: str
    package: str | None = default("package")
    requirements: tuple[str, ...] = default("requirements")
    dependencies: tuple[str, ...] = default("dependencies")
    extras: tuple[str, ...] = default("extras")
    image: bool = default("image")
    base: str = default("base")
    supervisor: bool = default("supervisor")
    layer_name: str = default("layer_name")
    description: str = default("description")
    exclude: tuple[str, ...] = default("exclude")
    slim: tuple[str, ...] = default("slim")
    functions: tuple[str, ...] = default("functions")
    share: tuple[str, ...] = default("share")
    parameter: str = default("parameter")
    may_fail: tuple[str, ...] = default("may_fail")
    system_packages: tuple[str, ...] = default("system_packages")
    pre_install: str | None = default("pre_install")
    include: tuple[str, ...] = default("include")
    indexes: tuple[Index, ...] = default("indexes")
    exclude_newer: str = default("exclude_newer")
    licences: Licences = default("licences")  # noqa: RUF009 - it is frozen
    compute: str = default("compute")
    images: tuple[str, ...] = default("images")
    keep: int = default("keep")
    size_check: str = default("size_check")
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check = Check(self.where or f"layer {self.name!r}")
        check.layer_name(self.name)
        check_values(self, Place.LAYER, check)
        check.contents(self.package, self.requirements, self.dependencies)
        check.extras_have_a_package(self.extras, self.package)
        check_own(self.images, self.targets, self.compute, check.where)
        object.__setattr__(self, "images", of_targets(self.images, self.targets))
        check.lambda_compute(self.compute, self.python, bool(self.system_packages))
        check_image(check, vars(self), image=self.image, base=self.base)
        if self.supervisor:
            object.__setattr__(self, "base", self.base or service_base(self.python[0]))
            object.__setattr__(self, "include", tuple(sorted({*self.include, PROGRAMS})))

    @property
    def targets(self) -> tuple[Target, ...]:
        """The runtimes the layer is for, lowest version first."""
        return tuple(Target(python, self.architecture) for python in by_version(self.python))

    @property
    def limit(self) -> int:
        """The bytes that Lambda takes of it, unzipped."""
        return IMAGE_LIMIT if self.image else UNZIPPED_LIMIT

    @property
    def scope(self) -> Scope:
        """Which functions move to each new version."""
        return Scope.of(self.functions)

    def to_json(self) -> str:
        """Return the spec as canonical JSON: the same spec gives the same bytes."""
        values = asdict(self)
        del values["where"]
        return json.dumps({"schema": SCHEMA, **values}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> LayerSpec:
        """Read what :meth:`to_json` wrote; raise SpecError for anything else.

        The module for HCL writes it, too, with the images of all layers where those are defaults.
        """
        try:
            document = typed(dict[str, Any], read_json(text))
            schema = document.pop("schema")
            values: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in document.items()
            }
            values["indexes"] = typed(tuple[Index, ...], document.get("indexes", []), "indexes")
            values["licences"] = typed(Licences, document.get("licences", {}), "licences")
            if "images" in values:
                needed = (values["python"], values["architecture"], values.get("compute"))
                check = Check(f"layer {values['name']!r:.100}")
                values["images"] = usable(check, values["images"], *needed)
            if schema == SCHEMA:
                return cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SpecError(
                "the layer spec cannot be read",
                where=f"query key 'spec': {error}",
                expected="the JSON that LayerSpec.to_json() writes",
                fix="synthesize the stack again with this version of fast-lambda-layer",
            ) from error
        raise SpecError(
            f"the layer spec has schema {schema}",
            where="query key 'spec'",
            expected=f"schema {SCHEMA}",
            fix="use the version of fast-lambda-layer that synthesized this stack",
        )
