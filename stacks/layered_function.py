"""A function with all layers of a stack but images, and a log and a role of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from cdktf import ITerraformDependable
from constructs import Construct

from builder.spec.layer_spec import LayerSpec
from modules.layer import policies
from modules.layer.assets import zip_function
from modules.layer.bindings import CloudwatchLogGroup, IamRole, IamRolePolicy, LambdaFunction
from modules.layer.naming import named
from modules.layer.stack import LayersStack


class LayeredFunction(Construct):
    """A function ``APP-ID`` on the newest runtime of one of the layers that it has.

    ``program`` is a Python file whose ``handler`` is called. What its role may besides writing the
    log is given by :meth:`make`'s caller, who knows :attr:`role` before the function is made.
    """

    def __init__(self, scope: Construct, id_: str, *, stack: LayersStack) -> None:
        super().__init__(scope, id_)
        self._stack = stack
        home = stack.infrastructure
        self.name = f"{home.app.prefix}-{id_}"
        self._logs = named(
            CloudwatchLogGroup(
                self,
                "logs",
                name=f"/aws/lambda/{self.name}",
                retention_in_days=stack.log_retention_days,
            )
        )
        self.role = named(
            IamRole(
                self,
                "role",
                name=f"{self.name}-{home.region}",
                assume_role_policy=json.dumps(policies.lambda_trust(home.account)),
            )
        )
        log_group_arn = home.arn("logs", f"log-group:/aws/lambda/{self.name}")
        self._permissions = named(
            IamRolePolicy(
                self,
                "permissions",
                name="logs",
                role=self.role.name,
                policy=json.dumps(policies.write_logs(log_group_arn)),
            )
        )

    def make(
        self,
        program: Path,
        *,
        description: str,
        target_of: LayerSpec,
        timeout: int = 30,
        environment: Mapping[str, str] | None = None,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        """Make the function; ``timeout`` is in seconds."""
        target = target_of.targets[-1]
        code = zip_function(self, self.node.id, program)
        named(
            LambdaFunction(
                self,
                "function",
                function_name=self.name,
                description=description,
                role=self.role.arn,
                runtime=target.runtime,
                architectures=[target.architecture],
                handler=f"{program.stem}.handler",
                filename=code.filename,
                source_code_hash=code.sha256,
                layers=[
                    each.layer_arn for each in self._stack.layers.values() if not each.spec.image
                ],
                environment={"variables": dict(environment)} if environment else None,
                timeout=timeout,
                memory_size=256,
                depends_on=[self._logs, self._permissions, *after],
            )
        )
