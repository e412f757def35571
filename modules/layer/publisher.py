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

from builder.inputs.publisher_code import HANDLER, publisher_files
from builder.protocol.keys import push_project
from builder.protocol.variables import LAYER_NAMES_VARIABLE, SIGNING_KEY_VARIABLE
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import Target
from modules.layer import image_policies, policies
from modules.layer.assets import zip_files
from modules.layer.at_synthesis import at_synthesis
from modules.layer.bindings import (
    CloudwatchEventRule,
    CloudwatchEventTarget,
    CloudwatchLogGroup,
    LambdaFunction,
    LambdaFunctionEventInvokeConfig,
    LambdaPermission,
)
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.naming import named, place_of
from modules.layer.providers import use_provider
from modules.layer.role import Role
from modules.layer.room import POLICY_FITS, fits

TIMEOUT_SECONDS = 900
"""The most that Lambda allows: a function that is being moved may take minutes."""

DELIVERY_SECONDS = 3600
"""How long a build's end is worth telling. After that the next plan finds out (docs/async.md)."""

FOLDERS, ROLES, LAYERS = 1, 2, 3
"""What the policy has a pattern for where the names of all layers have no room in a role, one after
the other: their folders in the bucket, which is the application's own; their build roles, which no
other project can use (their trust names it); the layers and images. That of layers is what another
application's can match: ``shop-*`` those of ``shop-web``, too (docs/security.md)."""

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
        infrastructure.addresses.take(place_of(self), self, "give the publisher another id")
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
                kms_key_id=infrastructure.app.kms_key or None,
            )
        )
        self._role = self._add_role()
        self._role.follow(self._policy, POLICY_FITS)
        ready = [logs, *self._role.rights]
        function = self._function(self._role, target, memory_size, ready)
        self._lambda = function
        self.ready: Sequence[ITerraformDependable] = self._events(function)
        """Everything that must be there before a build is started in async mode."""
        use_provider(self, infrastructure.provider)

    def serve(self, spec: LayerSpec, *, instead_of: LayerSpec | None = None) -> None:
        """Let the function do what a layer needs: for its functions, its runtimes, its keep.

        ``instead_of`` is what the layer was, where that was served and has changed.
        """
        if instead_of is not None:
            self._served.remove(instead_of)
        self._served.append(spec)

    def _put_names(self) -> None:
        given = {each.name: each.layer_name for each in self._served if each.layer_name}
        if given:
            names = json.dumps(given, sort_keys=True)
            self._lambda.add_override(f"environment.variables.{LAYER_NAMES_VARIABLE}", names)

    def _more(self, widened: int) -> list[policies.Statement]:
        """Return what some layers or options need, and others do not."""
        infrastructure = self._infrastructure
        app, statements = infrastructure.app, list[policies.Statement]()
        statements += _for_options(app)
        if any(spec.functions for spec in self._served):
            scopes = [spec.scope for spec in self._served]
            named = {self._function_arn(name) for scope in scopes for name in scope.named}
            searches = any(scope.searches for scope in scopes)
            every = [self._function_arn("*")] if searches else []
            statements += policies.move_functions(sorted(named), every)
        # To merge what was built for several runtimes, and to take a container where Lambda compute
        # was not enough.
        building = sorted(
            spec.name for spec in self._served if len(spec.targets) > 1 or spec.compute == "auto"
        )
        if building:
            statements += policies.start_builds(
                infrastructure.project_arn,
                infrastructure.bucket_arn,
                building if widened < FOLDERS else ["*"],
                sorted(map(infrastructure.build_role_arn, building if widened < ROLES else ["*"])),
            )
        images = self._image_names(widened)
        if images:
            project = push_project(infrastructure.project_arn, "")
            repositories = infrastructure.arn("ecr", f"repository/{app.repository('')}")
            statements += image_policies.release_images(
                infrastructure.bucket_arn,
                [f"{project}{name}" for name in images],
                [f"{repositories}{name}" for name in images],
            )
        shared = self._layer_arns([spec for spec in self._served if spec.share], widened)
        if shared:
            statements.append(policies.share_versions(shared))
        parameters = sorted(
            # The slash that a parameter's name begins with is not doubled (service authorization
            # reference, "Resource types defined by AWS Systems Manager").
            infrastructure.arn("ssm", f"parameter{spec.parameter}")
            for spec in self._served
            if spec.parameter
        )
        if parameters:
            statements.append(policies.name_versions(parameters))
        pruned = sorted({spec.name for spec in self._served if spec.keep})
        if pruned:
            folders = pruned if widened < FOLDERS else ["*"]
            statements += policies.prune(infrastructure.bucket_arn, folders)
        if any(spec.keep and spec.image for spec in self._served):
            statements.append(image_policies.see_images_in_use([self._function_arn("*")]))
        if any(spec.keep and spec.supervisor for spec in self._served):
            tasks = infrastructure.arn("ecs", f"task/{app.prefix}-*/*")
            statements += image_policies.see_images_of_tasks([tasks])
        return statements

    def _image_names(self, widened: int) -> list[str]:
        """Return the layers that are images, or a pattern for all where there are too many."""
        names = sorted(spec.name for spec in self._served if spec.image)
        return names if widened < LAYERS or not names else ["*"]

    def _layer_arns(self, layers: Sequence[LayerSpec], widened: int) -> list[str]:
        """Return the ARNs in Lambda of layers, or a pattern where they are too many.

        Names that were given have none.
        """
        app = self._infrastructure.app
        given = sorted(spec.layer_name for spec in layers if spec.layer_name)
        own = sorted(app.layer_name(spec.name) for spec in layers if not spec.layer_name)
        names = own if widened < LAYERS or not own else [f"{app.prefix}-*"]
        return [self._layer_arn(name) for name in (*names, *given)]

    def _function_arn(self, name: str) -> str:
        if name.startswith("arn:"):
            return name
        return self._infrastructure.arn("lambda", f"function:{name}")

    def _layer_arn(self, name: str) -> str:
        return self._infrastructure.arn("lambda", f"layer:{name}")

    def _add_role(self) -> Role:
        app, region = self._infrastructure.app, self._infrastructure.region
        return self._infrastructure.roles.add(
            self,
            ("role", "permissions"),
            name=f"{app.publisher}{app.role_mark}-{region}",
            description=f"Publishes the Lambda layers of {app.prefix} when they are built",
            trust=policies.lambda_trust(self._infrastructure.account),
            policy=("publish", self._policy()),
        )

    def _policy(self) -> policies.Document:
        """Return the policy, with names of layers as long as a role has room for them."""
        at = self._infrastructure
        names = {
            "prefix": at.app.prefix,
            "partition": at.partition,
            "region": at.region,
            "account": at.account,
        }
        documents = map(self._document, range(LAYERS))
        named = next((one for one in documents if fits(json.dumps(one), names)), None)
        return named or self._document(LAYERS)

    def _document(self, widened: int) -> policies.Document:
        infrastructure = self._infrastructure
        log_group = f"/aws/lambda/{infrastructure.app.publisher}"
        layers = [spec for spec in self._served if not spec.image]
        return policies.publish(
            bucket_arn=infrastructure.bucket_arn,
            project_arn=infrastructure.project_arn,
            layer_arns=self._layer_arns(layers, widened),
            build_log_arn=infrastructure.log_group_arn,
            own_log_arn=infrastructure.arn("logs", f"log-group:{log_group}"),
            topic_arn=self._notify,
            more=self._more(widened),
        )

    def _function(
        self,
        role: Role,
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
                description=f"Publishes the Lambda layers of {app.prefix} when they are built",
                role=role.arn,
                runtime=target.runtime,
                architectures=[target.architecture],
                handler=HANDLER,
                filename=code.filename,
                source_code_hash=code.sha256,
                timeout=TIMEOUT_SECONDS,
                kms_key_arn=app.kms_key or None,
                # The provider takes no block for "as it is": tracing would never end.
                tracing_config={"mode": "Active" if app.tracing else "PassThrough"},
                dead_letter_config={"target_arn": app.dead_letter} if app.dead_letter else None,
                code_signing_config_arn=app.code_signing or None,
                memory_size=memory_size,
                environment={
                    "variables": {
                        "LAMBDA_LAYER_APP": app.prefix,
                        "LAMBDA_LAYER_NOTIFY": self._notify,
                        **({SIGNING_KEY_VARIABLE: app.signing_key} if app.signing_key else {}),
                    }
                },
                depends_on=ready,
            )
        )
        at_synthesis(function, self._put_names)
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
        # Those that push images are named after the one that builds, as no other application's are.
        projects = [app.project, {"prefix": push_project(app.project, "")}]
        rule = named(
            CloudwatchEventRule(
                self,
                "rule",
                name=app.publisher,
                description=f"Builds of the Lambda layers of {app.prefix} that have ended",
                event_pattern=json.dumps(
                    {
                        "source": ["aws.codebuild"],
                        "detail-type": ["CodeBuild Build State Change"],
                        "detail": {"project-name": projects, "build-status": list(ENDED)},
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


def _for_options(app: AppSpec) -> list[policies.Statement]:
    """Return what the application's options ask for of the publisher's role."""
    found = []
    if app.kms_key:
        found.append(policies.use_key(app.kms_key))
    if app.signing_key:
        found.append(policies.sign(app.signing_key))
    if app.tracing:
        found.append(policies.trace())
    if app.dead_letter:
        found.append(policies.send(app.dead_letter))
    return found
