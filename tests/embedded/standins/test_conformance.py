"""Every type of resource at once, through the real terraform."""

import copy
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from embedded.standins.aws import resources
from tests.embedded.standins.conftest import Stack
from tests.embedded.standins.everything import REPLACED, UPDATED, everything, lifecycle, policy
from tests.listing import every

pytestmark = pytest.mark.usefixtures("terraform")


def changed(document: dict[str, Any], new: dict[str, dict[str, Any]]) -> dict[str, Any]:
    document = copy.deepcopy(document)
    for kind, arguments in new.items():
        document[kind]["it"] |= arguments
    return document


def test_every_served_type_is_in_the_conformance_test(stack: Stack) -> None:
    assert everything(stack).keys() == resources().keys()


def test_everything_is_made_shows_no_changes_and_goes(stack: Stack) -> None:
    stack.write(everything(stack))
    stack.apply()
    assert stack.changes() == {}
    stack.destroy()
    assert stack.terraform.state() == {"format_version": "1.0"}


def test_updates_happen_in_place_and_settle(stack: Stack) -> None:
    document = everything(stack)
    stack.write(document)
    stack.apply()
    stack.write(changed(document, UPDATED))
    assert stack.changes() == {f"{kind}.it": ["update"] for kind in UPDATED}
    stack.run("apply", "plan")
    assert stack.changes() == {}
    stack.write(changed(changed(document, UPDATED), REPLACED))
    assert stack.changes() == {f"{kind}.it": ["delete", "create"] for kind in REPLACED} | {
        "aws_codebuild_project.it": ["update"]
    }
    stack.destroy()


def test_what_was_changed_by_hand_is_planned_back(stack: Stack, aws: EmbeddedAws) -> None:
    stack.write(everything(stack))
    stack.apply()
    change_by_hand(stack.name, aws)
    updated = [
        "aws_cloudwatch_event_rule.it",
        "aws_cloudwatch_event_target.it",
        "aws_cloudwatch_log_group.it",
        "aws_codebuild_project.it",
        "aws_ecr_lifecycle_policy.it",
        "aws_ecr_repository.it",
        "aws_ecs_cluster.it",
        "aws_iam_role.it",
        "aws_iam_role_policy.it",
        "aws_lambda_alias.it",
        "aws_lambda_function.it",
        "aws_lambda_function_event_invoke_config.it",
        "aws_s3_bucket_lifecycle_configuration.it",
        "aws_s3_bucket_ownership_controls.it",
        "aws_s3_bucket_policy.it",
        "aws_s3_bucket_public_access_block.it",
        "aws_s3_bucket_server_side_encryption_configuration.it",
        "aws_s3_bucket_versioning.it",
        "aws_s3_object.it",
        "aws_security_group.it",
        "aws_sns_topic.it",
        "aws_vpc_security_group_egress_rule.it",
        "aws_vpc_security_group_ingress_rule.it",
    ]
    assert stack.changes() == {
        **{address: ["update"] for address in updated},
        "aws_ecs_task_definition.it": ["create"],
        "aws_iam_role_policy_attachment.it": ["create"],
        "aws_lambda_permission.it": ["create"],
    }
    stack.run("apply", "plan")
    assert stack.changes() == {}


def change_by_hand(name: str, aws: EmbeddedAws) -> None:
    iam, events, functions = aws.client("iam"), aws.client("events"), aws.client("lambda")
    open_policy = policy("Allow", "*", Resource="*")
    (attached,) = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=open_policy)
    iam.update_assume_role_policy(
        RoleName=name,
        PolicyDocument=policy("Allow", "sts:AssumeRole", Principal={"AWS": "*"}),
    )
    aws.client("logs").put_retention_policy(
        logGroupName=f"/aws/codebuild/{name}", retentionInDays=1
    )
    aws.client("codebuild").update_project(name=name, timeoutInMinutes=5)
    functions.update_function_configuration(FunctionName=name, MemorySize=256)
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=2)
    functions.update_alias(FunctionName=name, Name="live", Description="by hand")
    functions.remove_permission(FunctionName=name, StatementId="events")
    events.put_rule(Name=name, EventPattern='{"source": ["aws.s3"]}', State="DISABLED")
    (target,) = events.list_targets_by_rule(Rule=name)["Targets"]
    events.put_targets(Rule=name, Targets=[{**target, "Input": "{}"}])
    (topic,) = (t for t in every(aws.client("sns"), "list_topics") if name in t["TopicArn"])
    aws.client("sns").set_topic_attributes(
        TopicArn=topic["TopicArn"], AttributeName="DisplayName", AttributeValue="by hand"
    )
    change_service_by_hand(name, aws)
    change_bucket_by_hand(name, aws)


def change_service_by_hand(name: str, aws: EmbeddedAws) -> None:
    ecr, ecs, ec2 = aws.client("ecr"), aws.client("ecs"), aws.client("ec2")
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE")
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=lifecycle(9))
    (cluster,) = ecs.describe_clusters(clusters=[name])["clusters"]
    ecs.tag_resource(resourceArn=cluster["clusterArn"], tags=[{"key": "by", "value": "hand"}])
    ecs.deregister_task_definition(taskDefinition=f"{name}:1")
    group = group_of(name, aws)
    ec2.create_tags(Resources=[group], Tags=[{"Key": "by", "Value": "hand"}])
    filters = [{"Name": "group-id", "Values": [group]}]
    for rule in ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]:
        where = {"ReferencedGroupId": group} if rule["IsEgress"] else {"CidrIpv4": "0.0.0.0/0"}
        opened = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 80, **where}
        ec2.modify_security_group_rules(
            GroupId=group,
            SecurityGroupRules=[
                {
                    "SecurityGroupRuleId": rule["SecurityGroupRuleId"],
                    "SecurityGroupRule": opened,
                }
            ],
        )


def group_of(name: str, aws: EmbeddedAws) -> str:
    filters = [{"Name": "group-name", "Values": [name]}]
    (found,) = aws.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return str(found["GroupId"])


def change_bucket_by_hand(name: str, aws: EmbeddedAws) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=name, Key="a layer/approved", Body=b"f#1", ContentType="text/html")
    s3.put_bucket_policy(
        Bucket=name,
        Policy=policy("Deny", "s3:*", Principal="*", Resource=f"arn:aws:s3:::{name}/x"),
    )
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    s3.put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": False}
    )
    s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket=name,
        LifecycleConfiguration={
            "Rules": [
                {"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}},
            ]
        },
    )


def test_what_is_there_already_can_be_imported(stack: Stack, aws: EmbeddedAws) -> None:
    document = everything(stack)
    stack.write(document)
    stack.apply()
    made = stack.terraform.state()["values"]["root_module"]["resources"]
    ids = {found["address"]: found["values"]["id"] for found in made}
    ids["aws_lambda_alias.it"] = f"{stack.name}/live"
    ids["aws_lambda_permission.it"] = f"{stack.name}/events"
    ids["aws_cloudwatch_event_target.it"] = f"{stack.name}/publisher"
    ids["aws_codebuild_project.it"] = stack.name
    values = {found["address"]: found["values"] for found in made}
    ids["aws_ecs_task_definition.it"] = values["aws_ecs_task_definition.it"]["arn"]
    (stack.folder / "terraform.tfstate").unlink()
    imports = [{"to": address, "id": found} for address, found in ids.items()]
    stack.write(document, **{"import": imports})
    # What AWS does not tell is all that is left to do.
    assert stack.changes() == {
        "aws_lambda_function.it": ["update"],
        "aws_s3_bucket.it": ["update"],
        "aws_s3_object.it": ["update"],
    }
    stack.run("apply", "plan")
    stack.write(document)
    assert stack.changes() == {}


def test_what_was_deleted_by_hand_is_planned_anew(stack: Stack, aws: EmbeddedAws) -> None:
    stack.write(everything(stack))
    stack.apply()
    delete_by_hand(stack.name, aws)
    assert stack.changes() == {f"{kind}.it": ["create"] for kind in everything(stack)}
    # Without a refresh terraform asks for things to be deleted that are not there.
    stack.destroy("-refresh=false")


def delete_by_hand(name: str, aws: EmbeddedAws) -> None:
    s3, iam, events = aws.client("s3"), aws.client("iam"), aws.client("events")
    for version in s3.list_object_versions(Bucket=name)["Versions"]:
        s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=name)
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    iam.delete_role_policy(RoleName=name, PolicyName="own")
    iam.delete_role(RoleName=name)
    aws.client("logs").delete_log_group(logGroupName=f"/aws/codebuild/{name}")
    aws.client("codebuild").delete_project(name=name)
    aws.client("ecr").delete_repository(repositoryName=name, force=True)
    aws.client("ecs").delete_cluster(cluster=name)
    aws.client("ecs").deregister_task_definition(taskDefinition=f"{name}:1")
    aws.client("ec2").delete_security_group(GroupId=group_of(name, aws))
    aws.client("lambda").delete_function(FunctionName=name)
    events.remove_targets(Rule=name, Ids=["publisher"])
    events.delete_rule(Name=name)
    topics = every(aws.client("sns"), "list_topics")
    for topic in topics:
        if topic["TopicArn"].endswith(f":{name}"):
            aws.client("sns").delete_topic(TopicArn=topic["TopicArn"])
