"""What a simulated policy is asked with: ``ContextEntries`` of SimulatePrincipalPolicy.

CodeBuild asks with ``iam:PassedToService`` whether a role may be passed to it. ministack 1.5.33
does not read the entries, so that a permission with a condition was never given; and it takes the
path of a role for a part of its name, so that such a role had no permission at all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import ModuleType
from typing import Any

Parameters = Mapping[str, Any]

_entries: ContextVar[Mapping[str, str]] = ContextVar("entries", default={})  # noqa: B039 - never changed


def entries(parameters: Parameters) -> dict[str, str]:
    """Return the keys of conditions, in small letters, with the first value of each."""
    found: dict[str, str] = {}
    while True:
        start = f"ContextEntries.member.{len(found) + 1}."
        key = _text(parameters, f"{start}ContextKeyName").lower()
        if not key or key in found:
            return found
        found[key] = _text(parameters, f"{start}ContextKeyValues.member.1")


def correct(iam: ModuleType, iam_evaluator: ModuleType) -> None:
    """Let ministack judge simulated requests with the keys that they came with."""
    extract: Callable[..., Any] = iam._extract_simulate_params
    build: Callable[..., str] = iam._build_simulate_results_real
    evaluate: Callable[..., Any] = iam_evaluator.evaluate

    def extract_simulate_params(parameters: Parameters) -> Any:
        _entries.set(entries(parameters))
        return extract(parameters)

    def build_simulate_results(*arguments: Any) -> str:
        try:
            return build(*arguments)
        finally:
            _entries.set({})

    def evaluate_with_entries(context: Any, policies: Any, *limits: Any) -> Any:
        # no limit: a context variable
        known = {**context.service_context, **_entries.get()}
        return evaluate(dataclasses.replace(context, service_context=known), policies, *limits)

    gather: Callable[[str, str], Any] = iam_evaluator._gather_role_policies

    def gather_role_policies(name: str, account: str) -> Any:
        return gather(name.rpartition("/")[2], account)

    iam_evaluator._gather_role_policies = gather_role_policies  # type: ignore[attr-defined]
    iam._extract_simulate_params = extract_simulate_params  # type: ignore[attr-defined] # a module
    iam._build_simulate_results_real = build_simulate_results  # type: ignore[attr-defined]
    iam_evaluator.evaluate = evaluate_with_entries  # type: ignore[attr-defined]


def _text(parameters: Parameters, name: str) -> str:
    value = parameters.get(name, "")
    return str(value[0] if isinstance(value, list) else value)
