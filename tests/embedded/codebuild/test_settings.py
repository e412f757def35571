from typing import Any

import pytest

from embedded.codebuild.settings import (
    InvalidInput,
    S3Location,
    SecondarySource,
    Variable,
    merge,
    s3_location,
    settings,
)

PROJECT: dict[str, Any] = {
    "name": "layers",
    "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "project-image",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [
            {"name": "A", "value": "project", "type": "PLAINTEXT"},
            {"name": "B", "value": "project", "type": "PLAINTEXT"},
        ],
    },
    "serviceRole": "arn:aws:iam::123456789012:role/project",
    "timeoutInMinutes": 60,
}


def test_what_start_build_says_wins_over_the_project() -> None:
    merged = merge(
        PROJECT,
        {
            "projectName": "layers",
            "idempotencyToken": "x",
            "debugSessionEnabled": True,
            "sourceTypeOverride": "S3",
            "sourceLocationOverride": "arn:aws:s3:::bucket/a/b.zip",
            "sourceVersion": "v1",
            "imageOverride": "other-image",
            "environmentTypeOverride": "ARM_CONTAINER",
            "serviceRoleOverride": "arn:aws:iam::123456789012:role/other",
            "timeoutInMinutesOverride": 10,
            "environmentVariablesOverride": [{"name": "A", "value": "start", "type": "PLAINTEXT"}],
        },
    )
    wanted = settings(merged)

    assert wanted.source == S3Location("bucket", "a/b.zip")
    assert (wanted.source_version, wanted.image) == ("v1", "other-image")
    assert wanted.variables == (Variable("A", "start"), Variable("B", "project"))
    assert wanted.service_role.endswith("role/other")
    assert wanted.timeout_minutes == 10
    assert wanted.buildspec == "version: 0.2"
    assert merged["environment"]["type"] == "ARM_CONTAINER"
    assert PROJECT["environment"]["image"] == "project-image"


def test_defaults_are_those_of_codebuild() -> None:
    wanted = settings(merge(PROJECT, {}))
    assert wanted.log_group == "/aws/codebuild/layers"
    assert wanted.logs_enabled
    assert wanted.queued_timeout_minutes == 480
    assert wanted.cache.kind == "NO_CACHE"
    assert wanted.artifacts == ()


@pytest.mark.parametrize(
    ("namespace", "path", "name", "prefix"),
    [
        ("NONE", "layer/artifacts", "fp", "layer/artifacts/fp"),
        ("BUILD_ID", "/layer/", "fp", "layer/uuid/fp"),
        ("NONE", "", "", "layers"),
        ("NONE", "", "/", ""),
    ],
)
def test_artifacts_go_where_codebuild_puts_them(
    namespace: str, path: str, name: str, prefix: str
) -> None:
    document = {"type": "S3", "location": "b", "namespaceType": namespace, "path": path}
    (place,) = settings(merge(PROJECT, {"artifactsOverride": {**document, "name": name}})).artifacts
    assert place.bucket == "b"
    assert place.prefix("uuid", place.name) == prefix


def test_what_is_not_supported_is_named() -> None:
    for request, named in (
        ({"fleetOverride": {}}, "fleetOverride"),
        ({"sourceTypeOverride": "GITHUB"}, "GITHUB"),
        ({"artifactsOverride": {"type": "CODEPIPELINE"}}, "CODEPIPELINE"),
        ({"logsConfigOverride": {"s3Logs": {"status": "ENABLED"}}}, "logs to S3"),
        ({"sourceTypeOverride": "S3", "sourceLocationOverride": "bucket"}, "S3 source"),
    ):
        with pytest.raises(InvalidInput, match=named):
            settings(merge(PROJECT, request))


def test_a_location_may_be_an_arn() -> None:
    assert s3_location("arn:aws:s3:::b/k/x") == s3_location("b/k/x") == S3Location("b", "k/x")
    assert s3_location("bucket") == S3Location("bucket", "")


def secondary(identifier: str, location: str = "bucket/a.zip") -> dict[str, str]:
    return {"type": "S3", "location": location, "sourceIdentifier": identifier}


def test_secondary_sources_have_versions_by_their_identifiers() -> None:
    wanted = settings(
        merge(
            PROJECT,
            {
                "secondarySourcesOverride": [secondary("a"), secondary("b", "bucket/folder/")],
                "secondarySourcesVersionOverride": [
                    {"sourceIdentifier": "a", "sourceVersion": "v1"}
                ],
            },
        )
    )

    assert wanted.secondary_sources == (
        SecondarySource("a", S3Location("bucket", "a.zip"), "v1"),
        SecondarySource("b", S3Location("bucket", "folder/")),
    )


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        ([secondary("python3.12")], "Invalid source identifier: 'python3.12'"),
        ([secondary("")], "Invalid source identifier"),
        ([secondary("a"), secondary("a")], "Invalid source identifier: 'a'"),
        ([{"type": "NO_SOURCE", "sourceIdentifier": "a"}], "has no location"),
        ([secondary(f"a{n}") for n in range(13)], "more than 12"),
    ],
)
def test_secondary_sources_that_codebuild_refuses(sources: list[dict[str, str]], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        settings(merge(PROJECT, {"secondarySourcesOverride": sources}))


def test_a_version_of_no_secondary_source_is_refused() -> None:
    version = {"sourceIdentifier": "a", "sourceVersion": "v1"}
    with pytest.raises(InvalidInput, match="no secondary source"):
        settings(merge(PROJECT, {"secondarySourcesVersionOverride": [version]}))
