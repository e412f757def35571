"""Imports modules one after the other and reports on each; runs in the target's interpreter.

It is started with ``-I -S -B``, so that only the standard library and the layer are on the path.
Arguments: the layer's python/, the report's file, seconds a module, the folder where compiled
sources are kept ("" for none), and the modules.

What Lambda does before it imports the function is in /var/runtime/bootstrap.py of the base images
(public.ecr.aws/lambda/python, the same from 3.8 on): set_default_sys_path() inserts /opt/python,
and before it /opt/python/lib/pythonX.Y/site-packages; add_default_site_directories() then calls
site.addsitedir for the two in this order, so that their .pth files are processed.
"""

from __future__ import annotations

import _imp
import faulthandler
import importlib
import importlib.util
import io
import json
import marshal
import os
import site
import sys
import traceback
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, Callable, Sequence, TextIO


def main(python: str, report_path: str, seconds: float, kept: str, modules: Sequence[str]) -> None:
    """Start as Lambda does and import the modules; write a JSON line before and after each step."""
    bytecode = Bytecode(Path(kept)) if kept else None
    known = mapped_files()
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
    if bytecode:
        bytecode.save()
    # Modules may have left threads behind that would keep the process alive.
    os._exit(0)


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


class Bytecode:
    """Compiled sources by the hash of the source, kept from one build to the next.

    Times and paths do not count, so it holds in whatever folder the next build runs. Nothing of it
    gets into the layer.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{sys.implementation.cache_tag}.marshal"
        self._known = self._load()
        self._used: dict[bytes, bytes] = {}
        # Without it the tracebacks would name the folders of an older build: then nothing is kept.
        self._set_path = getattr(_imp, "_fix_co_filename", None)
        self._compile = SourceFileLoader.source_to_code
        if self._set_path:
            SourceFileLoader.source_to_code = self._source_to_code()  # type: ignore[method-assign]

    def save(self) -> None:
        """Keep what this run used, if that is not what was there already."""
        if not self._used or self._used.keys() == self._known.keys():
            return
        partial = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(importlib.util.MAGIC_NUMBER + marshal.dumps(self._used))
            partial.replace(self._path)
        except OSError:
            # The next build compiles them again.
            partial.unlink(missing_ok=True)

    def _load(self) -> dict[bytes, bytes]:
        try:
            data = self._path.read_bytes()
            if not data.startswith(importlib.util.MAGIC_NUMBER):
                return {}
            known = marshal.loads(data[len(importlib.util.MAGIC_NUMBER) :])  # noqa: S302 - our own
        except (OSError, EOFError, ValueError, TypeError):
            return {}
        return known if isinstance(known, dict) else {}

    def _source_to_code(self) -> Callable[..., Any]:
        """Return the method of SourceFileLoader that looks here first."""

        def source_to_code(loader: Any, data: Any, path: Any, *more: Any, **options: Any) -> Any:
            if not isinstance(data, bytes):
                return self._compile(loader, data, path, *more, **options)
            digest = importlib.util.source_hash(data) + len(data).to_bytes(4, "little")
            kept = self._known.get(digest)
            if kept is None:
                code = self._compile(loader, data, path, *more, **options)
                self._used[digest] = marshal.dumps(code)
                return code
            self._used[digest] = kept
            code = marshal.loads(kept)  # noqa: S302 - our own
            assert self._set_path is not None
            self._set_path(code, os.fspath(path))
            return code

        return source_to_code


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
