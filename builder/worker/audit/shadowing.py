"""Modules of a layer that take the place of Python's own.

Lambda's runtime has ``/opt/python`` before the standard library on ``sys.path`` (AWS Lambda
developer guide, "Working with layers for Python Lambda functions"), so such a module is what every
function with the layer imports, the runtime's own bootstrap too.
"""

from __future__ import annotations

from typing import Collection, Mapping

from .. import standard_library
from ..errors import BuildError
from ..request import Target


def check(
    modules: Mapping[str, Collection[str]],
    present: Collection[str],
    own: Collection[str],
    target: Target,
) -> list[str]:
    """Refuse distributions that shadow the standard library; return notes on the project's own.

    ``modules`` are those of each distribution, ``present`` the files that are in the layer, ``own``
    names the project's own distributions.
    """
    notes = []
    for distribution, names in sorted(modules.items()):
        # A folder without __init__.py is looked at last, and hides nothing.
        shadowing = [n for n in sorted(names) if standard_library.has(n, target.python)]
        if not shadowing:
            continue
        if distribution not in own:
            raise _refusal(distribution, shadowing, present, target)
        notes += [
            f"{distribution}: its module {name} takes the place of Python's own in every function "
            f"with this layer; rename it"
            for name in shadowing
        ]
    return notes


def _refusal(
    distribution: str, shadowing: Collection[str], present: Collection[str], target: Target
) -> BuildError:
    files = [f"{n}/" if f"{n}/__init__.py" in present else f"{n}.py" for n in shadowing]
    named = ", ".join(shadowing)
    excluded = ", ".join(f'"{file}"' for file in files)
    return BuildError(
        f"{distribution} would take the place of Python's own {named}",
        where=", ".join(f"python/{file}" for file in files),
        expected=f"the {named} of python{target.python}: a layer's modules come before the "
        "standard library",
        fix=f"remove {distribution} from the requirements; if another distribution requires it, "
        f"leave out its files with exclude = [{excluded}]",
    )
