from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, LambdaLayer, Publisher
from modules.layer.bindings import AwsProvider, ExternalProvider

from cdktf import App, TerraformStack  # isort: skip - the bindings start Node

SPEC = LayerSpec("web", ("3.13",), "arm64", dependencies=("requests",), functions=("api",))
TOPIC = "arn:aws:sns:eu-west-1:123456789012:builds"
ACCOUNT = "${local.build_place.account}"
REGION = "${local.build_place.region}"
PLACE = f"{REGION}:{ACCOUNT}"

Synthesize = Callable[..., tuple[dict[str, Any], Path]]


@pytest.fixture(scope="module")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """Synthesize a layer with a publisher, once for equal arguments; return JSON and its folder."""
    made: dict[str, Path] = {}

    def with_settings(
        *, spec: LayerSpec = SPEC, uses: bool = False, out: str = "out", **settings: Any
    ) -> tuple[dict[str, Any], Path]:
        key = repr((spec, uses, out, settings))
        if key not in made:
            made[key] = synthesized(tmp_path_factory.mktemp(out), spec, uses=uses, **settings)
        return json.loads((made[key] / "cdk.tf.json").read_text()), made[key]

    return with_settings


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stack with a layer and a publisher without settings, synthesized once."""
    return synthesized(tmp_path_factory.mktemp("made"), SPEC, uses=False)


@pytest.fixture
def document(made: Path) -> dict[str, Any]:
    """The JSON of that stack."""
    found: dict[str, Any] = json.loads((made / "cdk.tf.json").read_text())
    return found


def synthesized(out: Path, spec: LayerSpec, *, uses: bool, **settings: Any) -> Path:
    """Synthesize a layer with a publisher into a folder; return the stack's."""
    app = App(outdir=str(out), stack_traces=False)
    stack = TerraformStack(app, "shop")
    AwsProvider(stack, "aws", region="eu-west-1")
    ExternalProvider(stack, "external")
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop"))
    publisher = Publisher(build, "publisher", infrastructure=build, **settings)
    layer = LambdaLayer(
        stack, spec.name, infrastructure=build, spec=spec, publisher=publisher, sync_mode=False
    )
    layer.add_output()
    if uses:
        stack.add_override("locals.used", layer.image_uri if spec.image else layer.layer_arn)
    app.synth()
    return out / "stacks" / "shop"


def resource(document: dict[str, Any], type_: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["resource"][type_][f"build_publisher_{name}"]
    return found


def granted(document: dict[str, Any]) -> dict[str, set[str]]:
    """Return the actions that the function's role may do, by resource."""
    policy = json.loads(resource(document, "aws_iam_role_policy", "permissions")["policy"])
    found: dict[str, set[str]] = {}
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        for place in statement["Resource"]:
            found.setdefault(place, set()).update(statement["Action"])
    return found


def test_the_function_runs_the_builder_on_arm64(document: dict[str, Any], made: Path) -> None:
    function = resource(document, "aws_lambda_function", "function")
    assert function["function_name"] == "shop-layers-publisher"
    assert (function["runtime"], function["architectures"]) == ("python3.13", ["arm64"])
    assert function["handler"] == "builder.publisher.function.handler"
    assert function["timeout"] == 900
    assert function["environment"]["variables"]["LAMBDA_LAYER_APP"] == "shop"
    assert function["filename"] == "${path.module}/assets/publisher.zip"
    assert (made / "assets" / "publisher.zip").is_file()


def test_runtime_and_architecture_can_be_chosen(synthesize: Synthesize) -> None:
    document, _ = synthesize(runtime="python3.12", architecture="x86_64", memory_size=512)
    function = resource(document, "aws_lambda_function", "function")
    assert (function["runtime"], function["architectures"]) == ("python3.12", ["x86_64"])
    assert function["memory_size"] == 512


@pytest.mark.slow
def test_the_zip_is_the_same_wherever_it_is_made(synthesize: Synthesize) -> None:
    made = [synthesize(out=out)[1] / "assets" / "publisher.zip" for out in ("one", "other place")]
    assert made[0].read_bytes() == made[1].read_bytes()


def test_it_is_called_for_every_end_of_a_build_of_this_application(
    document: dict[str, Any],
) -> None:
    rule = resource(document, "aws_cloudwatch_event_rule", "rule")
    assert json.loads(rule["event_pattern"]) == {
        "source": ["aws.codebuild"],
        "detail-type": ["CodeBuild Build State Change"],
        "detail": {
            "project-name": ["shop-layers", {"prefix": "shop-layers_"}],
            "build-status": ["SUCCEEDED", "FAILED", "STOPPED", "FAULT", "TIMED_OUT"],
        },
    }
    permission = resource(document, "aws_lambda_permission", "permission")
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["source_arn"] == "${aws_cloudwatch_event_rule.build_publisher_rule.arn}"


def test_a_build_is_started_only_when_someone_listens_for_its_end(document: dict[str, Any]) -> None:
    approval = document["resource"]["aws_s3_object"]["web_approval"]
    assert {
        "aws_lambda_permission.build_publisher_permission",
        "aws_cloudwatch_event_target.build_publisher_target",
    } <= set(approval["depends_on"])


def test_no_one_listens_any_more_when_a_layer_is_retired(document: dict[str, Any]) -> None:
    target = resource(document, "aws_cloudwatch_event_target", "target")
    assert "terraform_data.build_retire" in target["depends_on"]


def test_its_role_can_publish_this_application_and_nothing_else(synthesize: Synthesize) -> None:
    bucket = f"arn:${{local.build_place.partition}}:s3:::shop-layers-{ACCOUNT}-{REGION}"
    start = "arn:${local.build_place.partition}"
    own_log = f"{start}:logs:{PLACE}:log-group:/aws/lambda/shop-layers-publisher"
    write = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert granted(synthesize(spec=plain())[0]) == {
        f"{bucket}/*/record.json": {"s3:GetObject", "s3:PutObject"},
        f"{bucket}/*/requests/*.json": {"s3:GetObject"},
        f"{bucket}/*/built/*": {"s3:GetObject", "s3:GetObjectVersion"},
        f"{bucket}/*/artifacts/*": {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"},
        bucket: {"s3:ListBucket"},
        f"{start}:codebuild:{PLACE}:project/shop-layers": {"codebuild:BatchGetBuilds"},
        f"{start}:lambda:{PLACE}:layer:shop-web": {
            "lambda:PublishLayerVersion",
            "lambda:ListLayerVersions",
        },
        f"{start}:lambda:{PLACE}:layer:shop-web:*": {
            "lambda:GetLayerVersion",
            "lambda:DeleteLayerVersion",
        },
        f"{start}:logs:{PLACE}:log-group:/aws/codebuild/shop-layers:*": {"logs:GetLogEvents"},
        own_log: write,
        f"{own_log}:*": write,
    }


def layers(number: int, **fields: Any) -> list[LayerSpec]:
    return [
        LayerSpec(f"{'layer' * 5}-{n:03}", ("3.13",), "arm64", dependencies=("x",), **fields)
        for n in range(number)
    ]


def policy_for(out: Path, specs: list[LayerSpec], **settings: Any) -> tuple[str, dict[str, Any]]:
    """Return the policy where all names are as long as they can be, and the whole document."""
    app = App(outdir=str(out), stack_traces=False)
    stack = TerraformStack(app, "shop")
    AwsProvider(stack, "aws", region="eu-west-1")
    build = BuildInfrastructure(stack, "build", app=AppSpec("a" * 28, **settings))
    publisher = Publisher(build, "publisher", infrastructure=build, notify=TOPIC)
    for spec in specs:
        publisher.serve(spec)
    app.synth()
    document = json.loads((out / "stacks" / "shop" / "cdk.tf.json").read_text())
    policy: str = resource(document, "aws_iam_role_policy", "permissions")["policy"]
    longest = (("partition", "aws-us-gov"), ("account", 12 * "1"), ("region", "ap-southeast-1"))
    for name, value in longest:
        policy = policy.replace(f"${{local.build_place.{name}}}", value)
    return policy, document


EVERYTHING: dict[str, Any] = {
    "keep": 2, "share": ("123456789012",), "compute": "auto", "functions": ("tag:team=a",),
}  # fmt: skip


@pytest.mark.parametrize("number", [4, 12, 500])
def test_however_many_layers_there_are_the_policy_fits_into_a_role(
    tmp_path: Path, number: int
) -> None:
    key = f"arn:aws:kms:eu-west-1:{12 * '1'}:key/{36 * '0'}"
    options: dict[str, Any] = {"kms_key": key, "signing_key": key, "tracing": True}
    kinds = [*layers(number, **EVERYTHING), *layers(number, image=True, keep=1, supervisor=True)]

    policy, _ = policy_for(tmp_path, kinds, **options)

    assert len("".join(policy.split())) <= 10_240


@pytest.mark.parametrize(
    ("number", "fields", "patterns"),
    [
        (20, {}, set()),
        (15, {"compute": "auto"}, set()),
        (15, {"compute": "auto", "keep": 1}, {"folders"}),
        (25, {"compute": "auto"}, {"folders", "roles"}),
        (500, {}, {"folders", "roles", "layers"}),
    ],
)
def test_a_pattern_stands_for_names_that_have_no_room_the_harmless_ones_first(
    tmp_path: Path, number: int, fields: dict[str, Any], patterns: set[str]
) -> None:
    specs = layers(number, **fields)
    app, role = "a" * 28, ":role/"

    places = granted({"resource": policy_document(policy_for(tmp_path, specs)[0])})

    ends = {place.partition(":layer:")[2] for place in places if ":layer:" in place}
    assert ends == (
        {f"{app}-*", f"{app}-*:*"}
        if "layers" in patterns
        else {f"{app}-{spec.name}{end}" for spec in specs for end in ("", ":*")}
    )
    passed = {place.partition(role)[2] for place in places if role in place}
    if fields:
        wide = {f"{app}-*-ap-southeast-1-build"}
        assert passed == wide if "roles" in patterns else len(passed) == number
        bundles = {p for p in places if p.endswith("/bundles/*") and "s3:GetObject" in places[p]}
        folders = {place.partition("/")[2] for place in bundles}
        wide = {"*/bundles/*"}
        named = {f"{spec.name}/bundles/*" for spec in specs}
        assert folders == (wide if "folders" in patterns else named)


def policy_document(policy: str) -> dict[str, Any]:
    return {"aws_iam_role_policy": {"build_publisher_permissions": {"policy": policy}}}


def test_names_that_were_given_are_never_a_pattern(tmp_path: Path) -> None:
    named = [replace(spec, layer_name=f"Old{n}") for n, spec in enumerate(layers(3))]

    policy, document = policy_for(tmp_path, [*layers(200), *named])

    assert all(f":layer:Old{n}:*" in policy for n in range(3))
    names = json.loads(
        resource(document, "aws_lambda_function", "function")["environment"]["variables"][
            "LAMBDA_LAYER_NAMES"
        ]
    )
    assert sorted(names.values()) == ["Old0", "Old1", "Old2"]


def plain() -> LayerSpec:
    return LayerSpec("web", ("3.13",), "arm64", dependencies=("requests",))


def test_it_may_share_the_layers_that_say_so_and_write_their_parameters(
    synthesize: Synthesize,
) -> None:
    spec = replace(plain(), share=("123456789012",), parameter="/layers/web")
    rights = granted(synthesize(spec=spec)[0])
    start = "arn:${local.build_place.partition}"
    assert rights[f"{start}:lambda:{PLACE}:layer:shop-web:*"] == {
        "lambda:GetLayerVersion",
        "lambda:DeleteLayerVersion",
        "lambda:GetLayerVersionPolicy",
        "lambda:AddLayerVersionPermission",
        "lambda:RemoveLayerVersionPermission",
    }
    assert rights[f"{start}:ssm:{PLACE}:parameter/layers/web"] == {
        "ssm:GetParameter",
        "ssm:PutParameter",
        "ssm:DeleteParameter",
    }


def test_a_layer_keeps_the_name_that_it_has_in_lambda(synthesize: Synthesize) -> None:
    spec = replace(plain(), layer_name="Old_Deps", share=("123456789012",))
    document, _ = synthesize(spec=spec)
    place = f"arn:${{local.build_place.partition}}:lambda:{PLACE}:layer"
    layers = {arn for arn in granted(document) if arn.startswith(place)}
    assert layers == {f"{place}:Old_Deps", f"{place}:Old_Deps:*"}
    query = document["data"]["external"]["build_plan"]["query"]
    assert query["web.layer_name"] == "Old_Deps"
    variables = resource(document, "aws_lambda_function", "function")["environment"]["variables"]
    assert variables["LAMBDA_LAYER_APP"] == "shop"
    assert json.loads(variables["LAMBDA_LAYER_NAMES"]) == {"web": "Old_Deps"}


def test_it_may_change_the_functions_that_layers_name(synthesize: Synthesize) -> None:
    elsewhere = "arn:aws:lambda:eu-west-1:123456789012:function:other"
    spec = LayerSpec(
        "web", ("3.13",), "arm64", dependencies=("x",), functions=("api", "jobs:$LATEST", elsewhere)
    )
    rights = granted(synthesize(spec=spec)[0])
    change = {"lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"}
    assert {place.rpartition(":")[2] for place, actions in rights.items() if actions == change} == {
        "api",
        "jobs",
        "other",
    }
    assert rights["*"] == {"lambda:GetLayerVersion", "lambda:ListFunctions"}
    assert not any("lambda:ListTags" in actions for actions in rights.values())


def test_functions_with_a_tag_may_be_any(synthesize: Synthesize) -> None:
    spec = LayerSpec("web", ("3.13",), "arm64", dependencies=("x",), functions=("tag:team=a",))
    rights = granted(synthesize(spec=spec)[0])
    every = [actions for place, actions in rights.items() if place.endswith(":function:*")]
    assert every == [
        {
            "lambda:GetFunctionConfiguration",
            "lambda:ListTags",
            "lambda:UpdateFunctionConfiguration",
        }
    ]


def test_only_for_layers_of_several_runtimes_may_it_start_builds(synthesize: Synthesize) -> None:
    one = LayerSpec("web", ("3.13",), "arm64", dependencies=("x",))
    two = LayerSpec("web", ("3.12", "3.13"), "arm64", dependencies=("x",))
    assert not {"codebuild:StartBuild", "iam:PassRole"} & actions_of(synthesize(spec=one)[0])
    document = synthesize(spec=two)[0]
    assert {"codebuild:StartBuild", "iam:PassRole"} <= actions_of(document)
    auto = replace(one, compute="auto")
    assert {"codebuild:StartBuild", "iam:PassRole"} <= actions_of(synthesize(spec=auto, out="c")[0])
    passed = [place for place, found in granted(document).items() if "iam:PassRole" in found]
    assert len(passed) == 1
    assert passed[0].endswith("-build")


@pytest.mark.slow
def test_only_for_layers_that_keep_few_versions_may_it_delete_objects(
    synthesize: Synthesize,
) -> None:
    spec = LayerSpec("web", ("3.13",), "arm64", dependencies=("x",))
    assert "s3:DeleteObject" not in actions_of(synthesize(spec=spec)[0])
    rights = granted(synthesize(spec=replace(spec, keep=2))[0])
    places = {place for place, actions in rights.items() if "s3:DeleteObject" in actions}
    assert {place.partition("/")[2] for place in places} == {
        f"web/{kind}/*" for kind in ("artifacts", "built", "bundles", "inputs", "requests")
    }


def actions_of(document: dict[str, Any]) -> set[str]:
    return {action for actions in granted(document).values() for action in actions}


def test_a_topic_hears_of_failed_builds_and_of_what_failed_for_good(
    synthesize: Synthesize,
) -> None:
    document, _ = synthesize(notify=TOPIC)
    assert granted(document)[TOPIC] == {"sns:Publish"}
    retries = resource(document, "aws_lambda_function_event_invoke_config", "retries")
    assert retries["destination_config"] == {"on_failure": {"destination": TOPIC}}
    assert retries["maximum_retry_attempts"] == 2


def test_without_a_topic_nothing_is_reported_to_anybody(document: dict[str, Any]) -> None:
    assert not [place for place in granted(document) if ":sns:" in place]
    retries = resource(document, "aws_lambda_function_event_invoke_config", "retries")
    assert "destination_config" not in retries


def test_a_layer_that_no_one_uses_may_be_without_a_version(document: dict[str, Any]) -> None:
    conditions = document["resource"]["aws_s3_object"]["web_approval"]["lifecycle"]["precondition"]
    assert not [each for each in conditions if "no version" in each["error_message"]]
    assert document["output"]["web"]["value"]["layer_arn"] == "${local.web_answer.layer_arn}"


def test_a_user_of_a_layer_without_a_version_gets_an_error(
    synthesize: Synthesize,
) -> None:
    document, _ = synthesize(uses=True)
    *_, needed = document["resource"]["aws_s3_object"]["web_approval"]["lifecycle"]["precondition"]
    assert "'lambda-layer wait web'" in needed["error_message"]
    assert document["locals"]["used"].startswith("${startswith(local.web_answer.layer_arn,")


def test_async_mode_without_a_publisher_is_refused_with_what_to_do(tmp_path: Path) -> None:
    stack = TerraformStack(App(outdir=str(tmp_path)), "shop")
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop"))
    with pytest.raises(SpecError, match="there is no publisher") as caught:
        LambdaLayer(stack, "web", infrastructure=build, spec=SPEC, sync_mode=False)
    assert "make one Publisher" in caught.value.fix
