"""Importing every module of the layer with the target's interpreter, and judging what fails."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Collection, Mapping, Sequence

from .interpreters import Interpreter

SECONDS_A_MODULE = 60.0
BYTECODE_CACHE = "LAYER_BYTECODE_CACHE"
"""The variable that names the folder where compiled sources are kept from build to build."""

PROVIDED_BY_RUNTIME = {
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
    *("awslambdaric", "simplejson", "snapshot_restore_py"),
}
"""Modules of Lambda's Python runtimes beyond the standard library (AWS Lambda developer guide,
"Runtime-included SDK versions", and the runtime interface client with what both depend on)."""

OUTSIDE = {
    *("ConnectionError", "gaierror", "TimeoutError", "URLError", "NoCredentialsError"),
    *("NoRegionError", "EndpointConnectionError", "SystemExit", "KeyboardInterrupt"),
}
"""Errors that tell of the build's surroundings, not of the layer."""


@dataclass(frozen=True)
class Failure:
    """A module that could not be imported, and why."""

    module: str
    message: str
    place: str = ""
    kinds: tuple[str, ...] = ()
    missing: str = ""
    environment: bool = False


@dataclass
class Report:
    """What happened to the modules; ``loaded`` are compiled files that were really loaded."""

    imported: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    loaded: set[Path] = field(default_factory=set)


def check(
    interpreter: Interpreter,
    root: Path,
    modules: Sequence[str],
    seconds: float = SECONDS_A_MODULE,
    libraries: Path | None = None,
) -> Report:
    """Import the modules with nothing but the standard library and ``root`` on the path.

    ``libraries`` is the layer's lib/, where Lambda looks for shared libraries.
    """
    report = Report()
    left = list(modules)
    with tempfile.TemporaryDirectory(prefix="layer-imports-") as folder:
        while left:
            probe = Probe(interpreter, root.resolve(), seconds, Path(folder), libraries)
            lines, error = _probe(probe, left)
            done = _read(lines, report)
            left = [module for module in left if module not in done]
            if error and left:
                # The process died, and it was importing the first module it did not report.
                report.failures.append(Failure(left.pop(0), error))
    return report


def judge(
    report: Report,
    distributions: Mapping[str, Collection[str]],
    own: Collection[str],
    may_fail: Collection[str] = (),
) -> tuple[list[Failure], list[str]]:
    """Divide failures into those that refuse the layer and notes.

    ``distributions`` maps names to modules, ``own`` names the project's own distributions: they
    must import whole. A dependency may bring a module beside its main one that needs more.
    """
    owners = {module: name for name, modules in distributions.items() for module in modules}
    imported = set(report.imported)
    refusals, notes = [], []
    for failure in report.failures:
        owner = owners.get(failure.module, "")
        tolerated = _tolerated(failure, may_fail)
        if not tolerated and owner not in own and imported & set(distributions.get(owner, ())):
            tolerated = f"other modules of {owner} import"
        if tolerated:
            last_line = failure.message.splitlines()[-1]
            notes.append(f"{failure.module} does not import here ({tolerated}): {last_line}")
        else:
            refusals.append(failure)
    return refusals, notes


def _tolerated(failure: Failure, may_fail: Collection[str]) -> str:
    if any(failure.module == name or failure.module.startswith(f"{name}.") for name in may_fail):
        return "it may fail"
    if failure.missing.split(".")[0] in PROVIDED_BY_RUNTIME:
        return f"{failure.missing} comes from Lambda's runtime"
    if failure.environment:
        return "it wants an environment variable that the function has"
    outside = OUTSIDE & set(failure.kinds)
    return f"it ended with {min(outside)}" if outside else ""


@dataclass(frozen=True)
class Probe:
    """How a probe is run."""

    interpreter: Interpreter
    root: Path
    seconds: float
    folder: Path
    libraries: Path | None


def _probe(probe: Probe, modules: Sequence[str]) -> tuple[list[str], str]:
    """Run the probe once; return its report's lines, and what killed it if something did."""
    folder, seconds = probe.folder, probe.seconds
    source = pkgutil.get_data(__package__, "probe.py")
    assert source is not None
    report = folder / "report.jsonl"
    report.unlink(missing_ok=True)
    arguments = ["-I", "-S", "-B", "-c", source.decode("utf-8")]
    cached = os.environ.get(BYTECODE_CACHE, "")
    arguments += [str(probe.root), str(report), str(seconds), cached, *modules]
    try:
        ended = subprocess.run(
            [probe.interpreter.path, *arguments],
            cwd=folder,
            env=_environment(folder, probe.libraries),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=(seconds + 5) * len(modules),
            check=False,
        )
        status, said = ended.returncode, ended.stderr.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        status, said = 1, "Timeout"
    lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    return lines, _cause_of_death(status, said, seconds)


def _cause_of_death(status: int, said: str, seconds: float) -> str:
    if status == 0:
        return ""
    if status < 0:
        return f"the interpreter was killed by signal {-status}"
    if "Timeout" in said:
        return f"the import took more than {seconds:g} seconds"
    return "\n".join(["the interpreter ended", *said.rstrip().splitlines()[-5:]])


def _environment(folder: Path, libraries: Path | None) -> dict[str, str]:
    """Return an environment like a function's, without anything of the build's credentials."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH", "LANG")}
    if libraries is not None and libraries.is_dir():
        paths = [kept.get("LD_LIBRARY_PATH", ""), str(libraries.resolve())]
        kept["LD_LIBRARY_PATH"] = ":".join(path for path in paths if path)
    home = {"HOME": str(folder), "TMPDIR": str(folder)}
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    return {**kept, **home, **region, "AWS_EC2_METADATA_DISABLED": "true"}


def _read(lines: Sequence[str], report: Report) -> set[str]:
    done = set()
    for text in lines:
        line = json.loads(text)
        if "loaded" in line:
            report.loaded |= {Path(path) for path in line["loaded"]}
        elif line["status"] == "imported":
            report.imported.append(line["module"])
            done.add(line["module"])
        elif line["status"] == "failed":
            report.failures.append(
                Failure(
                    line["module"],
                    line["message"],
                    line["place"],
                    tuple(line["kinds"]),
                    line["missing"],
                    line["environment"],
                )
            )
            done.add(line["module"])
    return done
