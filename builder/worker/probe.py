"""Imports modules one after the other and reports on each; runs in the target's interpreter.

It is started with ``-I -S -B``, so that only the standard library and the layer are on the path.
Arguments: the layer's folder, the report's file, seconds a module, and the modules.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, Sequence, TextIO


def main(root: str, report_path: str, seconds: float, modules: Sequence[str]) -> None:
    """Import the modules; write one JSON line before and one after each."""
    # Lambda puts the layer before the standard library.
    sys.path.insert(0, root)
    sys.argv = [""]
    with Path(report_path).open("a", encoding="utf-8") as report:
        for module in modules:
            _say(report, {"module": module, "status": "started"})
            faulthandler.dump_traceback_later(seconds, exit=True)
            _say(report, {"module": module, **attempt(module)})
            faulthandler.cancel_dump_traceback_later()
        _say(report, {"loaded": loaded_files(root)})
    # Modules may have left threads behind that would keep the process alive.
    os._exit(0)


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
        "environment": isinstance(error, KeyError) and from_environment,
    }


def loaded_files(root: str) -> list[str]:
    """Return the files of the layer that are mapped into this process: its loaded libraries."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    paths = {line.split(None, 5)[-1] for line in maps.splitlines() if "/" in line}
    return sorted(path for path in paths if path.startswith(root))


def _say(report: TextIO, line: dict[str, Any]) -> None:
    report.write(json.dumps(line) + "\n")
    report.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:])
