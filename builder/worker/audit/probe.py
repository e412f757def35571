"""Imports modules one after the other and reports on each; runs in the target's interpreter.

It is started with ``-I -S -B``, so that only the standard library and the layer are on the path.
Arguments: the layer's python/, the report's file, seconds a module, a folder with compiled files as
compiler.py makes them, or "", and the modules.

What Lambda does before it imports the function is in /var/runtime/bootstrap.py of the base images
(public.ecr.aws/lambda/python, the same from 3.8 on): set_default_sys_path() inserts /opt/python,
and before it /opt/python/lib/pythonX.Y/site-packages; add_default_site_directories() then calls
site.addsitedir for the two in this order, so that their .pth files are processed.
"""

from __future__ import annotations

import faulthandler
import importlib
import io
import json
import os
import site
import sys
import traceback
from pathlib import Path
from typing import Any, Callable, Sequence, TextIO


def main(
    python: str, report_path: str, seconds: float, compiled: str, modules: Sequence[str]
) -> None:
    """Start as Lambda does and import the modules; write a JSON line before and after each step."""
    known = mapped_files()
    if compiled:
        look_for_compiled(python, compiled)
    sys.argv = [""]
    with Path(report_path).open("a", encoding="utf-8") as report:

        def step(name: str, action: Callable[[str], dict[str, Any]], what: str) -> None:
            _say(report, {name: what, "status": "started"})
            faulthandler.dump_traceback_later(seconds, exit=True)
            outcome = action(what)
            faulthandler.cancel_dump_traceback_later()
            new = mapped_files() - known
            known.update(new)
            _say(report, {name: what, **outcome, "mapped": sorted(new)})

        step("start", start, python)
        for module in modules:
            step("module", attempt, module)
    # Modules may have left threads behind that would keep the process alive.
    os._exit(0)


def look_for_compiled(python: str, folder: str) -> None:
    """Have imports look for what is compiled of the layer in a folder of its own.

    ``sys.pycache_prefix`` would hide what is compiled of the standard library.
    """
    machinery = importlib._bootstrap_external
    usual = machinery.cache_from_source
    start = python + os.sep

    def cache_from_source(path: Any, *args: Any, **kwargs: Any) -> Any:
        name = os.fspath(path)
        if isinstance(name, str) and name.startswith(start) and name.endswith(".py"):
            return f"{folder}/{name[len(start) :]}c"
        return usual(path, *args, **kwargs)

    if callable(usual):
        machinery.cache_from_source = cache_from_source


def start(python: str) -> dict[str, Any]:
    """Put the layer on the path as Lambda's bootstrap does; return what .pth files said."""
    # The interpreter of Lambda has these from its own start.
    site.setquit()
    site.setcopyright()
    site.sethelper()
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    versioned = os.path.join(python, "lib", version, "site-packages")  # noqa: PTH118 - as site has it
    stdlib = list(sys.path)
    sys.path.insert(0, python)
    sys.path.insert(0, versioned)
    shown, sys.stderr = sys.stderr, io.StringIO()
    failure: dict[str, Any] = {"message": ""}
    try:
        site.addsitedir(versioned)
        site.addsitedir(python)
    except BaseException as error:  # also SystemExit: a line may do anything
        failure = describe(error)
    finally:
        said, sys.stderr = sys.stderr.getvalue(), shown
    said, message = said[-4000:], failure["message"]
    return {"status": "done", "said": said, "message": message, "stdlib": stdlib}


def attempt(module: str) -> dict[str, Any]:
    """Import one module; return how that ended."""
    try:
        importlib.import_module(module)
    except BaseException as error:  # also SystemExit: a module may do anything
        return {"status": "failed", **describe(error)}
    return {"status": "imported"}


def describe(error: BaseException) -> dict[str, Any]:
    """Return what the parent needs to judge an error."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "importlib" not in f.filename and f.filename != "<string>"]
    last = own[-1] if own else None
    from_environment = last is not None and Path(last.filename).name in ("os.py", "<frozen os>")
    return {
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "missing": str(getattr(error, "name", None) or ""),
        "message": "".join(traceback.format_exception_only(type(error), error)).strip()[-800:],
        "place": f"{last.filename}:{last.lineno}" if last else "",
        "chain": " ".join(_chain(error))[-4000:],
        "environment": isinstance(error, KeyError) and from_environment,
    }


def _chain(error: BaseException) -> list[str]:
    """Return what an error says, with the files that it and its causes are about."""
    said: list[str] = []
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        said += [str(following), str(getattr(following, "filename", "") or "")]
        following = following.__cause__ or following.__context__
    return said


def mapped_files() -> set[str]:
    """Return the files that are mapped into this process: among them its loaded libraries."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return {line.split(None, 5)[-1] for line in maps.splitlines() if "/" in line}


def _say(report: TextIO, line: dict[str, Any]) -> None:
    report.write(json.dumps(line) + "\n")
    report.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4], sys.argv[5:])
