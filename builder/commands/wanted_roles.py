"""What each role has to be, from the constructs of the stack, which commands do not import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.commands.options import Setting
from builder.commands.synthesis import named, synthesis
from builder.documents import read_json, typed
from builder.errors import InfrastructureError
from builder.spec.role_spec import RoleSpec

if TYPE_CHECKING:
    from builder.aws.session import Session


def wanted_roles(setting: Setting, session: Session, account: str = "") -> list[RoleSpec]:
    """Return the roles of the application where a session is, or in another ``account``.

    Raise InfrastructureError with what the program says that cannot tell it.
    """
    place = ("--account", account or session.account, "--region", session.region)
    done = synthesis(
        setting.config,
        *(*named(setting.app), *place, "--partition", session.partition),
        program="roles",
        captured=True,
    )
    if done.returncode:
        what, _, more = done.stderr.strip().removeprefix("ERROR: ").partition("\n")
        raise InfrastructureError(
            f"the roles cannot be told: {what}",
            where=str(setting.config),
            expected="what `lambda-layer synth` needs, because roles are read from the constructs",
            fix=more.rpartition("fix:")[2].strip() or "run lambda-layer synth, which says more",
        )
    return list(typed(tuple[RoleSpec, ...], read_json(done.stdout)))
