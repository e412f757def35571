"""Importing every module of the layer with the target's interpreter, and judging what fails."""

from __future__ import annotations

import contextlib
import json
import os
import pkgutil
import re
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, Collection, Iterator, Mapping, Sequence

from ..errors import BuildError
from ..interpreters import Interpreter
from ..sandbox import Sandbox, discard, take

SECONDS_A_MODULE = 60.0

WATCHDOG = b"Timeout ("
"""How the module faulthandler begins what it says when a time is over."""

LAST_WORDS = 1 << 20
"""Bytes that are kept of what an interpreter writes on stderr: the end of it says how it ended."""

ENDED = "it ended the interpreter, as if all were well (os._exit)"
GONE = "what was reported of it is gone: a module, or a .pth file, has removed it"

PATIENCE = 30.0
"""Seconds in which an interpreter that was told to end must have ended, with all that it left."""

PTH_ERROR = re.compile(r"Error processing line (?P<line>\d+) of (?P<file>.+\.pth)")
"""How the module site begins what it says of a .pth file."""

FIELDS: Mapping[str, Any] = {
    **dict.fromkeys(("status", "module", "message", "said", "place", "missing", "chain"), ""),
    **{"kinds": [], "mapped": [], "stdlib": [], "environment": False},
}
"""What a line of the probe's report has, and of which kind."""

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
"""Errors that come from the build's surroundings, not from the layer."""


@dataclass(frozen=True)
class Failure:
    """A module that could not be imported, and why."""

    module: str
    message: str
    place: str = ""
    kinds: tuple[str, ...] = ()
    missing: str = ""
    environment: bool = False
    chain: str = ""


@dataclass
class Report:
    """What happened to the modules.

    ``start`` says why the interpreter could not start with the layer's .pth files, or what these
    complained of. ``mapped`` are the files that were really loaded, each with the module whose
    import did it first ("" for the start); ``stdlib`` is the interpreter's own path.
    """

    start: str = ""
    imported: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    mapped: dict[Path, str] = field(default_factory=dict)
    stdlib: tuple[str, ...] = ()


def check(
    interpreter: Interpreter,
    root: Path,
    modules: Sequence[str],
    seconds: float = SECONDS_A_MODULE,
    libraries: Path | None = None,
    hidden: Collection[str] = (),
    compiled: Path | None = None,
) -> Report:
    """Import the modules with nothing but the standard library and the layer on the path.

    ``root`` is the layer's python/, ``libraries`` its lib/, where Lambda looks for shared
    libraries. ``hidden`` names libraries of this machine that cannot be opened meanwhile.
    ``compiled`` has what was compiled ahead.
    """
    report = Report()
    left = list(modules)
    folder = Path(tempfile.mkdtemp(prefix="layer-imports-"))
    try:
        hiding = _hiding(folder, hidden)
        while left:
            probe = Probe(interpreter, root.resolve(), seconds, folder, libraries, hiding, compiled)
            lines, error = _probe(probe, left)
            started, done = read_report(lines, report)
            left = [module for module in left if module not in done]
            if not started:
                report.start = report.start or error or GONE
                break
            if left:
                # The process died, and it was importing the first module it did not report.
                report.failures.append(Failure(left.pop(0), error or ENDED))
    finally:
        discard(folder)
    return report


def judge(
    report: Report,
    distributions: Mapping[str, Collection[str]],
    own: Collection[str],
    may_fail: Collection[str] = (),
    main: Collection[str] = (),
) -> tuple[list[Failure], list[str]]:
    """Divide failures into those that refuse the layer and notes.

    ``distributions`` maps names to modules, ``own`` names the project's own distributions: they
    must import whole. A dependency may bring a module that needs more beside its main one; ``main``
    are those of all distributions.
    """
    owners = {module: name for name, modules in distributions.items() for module in modules}
    imported = set(report.imported)
    refusals, notes = [], []
    for failure in report.failures:
        owner = owners.get(failure.module, "")
        tolerated = _tolerated(failure, may_fail)
        spare = owner not in own and failure.module not in main
        if not tolerated and spare and imported & set(distributions.get(owner, ())):
            tolerated = f"other modules of {owner} import"
        if tolerated:
            last_line = failure.message.splitlines()[-1]
            notes.append(f"{failure.module} does not import here ({tolerated}): {last_line}")
        else:
            refusals.append(failure)
    return refusals, notes


def may(module: str, may_fail: Collection[str]) -> bool:
    """Whether a module may fail: it is named, or below one that is."""
    return any(module == name or module.startswith(f"{name}.") for name in may_fail)


def _tolerated(failure: Failure, may_fail: Collection[str]) -> str:
    if may(failure.module, may_fail):
        return "it may fail"
    if failure.missing.split(".")[0] in PROVIDED_BY_RUNTIME:
        return f"{failure.missing} comes from Lambda's runtime"
    if failure.environment:
        return "it wants an environment variable that the function has"
    if "PermissionError" in failure.kinds and "'/tmp/" in failure.message:
        return "it writes to /tmp, where a function can"
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
    hiding: Path
    compiled: Path | None


def _hiding(folder: Path, names: Collection[str]) -> Path:
    """Return a folder with empty files of these names.

    An empty file in LD_LIBRARY_PATH ends the search with an error (ld.so: "file too short"), as
    if the library were not there.
    """
    place = folder / "hidden"
    place.mkdir()
    for name in filter(None, names):
        (place / name).touch()
    return place


def _probe(probe: Probe, modules: Sequence[str]) -> tuple[list[str], str]:
    """Run the probe once; return its report's lines, and what killed it if something did."""
    folder, seconds = probe.folder, probe.seconds
    source = pkgutil.get_data(__package__, "probe.py")
    assert source is not None
    report = folder / "report.jsonl"
    report.unlink(missing_ok=True)
    arguments = ["-I", "-S", "-B", "-c", source.decode("utf-8")]
    arguments += [str(probe.root), str(report), str(seconds), str(probe.compiled or ""), *modules]
    with subprocess.Popen(
        Sandbox(folder).command([probe.interpreter.path, *arguments]),
        cwd=folder,
        env=_environment(folder, probe.libraries, probe.hiding),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        assert process.stderr is not None
        said = _LastWords(process.stderr)
        try:
            process.wait(timeout=(seconds + 5) * len(modules))
        except subprocess.TimeoutExpired:
            said.timed_out = True
            _end(process)
        words = said.all()
    status = process.returncode
    lines: list[str] = []
    with contextlib.suppress(BuildError):
        lines = take(report).decode("utf-8", "replace").splitlines()
    return lines, _cause_of_death(status, words, seconds if said.timed_out else None)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the cage that a process is, also one that was stopped."""
    # Not killed at once: it ends what the modules have started.
    process.terminate()
    process.send_signal(signal.SIGCONT)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


class _LastWords(threading.Thread):
    """The end of what a program writes, however much it is."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._kept = b""
        self.timed_out = False
        self.start()

    def run(self) -> None:
        """Read until nobody can write any more."""
        for chunk in iter(partial(self._pipe.read, LAST_WORDS), b""):
            # The module goes on writing after the watchdog's words.
            self.timed_out |= WATCHDOG in self._kept[-len(WATCHDOG) :] + chunk
            self._kept = (self._kept + chunk)[-LAST_WORDS:]

    def all(self) -> str:
        """Return what was kept, once nobody can write any more, or after a while."""
        self.join(PATIENCE)
        return self._kept.decode("utf-8", "replace")


def _cause_of_death(status: int, said: str, took: float | None) -> str:
    """Return why an interpreter died; ``took`` is the limit that was passed, in seconds."""
    if status == 0:
        return ""
    if status < 0:
        return f"the interpreter was killed by signal {-status}"
    if took is not None:
        return f"the import took more than {took:g} seconds"
    return "\n".join(["the interpreter ended", *said.rstrip().splitlines()[-5:]])


def _environment(folder: Path, libraries: Path | None, hiding: Path) -> dict[str, str]:
    """Return an environment like a function's, without anything of the build's credentials."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH")}
    # A function has en_US.UTF-8, which not every build image has (AWS Lambda developer guide,
    # "Defined runtime environment variables").
    kept["LANG"] = os.environ.get("LANG", "C.UTF-8")
    paths = [str(hiding), kept.get("LD_LIBRARY_PATH", "")]
    if libraries is not None and libraries.is_dir():
        paths.append(str(libraries.resolve()))
    kept["LD_LIBRARY_PATH"] = ":".join(path for path in paths if path)
    home = {"HOME": str(folder), "TMPDIR": str(folder)}
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    return {**kept, **home, **region, "AWS_EC2_METADATA_DISABLED": "true"}


def read_report(lines: Sequence[str], report: Report) -> tuple[bool, set[str]]:
    """Add what the probe wrote; return whether it started, and the modules that are done.

    What is no line of the probe's is left out: the modules that it imports could write there, too.
    """
    started, done = False, set()
    for line in _parsed(lines):
        module = line.get("module", "")
        for path in line.get("mapped", ()):
            report.mapped.setdefault(Path(path), module)
        if line["status"] == "done":
            complains = line["message"] or PTH_ERROR.search(line["said"])
            report.start = f"{line['said']}{line['message']}" if complains else ""
            started = not line["message"]
            report.stdlib = tuple(line["stdlib"])
        elif line["status"] == "imported":
            report.imported.append(module)
            done.add(module)
        elif line["status"] == "failed":
            report.failures.append(
                Failure(
                    module,
                    line["message"],
                    line["place"],
                    tuple(line["kinds"]),
                    line["missing"],
                    line["environment"],
                    line["chain"],
                )
            )
            done.add(module)
    return started, done


def _parsed(lines: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for text in lines:
        try:
            found = json.loads(text)
            line = {name: _clean({**FIELDS, **found}[name]) for name in FIELDS}
        except (ValueError, TypeError, AttributeError, RecursionError):
            continue
        if all(type(line[name]) is type(value) for name, value in FIELDS.items()):
            yield line


def _clean(value: Any) -> Any:
    """Return a value of a line as text that can be written; raise TypeError for other lists."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
    if isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            raise TypeError("a list of something else than texts")
        return [_clean(item) for item in value]
    return value
