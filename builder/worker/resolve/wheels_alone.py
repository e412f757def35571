"""uv in an image that is not the runtime's: wheels are installed there, and nothing is built."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Mapping, Sequence

from .. import compute, interpreters
from ..errors import BuildError
from ..process import Outcome
from ..request import Target
from .explain import explain
from .uv import Uv, builds_nothing

NO_WHEEL = re.compile(r"\bno (usable )?wheels\b|Wheels are required|building from source")
"""What uv says where something has no wheel that fits, and may not be built."""

NAMED = re.compile(r"(?<![^\s`(])(?P<name>[A-Za-z][\w.-]*)(?:[<>=!]\S*)? has no (?:usable )?wheels")


class WheelsAlone(Uv):
    """uv that raises BuildError where something would be built; another image may build it."""

    def compile(self, arguments: Sequence[str], target: Target, out: Path) -> Outcome:
        """Resolve from wheels; raise BuildError for what has none, and for what explains itself."""
        if not builds_nothing(arguments):
            raise _to_be_built("a requirement", target)
        outcome = super().compile(arguments, target, out)
        if outcome.ok or outcome.transient:
            return outcome
        if NO_WHEEL.search(" ".join(outcome.output.split())):
            named = NAMED.search(" ".join(outcome.output.split()))
            raise _to_be_built(named["name"] if named else "a requirement", target)
        raise explain(outcome, target, "resolving the requirements")

    def build_wheel(self, source: Path, out: Path, extra: Mapping[str, str]) -> Outcome:
        """Refuse: a folder's build backend would run, and may compile."""
        del out, extra
        raise _to_be_built(source.name, None)


def of_image(environment: Mapping[str, str], targets: Sequence[Target]) -> type[Uv]:
    """Return how uv is called on this machine.

    Raise BuildError where that is CodeBuild's own image without an interpreter of a target: all
    modules are to be imported before a layer is believed.
    """
    if not compute.is_standard(environment):
        return Uv
    for target in targets:
        if interpreters.find(target) is None:
            raise BuildError(
                f"this image has no interpreter of {target}",
                where="CodeBuild's own image",
                expected=f"python{target.python}, which imports all modules of the layer",
                fix="build in the image of the runtime, which happens by itself",
            )
    return WheelsAlone


def _to_be_built(what: str, target: Target | None) -> BuildError:
    lacking = f" has no wheel for {target}, and" if target else ""
    return BuildError(
        f"{what}{lacking} has to be built",
        where="CodeBuild's own image",
        expected="wheels alone: what is built, is built in the image of the runtime",
        fix="build in the image of the runtime, which happens by itself",
    )
