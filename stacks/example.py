"""The example: layers, and a function that proves they are there by importing what is in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from constructs import Construct

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import policies
from modules.layer.assets import zip_function
from modules.layer.bindings import CloudwatchLogGroup, IamRole, IamRolePolicy, LambdaFunction
from modules.layer.layer import PROJECT_ROOT
from modules.layer.naming import named
from modules.layer.stack import LayersStack, Sources

PROOF = Path(__file__).parents[1] / "examples" / "functions" / "proof.py"


class ExampleStack(LayersStack):
    """The layers of an application and the function ``APP-proof`` that has all of them."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        app: AppSpec,
        layers: Sequence[LayerSpec],
        root: str = PROJECT_ROOT,
        sources: Sources | None = None,
    ) -> None:
        super().__init__(scope, id_, app=app, layers=layers, root=root, sources=sources)
        ProofFunction(self, "proof", stack=self, target_of=layers[0])


class ProofFunction(Construct):
    """A function with all layers of a stack, on the newest runtime of one of them."""

    def __init__(
        self, scope: Construct, id_: str, *, stack: LayersStack, target_of: LayerSpec
    ) -> None:
        super().__init__(scope, id_)
        infrastructure = stack.infrastructure
        name = f"{stack.app.name}-{id_}"
        target = target_of.targets[-1]
        logs = named(
            CloudwatchLogGroup(
                self,
                "logs",
                name=f"/aws/lambda/{name}",
                retention_in_days=stack.log_retention_days,
            )
        )
        role = named(
            IamRole(
                self,
                "role",
                name=f"{name}-{infrastructure.region}",
                assume_role_policy=json.dumps(policies.lambda_trust()),
            )
        )
        log_group_arn = (
            f"arn:{infrastructure.partition}:logs:{infrastructure.region}"
            f":{infrastructure.account}:log-group:/aws/lambda/{name}"
        )
        permissions = named(
            IamRolePolicy(
                self,
                "permissions",
                name="logs",
                role=role.name,
                policy=json.dumps(policies.write_logs(log_group_arn)),
            )
        )
        code = zip_function(self, id_, PROOF)
        named(
            LambdaFunction(
                self,
                "function",
                function_name=name,
                description="Imports what is in the layers and says where it came from",
                role=role.arn,
                runtime=target.runtime,
                architectures=[target.architecture],
                handler="proof.handler",
                filename=code.filename,
                source_code_hash=code.sha256,
                layers=[layer.layer_arn for layer in stack.layers.values()],
                timeout=30,
                memory_size=256,
                depends_on=[logs, permissions],
            )
        )
