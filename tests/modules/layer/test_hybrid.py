"""A hybrid service in the Terraform JSON: what is there, and what it may do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.app_spec import AppSpec
from builder.spec.service_spec import ServiceSpec
from modules.layer import BuildInfrastructure, HybridService
from modules.layer.bindings import AwsProvider, ExternalProvider

import cdktf  # isort: skip - the bindings start Node

NETWORK: dict[str, Any] = {"vpc": "vpc-0123abcd", "subnets": ("subnet-0123abcd",)}
COMMAND = ("ledger", "{port}", "{data}")
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PLACE: dict[str, Any] = {"account": "123456789012", "region": "eu-west-1", "partition": "aws"}

Document = dict[str, Any]
Make = Callable[..., Document]


def spec(name: str = "ledger", **changes: Any) -> ServiceSpec:
    return ServiceSpec(name, COMMAND, **{"image_tag": "1", **NETWORK, **changes})


def stack_of(
    app: AppSpec | None = None, id_: str = "stack"
) -> tuple[cdktf.TerraformStack, BuildInfrastructure]:
    stack = cdktf.TerraformStack(cdktf.Testing.app(), id_)
    AwsProvider(stack, "aws", region="eu-west-1")
    ExternalProvider(stack, "external")
    return stack, BuildInfrastructure(stack, "build", app=app or AppSpec("shop"), **PLACE)


def synthesized(app: AppSpec | None = None, **changes: Any) -> Document:
    """Return the JSON of a stack with one service, and a role that may use it."""
    stack, build = stack_of(app)
    service = HybridService(stack, "ledger", infrastructure=build, spec=spec(**changes))
    service.allow("api")
    service.add_output()
    document: Document = json.loads(cdktf.Testing.synth(stack))
    return document


@pytest.fixture(scope="module")
def document() -> Document:
    return synthesized()


def resource(document: Document, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["resource"][kind][f"ledger_{name}"]
    return found


def statements(document: Document, role: str) -> Iterator[dict[str, Any]]:
    yield from json.loads(resource(document, "aws_iam_role_policy", role)["policy"])["Statement"]


def container(document: Document) -> dict[str, Any]:
    definition = resource(document, "aws_ecs_task_definition", "task")
    (found,) = json.loads(definition["container_definitions"])
    return dict(found)


def test_the_task_is_one_of_fargate_of_the_size_that_was_asked_for() -> None:
    found = resource(
        synthesized(cpu=2048, memory=8192, architecture="x86_64", ephemeral_storage=40),
        "aws_ecs_task_definition",
        "task",
    )
    assert (found["requires_compatibilities"], found["network_mode"]) == (["FARGATE"], "awsvpc")
    assert (found["cpu"], found["memory"]) == ("2048", "8192")
    assert found["runtime_platform"]["cpu_architecture"] == "X86_64"
    assert found["ephemeral_storage"] == {"size_in_gib": 40}
    # Functions go on with the old revision until the settings name the new one.
    assert found["lifecycle"]["create_before_destroy"] is True


def test_the_image_is_of_a_repository_whose_tags_do_not_change(document: Document) -> None:
    repository = resource(document, "aws_ecr_repository", "repository")
    assert repository["image_tag_mutability"] == "IMMUTABLE"
    assert repository["image_scanning_configuration"] == {"scan_on_push": True}
    policy = resource(document, "aws_ecr_lifecycle_policy", "image-lifecycle")["policy"]
    (rule,) = json.loads(policy)["rules"]
    assert rule["selection"]["tagStatus"] == "untagged"
    url = "${aws_ecr_repository.ledger_repository.repository_url}"
    assert container(document)["image"] == f"{url}:1"


def test_an_image_elsewhere_needs_no_repository() -> None:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/ledger:7"
    document = synthesized(image=image, image_tag="")
    assert container(document)["image"] == image
    assert not {"aws_ecr_repository", "aws_ecr_lifecycle_policy"} & document["resource"].keys()
    allowed = {tuple(s["Resource"]) for s in statements(document, "execution-policy")}
    assert ("arn:aws:ecr:eu-west-1:123456789012:repository/team/ledger",) in allowed


def test_an_image_of_another_registry_needs_no_rights() -> None:
    document = synthesized(image="ghcr.io/chroma-core/chroma:1.5.9", image_tag="")
    (only,) = statements(document, "execution-policy")
    assert only["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]


def test_the_task_has_no_public_address_unless_it_is_asked_for(document: Document) -> None:
    def settings(document: Document) -> dict[str, Any]:
        return dict(json.loads(resource(document, "aws_s3_object", "settings")["content"]))

    assert settings(document)["public_address"] is False
    assert settings(synthesized(public_address=True))["public_address"] is True


def test_only_the_clients_group_is_let_in_at_the_services_port(document: Document) -> None:
    rules = document["resource"]["aws_vpc_security_group_ingress_rule"]
    (rule,) = rules.values()
    assert rule["security_group_id"] == "${aws_security_group.ledger_tasks-group.id}"
    assert rule["referenced_security_group_id"] == "${aws_security_group.ledger_clients-group.id}"
    assert (rule["from_port"], rule["to_port"], rule["ip_protocol"]) == (8000, 8000, "tcp")
    for group in document["resource"]["aws_security_group"].values():
        assert not {"ingress", "egress"} & group.keys()
        assert group["vpc_id"] == "vpc-0123abcd"


def test_what_leaves_the_groups_is_tls_and_the_service(document: Document) -> None:
    rules = document["resource"]["aws_vpc_security_group_egress_rule"].values()
    assert sorted((rule["from_port"], rule["to_port"]) for rule in rules) == [
        (443, 443), (443, 443), (8000, 8000),
    ]  # fmt: skip


def test_the_data_is_closed_encrypted_versioned_and_kept(document: Document) -> None:
    bucket = resource(document, "aws_s3_bucket", "data_bucket")
    assert bucket["bucket"] == "shop-ledger-123456789012-eu-west-1"
    assert bucket["force_destroy"] is False
    assert bucket["lifecycle"].pop("precondition")
    assert bucket["lifecycle"] == {"prevent_destroy": True}
    assert all(
        value is True
        for key, value in resource(
            document, "aws_s3_bucket_public_access_block", "data_private"
        ).items()
        if key.startswith(("block", "ignore", "restrict"))
    )
    versioning = resource(document, "aws_s3_bucket_versioning", "data_versioning")
    assert versioning["versioning_configuration"] == {"status": "Enabled"}
    assert resource(document, "aws_s3_bucket_policy", "data_policy")
    encryption = resource(
        document, "aws_s3_bucket_server_side_encryption_configuration", "data_encryption"
    )
    assert "AES256" in json.dumps(encryption)


def test_no_rule_of_the_bucket_deletes_what_is_current(document: Document) -> None:
    lifecycle = resource(document, "aws_s3_bucket_lifecycle_configuration", "data_lifecycle")
    for rule in lifecycle["rule"]:
        for expiration in rule.get("expiration", ()):
            assert expiration.keys() == {"expired_object_delete_marker"}


def test_data_and_images_go_with_a_destroy_only_if_it_is_asked_for() -> None:
    document = synthesized(force_destroy=True)
    bucket = resource(document, "aws_s3_bucket", "data_bucket")
    assert bucket["force_destroy"] is True
    assert not bucket["lifecycle"].get("prevent_destroy")
    assert resource(document, "aws_ecr_repository", "repository")["force_delete"] is True


def test_no_right_is_on_everything_but_the_one_that_knows_no_resource(document: Document) -> None:
    policies = document["resource"]["aws_iam_role_policy"]
    assert {"ledger_task-policy", "ledger_execution-policy", "ledger_client"} < policies.keys()
    for name in ("task-policy", "execution-policy", "client"):
        for statement in statements(document, name):
            assert not [action for action in statement["Action"] if "*" in action]
            if "*" in statement["Resource"]:
                assert statement["Action"] == ["ecr:GetAuthorizationToken"]


def test_the_roles_are_for_tasks_of_this_account_alone(document: Document) -> None:
    for kind in ("task", "execution"):
        role = resource(document, "aws_iam_role", f"{kind}-role")
        (trust,) = json.loads(role["assume_role_policy"])["Statement"]
        assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
        assert len(role["name"]) <= 64


def test_a_function_may_start_this_service_and_pass_its_roles_alone(document: Document) -> None:
    by_action = {
        action: statement
        for statement in statements(document, "client")
        for action in statement["Action"]
    }
    ecs = "arn:aws:ecs:eu-west-1:123456789012"
    assert by_action["ecs:RunTask"]["Resource"] == [f"{ecs}:task-definition/shop-ledger:*"]
    assert by_action["ecs:StopTask"]["Resource"] == [f"{ecs}:task/shop-ledger/*"]
    passed = by_action["iam:PassRole"]
    names = [
        resource(document, "aws_iam_role", f"{kind}-role")["name"] for kind in ("task", "execution")
    ]
    assert passed["Resource"] == [f"arn:aws:iam::123456789012:role/{name}" for name in names]
    assert passed["Condition"]["StringEquals"] == {"iam:PassedToService": "ecs-tasks.amazonaws.com"}


def test_names_in_policies_are_those_of_the_resources(document: Document) -> None:
    assert resource(document, "aws_ecs_cluster", "cluster")["name"] == "shop-ledger"
    assert resource(document, "aws_ecs_task_definition", "task")["family"] == "shop-ledger"
    assert resource(document, "aws_ecr_repository", "repository")["name"] == "shop-ledger"
    assert resource(document, "aws_cloudwatch_log_group", "logs")["name"] == "/services/shop-ledger"


def test_a_companys_key_boundary_and_path_are_everywhere() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    document = synthesized(
        AppSpec("shop", kms_key=KEY, permissions_boundary=boundary, role_path="/a/")
    )
    for kind in ("task", "execution"):
        assert resource(document, "aws_iam_role", f"{kind}-role")["path"] == "/a/"
        assert (
            resource(document, "aws_iam_role", f"{kind}-role")["permissions_boundary"] == boundary
        )
    passed = [
        s["Resource"] for s in statements(document, "client") if s["Action"] == ["iam:PassRole"]
    ]
    assert all(":role/a/shop-ledger-" in arn for arn in passed[0])
    for name in ("task-policy", "client"):
        assert any(s["Resource"] == [KEY] for s in statements(document, name)), name
    assert resource(document, "aws_cloudwatch_log_group", "logs")["kms_key_id"] == KEY
    repository = resource(document, "aws_ecr_repository", "repository")
    assert repository["encryption_configuration"] == [{"encryption_type": "KMS", "kms_key": KEY}]


def test_the_network_of_the_application_is_used_where_none_is_named() -> None:
    network = {"id": "vpc-9", "subnets": ["subnet-9"], "security_groups": ["sg-9"]}
    long = {
        key: f"{value}2345678" if isinstance(value, str) else [f"{v}2345678" for v in value]
        for key, value in network.items()
    }
    options: Any = {"vpc": long}
    document = synthesized(AppSpec("shop", **options), vpc="", subnets=())
    settings = json.loads(resource(document, "aws_s3_object", "settings")["content"])
    assert settings["subnets"] == ["subnet-92345678"]
    assert resource(document, "aws_security_group", "tasks-group")["vpc_id"] == "vpc-92345678"


def test_the_output_has_what_a_function_elsewhere_needs(document: Document) -> None:
    value = document["output"]["service_ledger"]["value"]
    place = "s3://shop-ledger-123456789012-eu-west-1/ledger/"
    assert value["environment"] == {"HYBRID_SERVICE_LEDGER": place}
    assert value["client_security_group"] == "${aws_security_group.ledger_clients-group.id}"
    assert json.loads(value["client_policy"])["Statement"] == list(statements(document, "client"))
    assert value["bucket"] == "shop-ledger-123456789012-eu-west-1"


def test_everything_is_made_by_the_infrastructures_provider() -> None:
    stack = cdktf.TerraformStack(cdktf.Testing.app(), "stack")
    AwsProvider(stack, "aws", region="eu-west-1")
    other = AwsProvider(stack, "other", alias="other", region="us-east-1")
    ExternalProvider(stack, "external")
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop"), provider=other)
    HybridService(stack, "ledger", infrastructure=build, spec=spec()).allow("api")
    document = json.loads(cdktf.Testing.synth(stack))
    found = {
        (kind, name): body.get("provider")
        for kind, bodies in document["resource"].items()
        for name, body in bodies.items()
        if name.startswith("ledger_")
    }
    assert len(found) > 15
    assert set(found.values()) == {"aws.other"}


def test_a_service_without_a_network_is_refused() -> None:
    with pytest.raises(SpecError, match="service 'ledger' has no network") as caught:
        synthesized(vpc="", subnets=())
    assert "vpc in [app]" in caught.value.expected


def test_two_services_of_one_name_are_refused() -> None:
    stack, build = stack_of()
    HybridService(stack, "one", infrastructure=build, spec=spec())
    with pytest.raises(SpecError, match="there are two services 'ledger'") as caught:
        HybridService(stack, "two", infrastructure=build, spec=spec())
    assert caught.value.where == "stack/one and stack/two"


def test_a_service_in_another_stack_than_its_infrastructure_is_refused() -> None:
    app = cdktf.App(stack_traces=False)
    home, elsewhere = cdktf.TerraformStack(app, "home"), cdktf.TerraformStack(app, "elsewhere")
    build = BuildInfrastructure(home, "build", app=AppSpec("shop"), **PLACE)
    with pytest.raises(SpecError, match="service 'ledger' is in stack 'elsewhere'"):
        HybridService(elsewhere, "ledger", infrastructure=build, spec=spec())


def test_a_name_that_is_too_long_for_the_bucket_is_refused() -> None:
    stack, build = stack_of(AppSpec("a" * 28))
    with pytest.raises(SpecError, match="has 35 characters"):
        HybridService(stack, "ledger", infrastructure=build, spec=spec())
