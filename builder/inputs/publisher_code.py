"""What the publisher function's zip holds: the modules that it uses, ours and other packages'.

Found by reading imports, so that nothing is forgotten and nothing carried along.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import io
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

ENTRY = "builder.publisher.function"
HANDLER = f"{ENTRY}.handler"

PUSHER = "builder.pusher.__main__"
"""What the function gives to the builds that push images (inputs/pusher_code.py)."""

RUNTIME_HAS = frozenset({"boto3", "botocore"})
"""What Lambda's Python runtimes have (AWS Lambda developer guide, "Runtime-included SDK")."""

FOLDER = ".publisher"
"""Where a module's zip is in the bucket: no layer can have that name."""

KEY, SHA256 = ".publisher_key", ".publisher_sha256"
"""What the plan hook answers beside the layers: the object's key, and base64 of its SHA-256."""

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold."""


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """Return the zip of a function; not compressed, for zlib's results differ between machines."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, EARLIEST)
            entry.create_system = 3  # Unix, whatever this is
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[path])
    return content.getvalue()


def described() -> dict[str, str]:
    """Return what the plan hook says of the zip that this builder makes."""
    content = zip_of(publisher_files())
    digest = hashlib.sha256(content).digest()
    return {KEY: key_of(content), SHA256: base64.b64encode(digest).decode()}


def key_of(content: bytes) -> str:
    """Return the key of a zip in the bucket: it says nothing of the machine that made it."""
    return f"{FOLDER}/{hashlib.sha256(content).hexdigest()}.zip"


def publisher_files() -> dict[str, bytes]:
    """Return the files of the function's zip by their paths in it; the same on every machine."""
    return files_of(ENTRY, PUSHER)


def files_of(*entries: str) -> dict[str, bytes]:
    """Return the files that modules need where there is boto3, by their paths in a zip."""
    found: dict[str, bytes] = {}
    waiting, seen = [*entries], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or _is_there_already(name):
            continue
        seen.add(name)
        file = _file(name)
        if file is None:
            continue  # what is imported from a module: a class, a function
        content = file.read_bytes()
        found[_path(name, file)] = content
        waiting += [name.rpartition(".")[0]] if "." in name else []
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        waiting += _imported(content, package)
    return dict(sorted(found.items()))


def _is_there_already(name: str) -> bool:
    """Tell whether Lambda's Python runtimes have a module without our help."""
    package = name.partition(".")[0]
    return package in RUNTIME_HAS or package in sys.stdlib_module_names


def _file(name: str) -> Path | None:
    """Return the file of a module, or None if the name is of something in a module."""
    package, _, rest = name.partition(".")
    origin = Path(_origin(package))
    if not rest:
        return origin
    place = origin.parent.joinpath(*rest.split("."))
    candidates = (place / "__init__.py", place.with_suffix(".py"))
    return next((file for file in candidates if file.is_file()), None)


def _path(name: str, file: Path) -> str:
    folder = name.replace(".", "/")
    return f"{folder}/__init__.py" if file.name == "__init__.py" else f"{folder}.py"


@cache  # a program that synthesizes several stacks asks for each
def _imported(content: bytes, package: str) -> tuple[str, ...]:
    return tuple(_imports(ast.parse(content).body, package))


def _imports(body: Iterable[ast.stmt], package: str) -> Iterator[str]:
    """Yield the full names of what a module of a package imports, wherever it does."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        else:
            yield from _imports(_inside(node), package)


def _inside(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the statements inside of another, without those that only type checkers look at."""
    if isinstance(node, ast.If) and _is_for_type_checkers(node.test):
        yield from node.orelse
        return
    for name in ("body", "orelse", "finalbody"):
        yield from getattr(node, name, ())
    for name in ("handlers", "cases"):
        for part in getattr(node, name, ()):
            yield from part.body


def _is_for_type_checkers(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))


def _origin(name: str) -> str:
    spec = find_spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise ModuleNotFoundError(
            f"the publisher function needs {name!r} in pure Python", name=name
        )
    return spec.origin
