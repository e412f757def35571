"""How Terraform runs the builder: one plan hook for an application, a release hook a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import Fn, TerraformLocal, Token
from constructs import Construct

from builder.errors import SpecError
from builder.spec.layer_spec import LayerSpec
from modules.layer.at_synthesis import at_synthesis
from modules.layer.bindings import DataExternal
from modules.layer.naming import literal, named

NO_RELEASE = (
    '${startswith(abspath(path.module), "/") ? tolist(["echo", "{}"]) '
    ': tolist(["cmd", "/c", "echo", "{}"])}'
)
"""What runs in a release hook's place where nothing is due, on Unix and on Windows: an answer."""


class Hooks:
    """The hooks of an application's layers; ``query`` is what all of them are asked alike."""

    def __init__(self, scope: Construct, query: Mapping[str, str]) -> None:
        self._scope = scope
        self._query = query
        self._program: tuple[str, ...] = ()
        self._asked: dict[str, str] = {}

    def plan(self, layer: str, query: Mapping[str, str], program: Sequence[str]) -> str:
        """Let the plan hook look at a layer too; return the expression of its answer, as JSON.

        One hook looks at all layers: a process, a session and connections for each would be most
        of the time that a plan takes. Raise SpecError for a second ``program``.
        """
        self._use(program)
        self._asked.update({f"{layer}.{key}": value for key, value in query.items()})
        return str(self._plan.result.lookup(layer))

    def release_program(self, at_rest: Any) -> list[str]:
        """Return what a layer's release hook runs: nothing of ours for a layer that is at rest.

        It is not a ``count``: in a module with ``depends_on`` Terraform puts off all data sources,
        the plan hook too, and refuses a count that it does not know.
        """
        return Token.as_list(
            Fn.conditional(at_rest, self._no_release.expression, self._release.expression)
        )

    def _ask(self) -> None:
        self._plan.query = {**self._query, **self._asked}

    def _use(self, program: Sequence[str]) -> None:
        if self._program == tuple(program):
            return
        if self._program:
            raise SpecError(
                f"one layer has the program {' '.join(program)!r}, "
                f"another {' '.join(self._program)!r}",
                where="LambdaLayer, argument 'program'",
                expected="one program for all layers of a BuildInfrastructure",
                fix="give all of them the same",
            )
        self._program = tuple(program)
        self._plan = named(
            DataExternal(self._scope, "plan", program=[*program, "hook", "plan"], query={})
        )
        at_synthesis(self._plan, self._ask)
        # Of one type, which a conditional's two sides must have.
        release = Fn.tolist([*program, "hook", "release"])
        self._release = named(TerraformLocal(self._scope, "release-hook", release))
        self._no_release = named(TerraformLocal(self._scope, "no-release", NO_RELEASE))


def program_words(spec: LayerSpec, program: Sequence[str]) -> list[str]:
    """Return a program for Terraform; raise SpecError for a string, which is a list of letters."""
    words = [] if isinstance(program, str) else list(program)
    if words and all(isinstance(word, str) for word in words):
        return [literal(word) for word in words]
    raise SpecError(
        f"program is {program!r}",
        where=f"LambdaLayer {spec.name!r}, argument 'program'",
        expected="several words, such as program=['lambda-layer']",
        fix="give the program and each of its arguments as a string of its own",
    )
