"""The import names that another package can have too, and what is said when one hides ours."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
"""Where all our packages are, in a checkout as in site-packages."""


def check_names(*names: str) -> None:
    """Raise ImportError if one of our packages is hidden by another one of its name."""
    for name in names:
        found = _origin(name)
        ours = HOME.joinpath(*name.split("."), "__init__.py")
        if found != ours:
            raise ImportError(_what(name, found, ours), name=name)


def _origin(name: str) -> Path | None:
    """Return the file that a package comes from; None if there is none, or it has no file."""
    parent = name.rpartition(".")[0]
    if parent and (hiding := _origin(parent)) is not None:
        return hiding  # ours has no __init__.py, so that a folder of that name can stand beside it
    loaded = sys.modules.get(name)
    origin = getattr(loaded, "__file__", None)
    if loaded is None:
        spec = find_spec(name)
        origin = spec.origin if spec is not None and spec.has_location else None
    return Path(origin).resolve() if origin else None


def _what(name: str, found: Path | None, ours: Path) -> str:
    if found is None:
        return (
            f"Fast Lambda Layer's package {name!r} is not in {ours.parent}: install "
            "fast-lambda-layer again"
        )
    place = found.parent if found.name == "__init__.py" else found
    return (
        f"{place} hides Fast Lambda Layer's package {name!r}, which is in {ours.parent}: rename "
        "what hides it, or take its folder out of sys.path, for example with a main.py in a "
        "folder of its own, or with `python -I -m fast_lambda_layer.synth`"
    )
