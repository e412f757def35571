"""The roles of an application, as its options want every one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from cdktf import DataResource, ITerraformDependable, Postcondition, TerraformResourceLifecycle
from constructs import Construct

from builder.spec.app_spec import AppSpec
from builder.spec.role_spec import RoleSpec
from modules.layer.at_synthesis import at_synthesis
from modules.layer.bindings import IamRole, IamRolePolicy
from modules.layer.naming import named
from modules.layer.place import Place
from modules.layer.policies import Document


class Role:
    """A role with its policy: made, or only known by its name, where others make the roles.

    ``wanted`` is what it has to be; ``arn`` is what resources get. Who has the ARN waits for
    ``rights``, and who knows it by its name for all that is ``ready``.
    """

    def __init__(
        self, wanted: RoleSpec, arn: str, made: tuple[IamRole, IamRolePolicy] | None = None
    ) -> None:
        self._wanted = wanted
        self.arn = made[0].arn if made else arn
        self.ready: Sequence[ITerraformDependable] = made or ()
        self.rights = self.ready[1:]
        self._policy = made[1] if made else None
        self._followed: Callable[[], Mapping[str, Any]] = lambda: wanted.policy

    @property
    def wanted(self) -> RoleSpec:
        """What the role has to be."""
        return replace(self._wanted, policy=self._followed())

    def follow(self, policy: Callable[[], Document], check: Postcondition) -> None:
        """Let the role do what ``policy`` says at synthesis, and nothing else.

        A plan holds its policy against ``check``.
        """
        self._followed = policy
        if self._policy is not None:
            own = self._policy
            own.lifecycle = TerraformResourceLifecycle(postcondition=[check])
            at_synthesis(own, lambda: setattr(own, "policy", json.dumps(policy())))


class Roles:
    """The roles of an application at one place.

    Where others make them, a resource of the stack that is nothing in AWS says what each has to be:
    so a plan says when that changes, and ``terraform show -json`` of it says what it is.
    """

    def __init__(self, scope: Construct, app: AppSpec, place: Place) -> None:
        self._app = app
        self._place = place
        self._found: dict[tuple[str, str], Role] = {}
        self._beside: list[Roles] = []
        if not app.makes_roles:
            told = named(DataResource(scope, "roles"))
            at_synthesis(told, lambda: setattr(told, "input", self._told()))

    @property
    def wanted(self) -> list[RoleSpec]:
        """What each role has to be, in the order in which they were asked for."""
        own = [role.wanted for role in self._found.values()]
        return [*own, *(each for roles in self._beside for each in roles.wanted)]

    def beside(self, scope: Construct) -> Roles:
        """Return a part of them that is told apart: that of a service."""
        self._beside.append(Roles(scope, self._app, self._place))
        return self._beside[-1]

    def add(
        self,
        scope: Construct,
        ids: tuple[str, str],
        *,
        name: str,
        description: str,
        trust: Document,
        policy: tuple[str, Document],
        of: str = "",
        address: str = "",
    ) -> Role:
        """Add a role below the application's path and boundary.

        ``ids`` are those of the constructs of role and policy, ``policy`` is a name and a document,
        ``address`` is as in naming. ``of`` is the layer or service that alone has it: by these
        and by the policy's name it is known among all roles.
        """
        app, (policy_name, document) = self._app, policy
        wanted = RoleSpec(
            name,
            app.role_path,
            description,
            app.permissions_boundary,
            trust,
            policy_name,
            document,
        )
        arn = app.role_arn(name, self._place.account, self._place.partition)
        made = _made(scope, ids, wanted, address) if app.makes_roles else None
        self._found[policy_name, of] = Role(wanted, arn, made)
        return self._found[policy_name, of]

    def asked(self, layer: str) -> dict[str, str]:
        """Return what the plan hook is told of roles that have to be there for a layer."""
        if self._app.makes_roles:
            return {}
        names = [role.wanted.name for (_, of), role in self._found.items() if of in ("", layer)]
        return {"roles": " ".join([*names, self._app.build_role(layer, self._place.region)])}

    def _told(self) -> dict[str, Any]:
        return {
            f"{name} of {of}" if of else name: asdict(role.wanted)
            for (name, of), role in self._found.items()
        }


def _made(
    scope: Construct, ids: tuple[str, str], wanted: RoleSpec, address: str
) -> tuple[IamRole, IamRolePolicy]:
    role = IamRole(
        scope,
        ids[0],
        name=wanted.name,
        description=wanted.description,
        assume_role_policy=json.dumps(wanted.trust),
        path=wanted.path,
        permissions_boundary=wanted.permissions_boundary or None,
    )
    named(role, address)
    policy = IamRolePolicy(
        scope,
        ids[1],
        name=wanted.policy_name,
        role=role.id,
        policy=json.dumps(wanted.policy),
    )
    return role, named(policy, address)
