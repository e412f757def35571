"""The worker's commands: ``tools``, ``build`` and ``merge``, run in the unpacked bundle."""

from __future__ import annotations

import os
import re
import shutil
import sys
import traceback
from pathlib import Path
from typing import NoReturn, Sequence

from . import compute, debug_archive, parts, tools
from .errors import BuildError
from .log import Log, without_credentials

USAGE = """usage: python3 worker.pyz tools|build|merge

  tools   put the pinned tools (uv, libdeflate, CycloneDX) into .tools/
  build   resolve, install, check and pack what request.json asks for; write out/
  merge   join the parts of a layer for several runtimes; write out/

Run it in an unpacked bundle. LAYER_DEBUG=true shows every command, and keeps the build directory in
out/debug/. LAYER_TARGET=python3.12 builds that target's part only. With LAYER_MERGE=true, build is
merge: so all builds of a layer run the same buildspec."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 done, 1 refused or failed, 2 wrong usage."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = os.environ.get("LAYER_DEBUG", "").lower() == "true"
    log = Log(verbose=debug)
    try:
        status = command(words, Path.cwd(), log)
    except BuildError as error:
        status = _report(error, debug)
    except OSError as error:
        status = _report(from_system(error), debug)
    if debug and (Path.cwd() / ".build").is_dir():
        debug_archive.keep(Path.cwd(), Path.cwd() / ".build", Path.cwd() / "out", log)
    sys.exit(status)


def command(words: list[str], bundle: Path, log: Log) -> int:
    """Run the command that the words name; return the exit status."""
    merging = os.environ.get("LAYER_MERGE", "").lower() == "true"
    if words == ["tools"]:
        tools.install(bundle, log)
    elif words == ["merge"] or (merging and words == ["build"]):
        from . import merge

        merge.merge(bundle, log)
    elif words == ["build"]:
        _build(bundle, log, os.environ.get("LAYER_TARGET", ""))
    else:
        wanted_help = words in (["-h"], ["--help"])
        print(USAGE, file=sys.stdout if wanted_help else sys.stderr)
        return 0 if wanted_help else 2
    return 0


def _build(bundle: Path, log: Log, runtime: str) -> None:
    """Build the layer, or the part of one target."""
    # Not for ``tools``, which compiles these modules to have them started faster.
    from . import build

    build.build(bundle, log, runtime=runtime)
    if runtime:
        parts.wrap(bundle / "out")


def from_system(error: OSError) -> BuildError:
    """Return the error of the operating system in the form of all our errors."""
    why, where = error.strerror or str(error), error.filename
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        # All that copytree could not copy: triples of source, target and words.
        _, where, said = error.args[0][0]
        why = re.sub(r"^\[Errno \d+\] ([^:]+)(:.*)?$", r"\1", str(said))
    return BuildError(
        f"the build machine refused: {why}",
        where=str(where or "the worker"),
        expected="space and rights to write below the current folder",
        fix="choose a larger compute type if the disk is full; else look at the build image",
    )


def _report(error: BuildError, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    sys.stdout.flush()
    lines = [f"ERROR: {error}", *compute.needs(error, os.environ)]
    print(without_credentials("\n".join(lines)), file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    main()
