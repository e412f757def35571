"""What hostile code of a dependency tries with a build's credentials, and what must come of it.

Run as a program by the code under attack: ``python attacks.py SETTINGS RESULTS``, both JSON files.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DENIED, ALLOWED = "denied", "allowed"

REFUSALS = (
    *("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"),
    *("Forbidden", "403"),
)
"""Codes with which services refuse what a policy does not allow."""

OWN_AND_HARMLESS = {
    "read a bundle of its own layer": "its own sources",
    "write where its builds leave what they made": "adopted only if CodeBuild vouches for it",
    "write into a stream of its own layer's builds": "its own log",
}
"""What the role allows, and why that is no harm; all the rest must be denied."""


def attacks(client: Callable[[str], Any], at: dict[str, str]) -> dict[str, Callable[[], Any]]:
    """Return the attacks by their names."""
    s3, logs, iam = client("s3"), client("logs"), client("iam")
    lambda_, codebuild, sts = client("lambda"), client("codebuild"), client("sts")
    bucket, group, name = at["bucket"], at["log_group"], at["layer_name"]

    def put(key: str) -> Callable[[], Any]:
        return lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"planted")

    def get(key: str) -> Callable[[], Any]:
        return lambda: s3.get_object(Bucket=bucket, Key=key)

    def delete(key: str) -> Callable[[], Any]:
        return lambda: s3.delete_object(Bucket=bucket, Key=key)

    def say(stream: str) -> Callable[[], Any]:
        event = {"timestamp": int(at["now"]), "message": "forged"}
        return lambda: logs.put_log_events(
            logGroupName=group, logStreamName=stream, logEvents=[event]
        )

    role_policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        }
    )
    return {
        "read a bundle of its own layer": get(at["own_bundle"]),
        "write where its builds leave what they made": put("web/built/" + "0" * 64 + "/layer.zip"),
        "write into a stream of its own layer's builds": say(at["own_stream"]),
        "replace its bundle": put(at["own_bundle"]),
        "write its record": put("web/record.json"),
        "read its record": get("web/record.json"),
        "delete its record": delete("web/record.json"),
        "approve a build": put("web/approved"),
        "write a verified artifact": put("web/artifacts/" + "0" * 64 + "/layer.zip"),
        "replace the verified artifact": put(at["own_artifact"]),
        "read what is verified": get(at["own_artifact"]),
        "write the inputs of a fingerprint": put("web/inputs/" + "0" * 64 + ".json"),
        "write the spec of a build": put("web/requests/" + "0" * 64 + ".json"),
        "keep something for the next build": put("web/cache/anything"),
        "delete what another build left": delete(at["own_built"]),
        "read another layer's bundle": get("other/bundles/" + "0" * 64 + ".zip"),
        "write another layer's bundle": put("other/bundles/" + "0" * 64 + ".zip"),
        "write what another layer's builds leave": put("other/built/" + "0" * 64 + "/layer.zip"),
        "write another layer's record": put("other/record.json"),
        "approve another layer's build": put("other/approved"),
        "write at the bucket's root": put("anything"),
        "list the bucket": lambda: s3.list_objects_v2(Bucket=bucket),
        "list the versions of objects": lambda: s3.list_object_versions(Bucket=bucket),
        "list the buckets": s3.list_buckets,
        "open the bucket": lambda: s3.put_bucket_policy(Bucket=bucket, Policy="{}"),
        "end the bucket's versions": lambda: s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
        ),
        "write into another layer's stream": say("other/stream"),
        "write into a stream of the function": lambda: logs.put_log_events(
            logGroupName="/aws/lambda/publisher",
            logStreamName="x",
            logEvents=[{"timestamp": int(at["now"]), "message": "forged"}],
        ),
        "make a stream of another layer": lambda: logs.create_log_stream(
            logGroupName=group, logStreamName="other/forged"
        ),
        "read logs": lambda: logs.get_log_events(logGroupName=group, logStreamName="other/stream"),
        "delete the logs": lambda: logs.delete_log_group(logGroupName=group),
        "publish a layer version": lambda: lambda_.publish_layer_version(
            LayerName=name, Content={"S3Bucket": bucket, "S3Key": at["own_artifact"]}
        ),
        "delete a layer version": lambda: lambda_.delete_layer_version(
            LayerName=name, VersionNumber=1
        ),
        "list layer versions": lambda: lambda_.list_layer_versions(LayerName=name),
        "open a layer version": lambda: lambda_.add_layer_version_permission(
            LayerName=name,
            VersionNumber=1,
            StatementId="x",
            Action="lambda:GetLayerVersion",
            Principal="*",
        ),
        "list functions": lambda_.list_functions,
        "move a function": lambda: lambda_.update_function_configuration(
            FunctionName=at["function"], Layers=[]
        ),
        "replace a function's code": lambda: lambda_.update_function_code(
            FunctionName=at["function"], ZipFile=b"PK"
        ),
        "call a function": lambda: lambda_.invoke(FunctionName=at["function"]),
        "read a function's settings": lambda: lambda_.get_function_configuration(
            FunctionName=at["function"]
        ),
        "start a build": lambda: codebuild.start_build(projectName=at["project"]),
        "stop a build": lambda: codebuild.stop_build(id=at["build"]),
        "see builds": lambda: codebuild.batch_get_builds(ids=[at["build"]]),
        "change the project": lambda: codebuild.update_project(
            name=at["project"], description="mine"
        ),
        "give itself rights": lambda: iam.put_role_policy(
            RoleName=at["role"], PolicyName="more", PolicyDocument=role_policy
        ),
        "let others be it": lambda: iam.update_assume_role_policy(
            RoleName=at["role"], PolicyDocument=role_policy
        ),
        "make a user": lambda: iam.create_user(UserName="stranger"),
        "make a key": lambda: iam.create_access_key(UserName="admin"),
        "become another role": lambda: sts.assume_role(
            RoleArn=at["other_role"], RoleSessionName="stranger"
        ),
        "read a secret": lambda: client("secretsmanager").get_secret_value(SecretId="database"),
        "list secrets": lambda: client("secretsmanager").list_secrets(),
        "read a parameter": lambda: client("ssm").get_parameter(Name="/database"),
        "sign with the publisher's key": lambda: client("kms").sign(
            KeyId=at["signing_key"], Message=b"planted", SigningAlgorithm="ECDSA_SHA_256"
        ),
        "read the public half of a key": lambda: client("kms").get_public_key(
            KeyId=at["signing_key"]
        ),
        "sign an artifact": put("web/artifacts/" + "0" * 64 + "/provenance.dsse.json"),
        "replace the signature of an artifact": put(at["own_signature"]),
        "write the part of another layer's build": put(
            "other/built/" + "0" * 64 + "/parts/3.12-arm64/part.zip"
        ),
        "read the part of another layer's build": get(at["other_part"]),
        "note versions to be deleted by the next apply": put("_retired/web.json"),
        "replace the code of the publisher": put(".publisher/" + "0" * 64 + ".zip"),
        "write a service's state": put("services/ledger/state.json"),
        "read a service's snapshot": get("services/ledger/snapshots/1.tar"),
        "log in to image repositories": lambda: client("ecr").get_authorization_token(),
        "read a service's image": lambda: client("ecr").batch_get_image(
            repositoryName="shop-ledger", imageIds=[{"imageTag": "1"}]
        ),
        "replace a service's image": lambda: client("ecr").put_image(
            repositoryName="shop-ledger", imageManifest="{}", imageTag="1"
        ),
        "push an image of its layer": lambda: client("ecr").put_image(
            repositoryName="shop/web", imageManifest="{}", imageTag="1"
        ),
        "run a service's task": lambda: client("ecs").run_task(taskDefinition="ledger"),
        "stop a service's task": lambda: client("ecs").stop_task(task="1" * 32),
        "turn the publisher's events off": lambda: client("events").disable_rule(Name="builds"),
        "write the parameter with the ARN": lambda: client("ssm").put_parameter(
            Name="/layers/web", Value="mine", Type="String", Overwrite=True
        ),
        "send a message": lambda: client("sns").publish(TopicArn=at["topic"], Message="x"),
    }


def outcome(attack: Callable[[], Any]) -> str:
    """Try an attack and return what came of it."""
    from botocore.exceptions import ClientError

    try:
        attack()
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        return DENIED if code in REFUSALS else f"{code}: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ALLOWED


def table(results: dict[str, str]) -> str:
    """Return the results for people, one attack a line."""
    width = max(map(len, results))
    lines = []
    for name, result in results.items():
        why = f" ({OWN_AND_HARMLESS[name]})" if name in OWN_AND_HARMLESS else ""
        lines.append(f"{name:{width}}  {result}{why}")
    return "\n".join(lines)


def main(settings: str, results: str) -> None:
    """Try everything with the credentials of the settings."""
    import boto3

    at = json.loads(Path(settings).read_text(encoding="utf-8"))
    session: Any = boto3.session.Session(**at["credentials"])

    def client(service: str) -> Any:
        endpoint = at["codebuild_endpoint"] if service == "codebuild" else at["endpoint"]
        return session.client(service, endpoint_url=endpoint)

    found = {name: outcome(attack) for name, attack in attacks(client, at).items()}
    Path(results).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
