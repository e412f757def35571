"""Read a buildspec: version 0.2 of AWS CodeBuild's build specification.

Source: AWS CodeBuild user guide, "Build specification reference". What this runner cannot do is
refused, never skipped: a build that passes here must mean the same there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from builder.errors import LayerError

PHASES = ("install", "pre_build", "build", "post_build")
SHELLS = ("bash", "/bin/sh")
OnFailure = Literal["", "ABORT", "CONTINUE"]


class BuildspecError(LayerError):
    """The buildspec cannot be run."""


@dataclass(frozen=True)
class Phase:
    """The commands of a phase; ``finally_`` run whatever became of the others."""

    commands: tuple[str, ...] = ()
    finally_: tuple[str, ...] = ()
    on_failure: OnFailure = ""


@dataclass(frozen=True)
class ArtifactFiles:
    """Which files are an artifact."""

    files: tuple[str, ...]
    exclude_paths: tuple[str, ...] = ()
    base_directory: str = ""
    discard_paths: bool = False
    name: str = ""


@dataclass(frozen=True)
class Variables:
    """The environment that a buildspec asks for."""

    plain: Mapping[str, str] = field(default_factory=dict)
    parameter_store: Mapping[str, str] = field(default_factory=dict)
    secrets_manager: Mapping[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] = ()


@dataclass(frozen=True)
class Buildspec:
    """A whole buildspec. ``artifacts`` is None when there are none."""

    phases: Mapping[str, Phase]
    variables: Variables = Variables()
    artifacts: ArtifactFiles | None = None
    secondary_artifacts: Mapping[str, ArtifactFiles] = field(default_factory=dict)
    cache_paths: tuple[str, ...] = ()


def parse(text: str) -> Buildspec:
    """Read a buildspec; raise BuildspecError for what this runner cannot do as CodeBuild does."""
    try:
        # Every scalar stays the text that was written: 0.2, yes and 010 mean what they look like.
        document = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BuildspecError(
            "the buildspec is not YAML", where=str(error), fix="correct the buildspec's syntax"
        ) from error
    top = Section("buildspec", document)
    if top.text("version") != "0.2":
        raise BuildspecError(
            f"the buildspec has version {top.text('version')!r}",
            where="buildspec, key 'version'",
            expected="0.2",
            fix="write version: 0.2; in other versions each command has a shell of its own",
        )
    artifacts = top.section("artifacts")
    spec = Buildspec(
        phases=parse_phases(top.section("phases")),
        variables=parse_variables(top.section("env")),
        artifacts=parse_files(artifacts) if "files" in artifacts.values else None,
        secondary_artifacts={
            name: parse_files(files)
            for name, files in artifacts.section("secondary-artifacts").each()
        },
        cache_paths=parse_cache(top.section("cache")),
    )
    artifacts.refuse_others()
    top.refuse_others()
    return spec


def parse_phases(section: Section) -> dict[str, Phase]:
    """Read the phases that are there."""
    phases = {name: parse_phase(section.section(name)) for name in PHASES if name in section.values}
    section.refuse_others()
    if not phases:
        raise BuildspecError(
            "the buildspec has no phases",
            where="buildspec, key 'phases'",
            expected=f"at least one of {', '.join(PHASES)}",
        )
    return phases


def parse_phase(section: Section) -> Phase:
    """Read one phase."""
    on_failure = section.text("on-failure")
    if on_failure not in ("", "ABORT", "CONTINUE"):
        raise section.error("on-failure", f"{on_failure!r} is not supported", "ABORT or CONTINUE")
    phase = Phase(section.texts("commands"), section.texts("finally"), _on_failure(on_failure))
    section.refuse_others()
    return phase


def _on_failure(text: str) -> OnFailure:
    return "ABORT" if text == "ABORT" else "CONTINUE" if text == "CONTINUE" else ""


def parse_variables(section: Section) -> Variables:
    """Read the section env."""
    shell = section.text("shell")
    if shell and shell not in SHELLS:
        raise section.error("shell", f"{shell!r} is not supported", " or ".join(SHELLS))
    if section.flag("git-credential-helper"):
        raise section.error("git-credential-helper", "it is not supported", "no")
    variables = Variables(
        plain=section.mapping("variables"),
        parameter_store=section.mapping("parameter-store"),
        secrets_manager=section.mapping("secrets-manager"),
        exported=section.texts("exported-variables"),
    )
    section.refuse_others()
    return variables


def parse_files(section: Section) -> ArtifactFiles:
    """Read which files are an artifact; the caller refuses what is left at the top level."""
    if section.flag("enable-symlinks"):
        raise section.error("enable-symlinks", "it is not supported", "no")
    files = ArtifactFiles(
        files=section.texts("files"),
        exclude_paths=section.texts("exclude-paths"),
        base_directory=section.text("base-directory"),
        discard_paths=section.flag("discard-paths"),
        name=section.text("name"),
    )
    if not files.files:
        raise section.error("files", "no files are named", "a list of files or patterns")
    return files


def parse_cache(section: Section) -> tuple[str, ...]:
    """Read the paths to keep between builds."""
    paths = section.texts("paths")
    section.refuse_others()
    return paths


class Section:
    """One mapping of the buildspec, with its place; remembers which keys were asked for."""

    def __init__(self, where: str, values: Any) -> None:
        self.where = where
        if values in ("", None):
            values = {}
        if not isinstance(values, dict):
            raise BuildspecError(
                f"{where} is not a mapping", where=where, expected="keys with values"
            )
        self.values: dict[str, Any] = values
        self.known: set[str] = set()

    def error(self, key: str, what: str, expected: str) -> BuildspecError:
        """Make the error for one key."""
        place = f"{self.where}, key {key!r}"
        return BuildspecError(f"{place}: {what}", where=place, expected=expected)

    def refuse_others(self) -> None:
        """Raise BuildspecError for a key that nobody asked for."""
        for key in self.values:
            if key not in self.known:
                expected = ", ".join(sorted(self.known))
                raise self.error(key, "the embedded CodeBuild does not support it", expected)

    def section(self, key: str) -> Section:
        """Return a mapping below this one, empty when it is not there."""
        self.known.add(key)
        return Section(f"{self.where}.{key}", self.values.get(key))

    def each(self) -> Iterable[tuple[str, Section]]:
        """Return every mapping below this one, checking each after its use."""
        for key in self.values:
            section = self.section(key)
            yield key, section
            section.refuse_others()

    def text(self, key: str) -> str:
        """Return a scalar, empty when it is not there."""
        self.known.add(key)
        value = self.values.get(key, "")
        if not isinstance(value, str):
            raise self.error(key, "it is not a single value", "a string")
        return value

    def flag(self, key: str) -> bool:
        """Return whether a switch is on."""
        value = self.text(key).lower()
        if value not in ("", "yes", "true", "no", "false"):
            raise self.error(key, f"{value!r} is neither yes nor no", "yes or no")
        return value in ("yes", "true")

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of scalars, empty when it is not there."""
        self.known.add(key)
        values = self.values.get(key) or []
        if not isinstance(values, list):
            raise self.error(key, "it is not a list", "a list of strings")
        for number, value in enumerate(values):
            if not isinstance(value, str):
                raise self.error(
                    key,
                    f"item {number} holds keys or a list instead of a text",
                    "a list of strings; quote a text with ': ' in it",
                )
        return tuple(values)

    def mapping(self, key: str) -> dict[str, str]:
        """Return a mapping of scalars, empty when it is not there."""
        section = self.section(key)
        return {name: section.text(name) for name in section.values}
