"""How much room a role has for policies, and what says so.

A policy that names many layers takes patterns where that is too little; what then remains are names
that somebody has given, and a plan says which have to be fewer. The names of layers in the
function's environment, which has 4 KB, end before: the policy has each of them twice, with an ARN.
"""

from __future__ import annotations

from collections.abc import Mapping

from cdktf import Postcondition

from builder.spec.role_spec import FEWER, POLICY_ROOM, policy_size

LONGEST = {"prefix": 28, "partition": 10, "region": 14, "account": 12}
"""Characters that an application's name and parts of its place have at most: ``aws-us-gov`` and
``ap-southeast-1`` are the longest."""

POLICY_FITS = Postcondition(
    condition=f'${{length(replace(self.policy, "/\\\\s/", "")) <= {POLICY_ROOM}}}',
    error_message=f"The publisher's policy is too long: a role takes {POLICY_ROOM} characters "
    "(IAM quotas). What takes them are functions, layer_name and parameter of the layers: each of "
    f"them is named. To mend it: {FEWER}.",
)


def fits(policy: str, names: Mapping[str, str]) -> bool:
    """Whether a role that has no other policy takes one.

    ``names`` are the application's name and the parts of its place, as in LONGEST; what of them is
    an expression may become as long as that.
    """
    for name, text in names.items():
        if "${" in text:
            policy = policy.replace(text, LONGEST[name] * "x")
    return policy_size(policy) <= POLICY_ROOM
