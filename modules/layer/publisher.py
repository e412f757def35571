"""The publisher function: finishes releases when their builds have ended (async mode).

Sources of the facts: AWS CodeBuild user guide, "Build notifications input format reference";
Amazon EventBridge user guide, "Using resource-based policies" and "Event retry policy"; AWS Lambda
developer guide, "Configuring error handling settings for asynchronous invocations".
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from cdktf import ITerraformDependable
from constructs import Construct

from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import Target
from modules.layer import policies
from modules.layer.assets import zip_files
from modules.layer.bindings import (
    CloudwatchEventRule,
    CloudwatchEventTarget,
    CloudwatchLogGroup,
    IamRole,
    IamRolePolicy,
    LambdaFunction,
    LambdaFunctionEventInvokeConfig,
    LambdaPermission,
)
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.naming import named
from modules.layer.publisher_code import HANDLER, publisher_files

TIMEOUT_SECONDS = 900
"""The most that Lambda allows: a function that is being moved may take minutes."""

DELIVERY_SECONDS = 3600
"""How long a build's end is worth telling. After that the next plan finds out (docs/async.md)."""

NAMED_LAYERS = 25
"""Layers that the policy names. More of them are a pattern, which another application's layers can
match: ``shop-*`` those of ``shop-web``, too (docs/security.md)."""

ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "FAULT", "TIMED_OUT")


class Publisher(Construct):
    """A function that EventBridge calls whenever a build of the application has ended.

    Give it to each ``LambdaLayer``; it may touch no other functions than those the layers name.
    ``notify`` is the ARN of an SNS topic that hears of failed builds, and of ends of builds that
    the function could not deal with.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        infrastructure: BuildInfrastructure,
        notify: str = "",
        runtime: str = "python3.13",
        architecture: str = "arm64",
        memory_size: int = 256,
        log_retention_days: float = 30,
    ) -> None:
        super().__init__(scope, id_)
        self._infrastructure = infrastructure
        self._notify = notify
        self._served: list[LayerSpec] = []
        target = Target(runtime.removeprefix("python"), architecture)
        name = infrastructure.app.publisher
        logs = named(
            CloudwatchLogGroup(
                self,
                "logs",
                name=f"/aws/lambda/{name}",
                retention_in_days=log_retention_days,
            )
        )
        role, self._permissions = self._role()
        function = self._function(role, target, memory_size, [logs, self._permissions])
        self.ready: Sequence[ITerraformDependable] = self._events(function)
        """Everything that must be there before a build is started in async mode."""

    def serve(self, spec: LayerSpec) -> None:
        """Let the function do what a layer needs: for its functions, its runtimes, its keep."""
        self._served.append(spec)
        self._permissions.policy = self._policy()

    def _more(self) -> list[policies.Statement]:
        """Return what some layers need, and others do not."""
        infrastructure = self._infrastructure
        statements: list[policies.Statement] = []
        if any(spec.functions for spec in self._served):
            scopes = [spec.scope for spec in self._served]
            named = {self._function_arn(name) for scope in scopes for name in scope.named}
            searches = any(scope.searches for scope in scopes)
            every = [self._function_arn("*")] if searches else []
            statements += policies.move_functions(sorted(named), every)
        merged = {
            spec.name: infrastructure.build_role_arn(spec.name)
            for spec in self._served
            if len(spec.targets) > 1
        }
        if merged:
            statements += policies.merge_parts(
                infrastructure.project_arn, infrastructure.bucket_arn, merged
            )
        pruned = sorted(spec.name for spec in self._served if spec.keep)
        if pruned:
            statements += policies.prune(infrastructure.bucket_arn, pruned)
        return statements

    def _layer_names(self) -> list[str]:
        """Return the names of the application's layers, or a pattern where they are too many."""
        app = self._infrastructure.app
        names = sorted(app.layer_name(spec.name) for spec in self._served)
        # A role's inline policies have 10,240 characters in all (IAM user guide, "IAM quotas").
        return names if 0 < len(names) <= NAMED_LAYERS else [f"{app.name}-*"]

    def _function_arn(self, name: str) -> str:
        if name.startswith("arn:"):
            return name
        infrastructure = self._infrastructure
        place = f"{infrastructure.region}:{infrastructure.account}"
        return f"arn:{infrastructure.partition}:lambda:{place}:function:{name}"

    def _role(self) -> tuple[IamRole, IamRolePolicy]:
        app, region = self._infrastructure.app, self._infrastructure.region
        role = named(
            IamRole(
                self,
                "role",
                name=f"{app.publisher}-{region}",
                description=f"Publishes the Lambda layers of {app.name} when they are built",
                assume_role_policy=json.dumps(policies.lambda_trust()),
            )
        )
        permissions = named(
            IamRolePolicy(
                self, "permissions", name="publish", role=role.name, policy=self._policy()
            )
        )
        return role, permissions

    def _policy(self) -> str:
        infrastructure = self._infrastructure
        place = f"{infrastructure.region}:{infrastructure.account}"
        app = infrastructure.app
        return json.dumps(
            policies.publish(
                bucket_arn=infrastructure.bucket_arn,
                project_arn=infrastructure.project_arn,
                layer_arns=[
                    f"arn:{infrastructure.partition}:lambda:{place}:layer:{name}"
                    for name in self._layer_names()
                ],
                build_log_arn=infrastructure.log_group_arn,
                own_log_arn=(
                    f"arn:{infrastructure.partition}:logs:{place}"
                    f":log-group:/aws/lambda/{app.publisher}"
                ),
                topic_arn=self._notify,
                more=self._more(),
            )
        )

    def _function(
        self,
        role: IamRole,
        target: Target,
        memory_size: int,
        ready: Sequence[ITerraformDependable],
    ) -> LambdaFunction:
        app = self._infrastructure.app
        code = zip_files(self, self.node.id, publisher_files())
        function = named(
            LambdaFunction(
                self,
                "function",
                function_name=app.publisher,
                description=f"Publishes the Lambda layers of {app.name} when they are built",
                role=role.arn,
                runtime=target.runtime,
                architectures=[target.architecture],
                handler=HANDLER,
                filename=code.filename,
                source_code_hash=code.sha256,
                timeout=TIMEOUT_SECONDS,
                memory_size=memory_size,
                environment={
                    "variables": {
                        "LAMBDA_LAYER_APP": app.name,
                        "LAMBDA_LAYER_NOTIFY": self._notify,
                    }
                },
                depends_on=ready,
            )
        )
        # Lambda calls it again after one minute and after two more, which corrects what passes
        # (throttling, another change of a function). What stays is sent, if a topic is set.
        destination = {"on_failure": {"destination": self._notify}} if self._notify else None
        named(
            LambdaFunctionEventInvokeConfig(
                self,
                "retries",
                function_name=function.function_name,
                maximum_retry_attempts=2,
                maximum_event_age_in_seconds=DELIVERY_SECONDS,
                destination_config=destination,
            )
        )
        return function

    def _events(self, function: LambdaFunction) -> list[ITerraformDependable]:
        infrastructure = self._infrastructure
        app = infrastructure.app
        rule = named(
            CloudwatchEventRule(
                self,
                "rule",
                name=app.publisher,
                description=f"Builds of the Lambda layers of {app.name} that have ended",
                event_pattern=json.dumps(
                    {
                        "source": ["aws.codebuild"],
                        "detail-type": ["CodeBuild Build State Change"],
                        "detail": {"project-name": [app.project], "build-status": list(ENDED)},
                    }
                ),
            )
        )
        permission = named(
            LambdaPermission(
                self,
                "permission",
                statement_id="events",
                action="lambda:InvokeFunction",
                function_name=function.function_name,
                principal="events.amazonaws.com",
                source_arn=rule.arn,
            )
        )
        target = named(
            CloudwatchEventTarget(
                self,
                "target",
                rule=rule.name,
                target_id="publisher",
                arn=function.arn,
                retry_policy={
                    "maximum_event_age_in_seconds": DELIVERY_SECONDS,
                    "maximum_retry_attempts": 185,
                },
                # When a layer is retired nobody may publish it any more, so the target goes first.
                depends_on=[permission, infrastructure.retirement],
            )
        )
        return [permission, target]
