"""The doctor on roles that the stack does not make: whether they are what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from builder.aws.iam import FoundRole, Iam
from builder.errors import AwsError
from builder.operations.doctor.findings import OK, PROBLEM, UNKNOWN, WARNING, Finding, finding_of
from builder.spec.role_spec import RoleSpec

MAKE = "have it made as lambda-layer roles says"


def examine_roles(iam: Iam, wanted: Sequence[RoleSpec]) -> Iterator[Finding]:
    """Yield for each role whether it is there, who may assume it, and what it may do."""
    for role in wanted:
        subject = f"role {role.name}"
        try:
            yield from _examine(iam, role, subject)
        except AwsError as error:
            yield finding_of(error, subject, UNKNOWN)


def _examine(iam: Iam, role: RoleSpec, subject: str) -> Iterator[Finding]:
    found = iam.role(role.name)
    if found is None:
        yield Finding(subject, PROBLEM, "there is no such role", MAKE)
        return
    wrong = list(_differences(found, role))
    for seen in wrong:
        yield Finding(subject, PROBLEM, seen, MAKE)
    findings = list(_rights(iam, role, subject))
    yield from findings
    if not wrong and not findings:
        yield Finding(subject, OK, f"trust policy and policy {role.policy_name} are as wanted")


def _differences(found: FoundRole, role: RoleSpec) -> Iterator[str]:
    if found.path != role.path:
        yield f"its path is {found.path}, and has to be {role.path}"
    lacking = _without(_statements(role.trust), _statements(found.trust))
    if lacking:
        (statement,) = lacking
        who = statement["Principal"]["Service"]
        yield f"its trust policy does not let {who} assume it, as it is wanted"
    if role.permissions_boundary not in ("", found.boundary):
        yield f"its permissions boundary is {found.boundary or 'none'}, and not " + (
            role.permissions_boundary
        )


def _rights(iam: Iam, role: RoleSpec, subject: str) -> Iterator[Finding]:
    wanted = _statements(role.policy)
    given = [s for document in iam.inline_policies(role.name) for s in _statements(document)]
    lacking, more = _without(wanted, given), _without(given, wanted)
    attached = iam.attached_policies(role.name)
    if lacking:
        said = f"its policies lack {_actions(lacking)}"
        if attached:
            said += f", unless {', '.join(attached)} allows it, which was not read"
        yield Finding(subject, WARNING if attached else PROBLEM, said, MAKE)
    elif attached:
        said = f"it also has {', '.join(attached)}, which was not read"
        yield Finding(subject, WARNING, said, "detach what it does not need")
    if more:
        said = f"its policies have more than is wanted: {_actions(more)}"
        yield Finding(subject, WARNING, said, "take away what it does not need")


def _statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a document, in the one form that there is of each."""
    found = document.get("Statement", [])
    return [_normal(each) for each in (found if isinstance(found, list) else [found])]


def _normal(value: Any) -> Any:
    """Return a value of a document without what IAM does not distinguish.

    One text is the same as a list of it, and the order in lists says nothing (IAM user guide,
    "Grammar of the IAM JSON policy language").
    """
    if isinstance(value, Mapping):
        return {name: _normal(each) for name, each in value.items() if name != "Sid"}
    if isinstance(value, list) and len(value) == 1:
        return _normal(value[0])
    if isinstance(value, list):
        return sorted((_normal(each) for each in value), key=str)
    return value


def _without(
    statements: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    return [each for each in statements if each not in others]


def _actions(statements: Sequence[Mapping[str, Any]]) -> str:
    """Return what statements are about, in one line."""
    return "; ".join(
        f"{_joined(each.get('Action', each.get('NotAction', '')))} on "
        f"{_joined(each.get('Resource', each.get('NotResource', '')))}"
        for each in statements
    )


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
