"""What importing a package's modules imports at once of other packages, as their texts say.

The build's audit imports every module at the top: what these need cannot be left out. An import
that a function makes, or whose failure is caught, is not needed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

CATCHES = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
NOT_RUN = ("TYPE_CHECKING", "__main__")
"""Words of conditions whose branch is not run when a module is imported."""

CYTHON = re.compile(
    r"^(?:c?import[ \t]+(?P<names>[\w., \t]+)"
    r"|from[ \t]+(?P<base>[\w.]+)[ \t]+c?import\b[ \t]*(?P<parts>[\w, \t]*))",
    re.MULTILINE,
)
"""An import of Cython's that is not indented; ``base`` begins with the dots of a relative one."""
BY_NAME = {"__import__", "import_module"}


def at_once(
    package: str,
    texts: Mapping[str, bytes],
    owner: Callable[[str], str],
    read: Callable[[str, bytes], Sequence[str]] | None = None,
) -> frozenset[str]:
    """Return the packages that importing the modules of one imports, itself not among them.

    What modules of other packages import then counts, too. ``texts`` are all modules by their names
    as files, ``owner`` returns the package of a module's dotted name, "" for none; ``read`` is
    :func:`imports`, or what remembers its answers.
    """
    read = read or imports
    modules = {_dotted(name): (name, text) for name, text in texts.items()}
    mine = {name for name in modules if owner(name) == package}
    waiting = [name for name in mine if mine.isdisjoint(_above(name))]
    seen, found = set(waiting), set()
    while waiting:
        file, text = modules[waiting.pop()]
        for name in read(file, text):
            parts = name.split(".")
            steps = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
            found |= {owner(step) for step in steps[:2]}
            new = [step for step in steps if step in modules and step not in seen]
            seen.update(new)
            waiting += new
    return frozenset(found - {"", package})


def _above(name: str) -> list[str]:
    """Return the packages that a module may be in, by its dotted name."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def imports(file: str, text: bytes) -> list[str]:
    """Return the dotted names that a module imports while it is loaded; none if it has no syntax.

    Of ``from a import b`` that is ``a.b``, which may be a module.
    """
    folder = file.split("/")[:-1]
    if file.endswith(".pyx"):
        return list(_cython_imports(text.decode("utf-8", "replace"), folder))
    try:
        tree = ast.parse(text)
        return [*_imports(tree.body, folder), *_by_name(tree.body)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _dotted(file: str) -> str:
    bare = file.removesuffix(".pyx").removesuffix(".py")
    return bare.removesuffix("/__init__").replace("/", ".")


def _cython_imports(text: str, folder: Sequence[str]) -> Iterator[str]:
    for found in CYTHON.finditer(text):
        if found["names"]:
            yield from (name.split()[0] for name in found["names"].split(",") if name.strip())
            continue
        named = found["base"].lstrip(".")
        level = len(found["base"]) - len(named)
        above = folder[: len(folder) - level + 1] if level else []
        base = ".".join([*above, *([named] if named else [])])
        if base:
            yield base
        parts = [part.split()[0] for part in found["parts"].split(",") if part.strip()]
        yield from (f"{base}.{part}" for part in parts if base)


def _by_name(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield what may be imported by a name in a variable: each text of the module's own lists.

    Whether a failure is caught says nothing here: pandas looks for what it needs in this way, and
    then refuses.
    """
    run = list(_all_run(body, forgiven=True))
    if any(not isinstance(argument, ast.Constant) for argument in _asked_by_name(run)):
        lists = [n.value for n in run if isinstance(n, ast.Assign | ast.AnnAssign)]
        lists += [n.iter for n in run if isinstance(n, ast.For)]
        for each in lists:
            if isinstance(each, ast.Tuple | ast.List | ast.Set):
                yield from _texts(each.elts)
    yield from _texts(_asked_by_name(_all_run(body, forgiven=False)))


def _texts(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _all_run(body: Iterable[ast.stmt], *, forgiven: bool) -> Iterator[ast.stmt]:
    """Yield the statements that run while the module is loaded, those inside of others too."""
    for node in body:
        yield node
        inner = _run(node)
        if forgiven and isinstance(node, ast.Try):
            inner = [*node.body, *node.orelse, *node.finalbody]
        yield from _all_run(inner, forgiven=forgiven)


def _asked_by_name(run: Iterable[ast.stmt]) -> list[ast.expr]:
    """Return what is given to __import__ and importlib.import_module in simple statements."""
    calls = (
        call
        for node in run
        if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and call.args
    )
    return [
        call.args[0]
        for call in calls
        if getattr(call.func, "attr", getattr(call.func, "id", "")) in BY_NAME
    ]


def _imports(body: Iterable[ast.stmt], folder: Sequence[str]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names if base)
        else:
            yield from _imports(_run(node), folder)


def _run(node: ast.stmt) -> list[ast.stmt]:
    """Return the statements inside of another that run while the module is loaded."""
    if isinstance(node, ast.If):
        condition = ast.dump(node.test)
        return [*([] if any(word in condition for word in NOT_RUN) else node.body), *node.orelse]
    if isinstance(node, ast.Try):
        tried = [] if any(map(_forgives, node.handlers)) else [*node.body, *node.orelse]
        return [*tried, *node.finalbody]
    if isinstance(node, ast.With):
        return [] if any("suppress" in ast.dump(item) for item in node.items) else node.body
    if isinstance(node, ast.For | ast.While):
        return [*node.body, *node.orelse]
    return node.body if isinstance(node, ast.ClassDef) else []


def _forgives(handler: ast.ExceptHandler) -> bool:
    """Whether an import that fails is caught, and the module is loaded all the same."""
    caught = (
        {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)}
        if handler.type
        else CATCHES
    )
    return bool(caught & CATCHES) and not any(isinstance(n, ast.Raise) for n in ast.walk(handler))
