"""Private indexes: what may be said of them, and that a password stays where it is."""

import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from builder.errors import BuildFailed, SpecError
from builder.inputs.fingerprint import inputs_of
from builder.layer.layer import Layer
from builder.release.plan import plan
from builder.spec.indexes import CodeArtifact, Index, secrets, usernames
from tests.builder.conftest import ACCOUNT, REGION, World, quick, spec_of, write_tree
from tests.hostile import searched
from tests.package_index import PackageIndex
from tests.worker.hostile import evil

URL = "https://packages.example.com/simple"
PLACE = CodeArtifact("shop", ACCOUNT, "python")
PASSWORD = "correct/horse+battery@staple:50%"
"""Looks otherwise in a URL, in JSON and in base64."""

KEPT_BY_PEOPLE = {
    ".env": "DATABASE_PASSWORD={}\n",
    "deep/.env.production": "TOKEN='{}'\n",
    ".netrc": "machine a.example login ci password {}\n",
    ".pypirc": "[pypi]\npassword = {}\n",
    "credentials.json": '{{"key": "{}"}}\n',
    "id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
}
"""Files with secrets that lie in people's folders, with the place of the secret."""


@pytest.mark.parametrize(
    ("fields", "key", "what"),
    [
        ({"name": "In House", "url": URL}, "name", "cannot name an index"),
        ({"url": ""}, "url", "has no URL"),
        ({"url": "packages.example.com/simple"}, "url", "not the URL of an index"),
        ({"url": "ftp://packages.example.com"}, "url", "not the URL of an index"),
        ({"url": "https:///simple"}, "url", "not the URL of an index"),
        ({"url": "https://a.example/s b"}, "url", "not the URL of an index"),
        ({"url": "https://[::1/simple"}, "url", "not the URL of an index"),
        ({"url": "https://ci:hush@a.example/s"}, "url", "has credentials in it"),
        ({"url": "https://token@a.example/s"}, "url", "has credentials in it"),
        ({"url": "https://a.example/s?token=hush"}, "url", "a query or a fragment"),
        ({"url": "http://a.example/s", "username": "u", "secret": "s"}, "url", "unencrypted"),
        ({"url": URL, "username": "ci"}, "secret", "has a username and no secret"),
        ({"url": URL, "secret": "pypi"}, "username", "has a secret and no username"),
        ({"url": URL, "username": "ci", "secret": "my secret!"}, "secret", "is no reference"),
        ({"url": URL, "username": "ci", "secret": "a:b:c"}, "secret", "is no reference"),
        ({"url": URL, "username": "c i", "secret": "pypi"}, "username", "no user name"),
        ({"url": URL, "codeartifact": PLACE}, "codeartifact", "another address"),
        ({"codeartifact": CodeArtifact("Shop", ACCOUNT, "python")}, "codeartifact", "the domain"),
        ({"codeartifact": CodeArtifact("shop", "1234", "python")}, "codeartifact", "the owner"),
        ({"codeartifact": CodeArtifact("shop", ACCOUNT, "")}, "codeartifact", "the repository"),
        ({"codeartifact": CodeArtifact("shop", ACCOUNT, "python", "x")}, "codeartifact", "region"),
    ],
)
def test_an_index_that_cannot_be_right_is_refused_with_its_key(
    fields: dict[str, Any], key: str, what: str
) -> None:
    with pytest.raises(SpecError) as caught:
        Index(**{"name": "private", **fields})

    assert what in caught.value.what
    assert f"key {key!r}" in caught.value.where
    assert caught.value.expected
    assert caught.value.fix


@pytest.mark.parametrize("url", ["https://ci:hush-hush@a.example/s", f"{URL}?token=hush-hush"])
def test_a_refusal_does_not_show_the_password(url: str) -> None:
    with pytest.raises(SpecError) as caught:
        Index("private", url)

    assert "hush-hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("secret", "secret_id"),
    [
        ("pypi/ci", "pypi/ci"),
        ("pypi/ci:password", "pypi/ci"),
        (
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:pypi-AbCdEf:password",
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:pypi-AbCdEf",
        ),
    ],
)
def test_a_secret_is_named_with_or_without_a_key_of_its_json(secret: str, secret_id: str) -> None:
    assert Index("private", URL, "ci", secret).secret_id == secret_id


def test_neither_names_nor_logins_change_the_fingerprint_and_addresses_do() -> None:
    def fingerprint(*indexes: Index) -> str:
        return inputs_of(spec_of(indexes=indexes), ()).fingerprint

    one = fingerprint(Index("one", URL))
    assert one == fingerprint(Index("other", URL, "ci", "pypi/ci"))
    assert one != fingerprint(Index("one", URL + "2"))
    assert one != fingerprint(Index("one", URL, default=True))
    assert one != fingerprint()
    both = Index("one", URL), Index("two", codeartifact=PLACE)
    assert fingerprint(*both) != fingerprint(*reversed(both))


def test_uv_finds_user_and_password_by_the_place_of_an_index() -> None:
    indexes = (Index("a", URL), Index("b", URL + "2", "ci", "pypi/ci:password"))

    assert usernames(indexes) == (("UV_INDEX_LAYER_2_USERNAME", "ci"),)
    assert secrets(indexes) == (("UV_INDEX_LAYER_2_PASSWORD", "pypi/ci:password"),)


@pytest.fixture
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    """An index with one package, that wants a password."""
    folder = tmp_path_factory.mktemp("private")
    info = "fll_private-1.0.dist-info"
    with zipfile.ZipFile(folder / "fll_private-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("fll_private.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: fll_private\nVersion: 1.0")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        wheel.writestr(f"{info}/RECORD", f"fll_private.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n")
    with PackageIndex(folder, "ci", PASSWORD).serving() as index:
        yield index


def with_real_builds(world: World, layer: Layer, *, may_read_secrets: bool) -> None:
    """Give the project our buildspec, and the role what the stack gives it and no more."""
    from modules.layer import policies  # here: the package starts Node
    from modules.layer.buildspec import buildspec_text
    from modules.layer.index_access import logins

    world.aws.client("codebuild").update_project(
        name=world.name, source={"type": "NO_SOURCE", "buildspec": buildspec_text()}
    )
    allowed = logins(layer.spec, "aws", REGION, ACCOUNT) if may_read_secrets else []
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/codebuild/{world.name}"
    world.aws.client("iam").put_role_policy(
        RoleName=world.name,
        PolicyName="p",
        PolicyDocument=json.dumps(
            policies.build(f"arn:aws:s3:::{world.name}", layer.name, group, allowed)
        ),
    )
    world.aws.client("logs").create_log_group(logGroupName=f"/aws/codebuild/{world.name}")


def private_layer(world: World, index: PackageIndex) -> Layer:
    secret = f"{world.name}/pypi"
    world.aws.client("secretsmanager").create_secret(
        Name=secret, SecretString=json.dumps({"user": "ci", "password": PASSWORD})
    )
    # A backend of its own: the index has none.
    package = evil("")
    secret_files = {
        f"libs/evil/{name}": t.format(of_file(name)) for name, t in KEPT_BY_PEOPLE.items()
    }
    write_tree(world.root, {**package, **secret_files})
    return world.layer(
        package="libs/evil",
        dependencies=("fll-private",),
        indexes=(Index("private", index.url, "ci", f"{secret}:password", default=True),),
    )


def of_file(name: str) -> str:
    """Return the secret that one of the files has."""
    return f"{name.strip('.').replace('/', '-')}-of-battery+staple/57"


def everything(world: World, layer: Layer) -> Iterator[tuple[str, bytes]]:
    """Yield all that is kept or told of a layer: objects, logs, API, what Terraform keeps."""
    s3 = world.aws.client("s3")
    for version in s3.list_object_versions(Bucket=world.name)["Versions"]:
        key = version["Key"]
        answer = s3.get_object(Bucket=world.name, Key=key, VersionId=version["VersionId"])
        yield key, answer["Body"].read()
        told = {**answer["Metadata"], "key": key, "type": answer["ContentType"]}
        yield f"metadata of {key}", json.dumps(told).encode()
    for build in world.builds():
        yield build["id"], json.dumps(build, default=str).encode()
        lines = layer.services.logs.tail(
            build["logs"]["groupName"], build["logs"]["streamName"], 9999
        )
        yield f"log of {build['id']}", "\n".join(lines).encode()
    for name in world.versions():
        client = world.aws.client("lambda")
        said = client.get_layer_version(LayerName=layer.site.layer_name, VersionNumber=name)
        yield f"version {name}", json.dumps(said, default=str).encode()
    yield "state", layer.spec.to_json().encode()
    yield "plan", repr(plan(layer)).encode()
    yield "inputs", layer.inputs.to_json().encode()


@pytest.mark.slow
def test_a_layer_from_a_private_index_is_released_and_its_password_is_nowhere(
    world: World, private: PackageIndex
) -> None:
    layer = private_layer(world, private)
    with_real_builds(world, layer, may_read_secrets=True)

    release = world.release(layer)

    assert release.packages == 2
    assert [path for path in private.asked if path.startswith("/files/")]
    seen = dict(everything(world, layer))
    assert "web/record.json" in seen
    assert any(b"installing 1 of 2" in content for name, content in seen.items() if "log" in name)
    files = {"layer.zip", "manifest.json", "sbom.cdx.json", "provenance.json"}
    assert files <= {name.rpartition("/")[2] for name in seen}
    # What must be there is found by the same search: it looks into the bundle and the zip.
    known = searched.found(["build-backend", "Name: fll_private"], seen.items())
    assert any("bundles/" in place for place in known)
    assert any("layer.zip!" in place for place in known)
    secrets_of_files = [of_file(name) for name in KEPT_BY_PEOPLE]
    assert searched.found([PASSWORD, *secrets_of_files], seen.items()) == []


@pytest.mark.slow
def test_a_role_that_may_not_read_the_secret_fails_before_any_command(
    world: World, private: PackageIndex
) -> None:
    layer = private_layer(world, private)
    with_real_builds(world, layer, may_read_secrets=False)

    with pytest.raises(BuildFailed, match="UV_INDEX_LAYER_1_PASSWORD") as caught:
        world.release(layer, clock=quick())

    assert PASSWORD not in str(caught.value)
    assert private.asked == []
