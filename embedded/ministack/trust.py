"""On whose behalf a service assumes a role: ``aws:SourceArn`` and ``aws:SourceAccount``.

A trust policy may demand them against the confused deputy (IAM user guide, "The confused deputy
problem"). AWS services send them to STS in two headers; ministack 1.5.33 has no such keys, so a
role with the condition could never be assumed. Here they are taken from the same headers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import ModuleType
from typing import Any

SOURCE_ARN = "x-amz-source-arn"
SOURCE_ACCOUNT = "x-amz-source-account"

_source: ContextVar[Mapping[str, str]] = ContextVar("source", default={})  # noqa: B039 - never changed


def enter(headers: Mapping[str, str]) -> None:
    """Remember on whose behalf the request that is being served was made."""
    keys = (("aws:sourcearn", SOURCE_ARN), ("aws:sourceaccount", SOURCE_ACCOUNT))
    _source.set({key: headers[name] for key, name in keys if name in headers})


def correct(iam_evaluator: ModuleType) -> None:
    """Put the two keys into what ministack judges trust policies by."""
    theirs: Callable[..., bool] = iam_evaluator.evaluate_trust_policy

    def evaluate_trust_policy(document: Any, caller_arn: str, context: Any = None) -> bool:
        if context is not None:
            # no limit: a context variable
            known = {**context.service_context, **_source.get()}
            context = dataclasses.replace(context, service_context=known)
        return theirs(document, caller_arn, context)

    iam_evaluator.evaluate_trust_policy = evaluate_trust_policy  # type: ignore[attr-defined] # a module


def send(client: Any, *, arn: str, account: str) -> None:
    """Make an STS client say on whose behalf it assumes roles."""

    def add(request: Any, **_: Any) -> None:
        request.headers[SOURCE_ARN] = arn
        request.headers[SOURCE_ACCOUNT] = account

    client.meta.events.register("before-sign.sts.AssumeRole", add)
