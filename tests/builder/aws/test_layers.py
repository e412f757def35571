import base64
import hashlib
import io
import socket
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from builder.aws.layers import Layers, LayerVersion
from builder.aws.session import Credentials, Session
from builder.errors import AwsError, Unanswered
from builder.spec.runtimes import Target
from tests.builder.conftest import World, environ
from tests.serving import serving

TOKEN = f"{'a' * 64}#12"
TARGETS = (Target("3.12", "arm64"), Target("3.13", "arm64"))


def archive(text: str = "x") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr(zipfile.ZipInfo("python/x.py"), text)
    return content.getvalue()


def publish(world: World, *, description: str = "words", version: str = "") -> LayerVersion:
    world.put("layer.zip", archive())
    return world.services.layers.publish(
        world.name, bucket=world.name, key="layer.zip", object_version=version,
        targets=TARGETS, description=description, token=TOKEN, app="shop",
    )  # fmt: skip


def test_a_version_is_published_with_its_token_and_hash(world: World) -> None:
    made = publish(world)

    assert made.arn == f"arn:aws:lambda:eu-central-1:123456789012:layer:{world.name}:1"
    assert (made.version, made.token) == (1, TOKEN)
    digest = hashlib.sha256(archive()).digest()
    assert made.code_sha256 == base64.b64encode(digest).decode()
    assert made.code_size == len(archive())
    assert world.services.layers.get(made.arn) == made


def test_exactly_the_version_of_the_object_that_was_named_is_published(world: World) -> None:
    world.put("layer.zip", archive("right"))
    right = world.services.store.head("layer.zip")
    assert right is not None

    made = publish(world, version=right.version)

    assert made.code_sha256 == base64.b64encode(hashlib.sha256(archive("right")).digest()).decode()


@pytest.mark.parametrize("description", ["", "words", "[brackets]", "x" * 160, "größe\nzwei"])
def test_the_token_is_found_again_behind_any_description(world: World, description: str) -> None:
    made = publish(world, description=description)
    found = world.services.layers.get(made.arn)

    assert found is not None
    assert found.token == TOKEN


def test_a_version_carries_its_application(world: World) -> None:
    made = publish(world, description="x" * 300)

    (listed,) = world.services.layers.versions(world.name)
    found = world.services.layers.get(made.arn)
    assert (listed.app, listed.token) == ("shop", TOKEN)
    assert found is not None
    assert (found.app, found.token) == ("shop", TOKEN)
    assert listed.is_of("shop")
    assert not listed.is_of("shop-web")


def test_a_version_of_before_names_no_application(world: World) -> None:
    world.aws.client("lambda").publish_layer_version(
        LayerName=world.name, Content={"ZipFile": archive()}, Description=f"words [{TOKEN}]"
    )

    (listed,) = world.services.layers.versions(world.name)
    assert (listed.app, listed.token) == ("", TOKEN)


@pytest.mark.parametrize("description", ["", "mine", f"[{TOKEN}] and more", f"[{'a' * 63}#1]"])
def test_versions_of_others_have_no_token(world: World, description: str) -> None:
    world.aws.client("lambda").publish_layer_version(
        LayerName=world.name, Description=description, Content={"ZipFile": archive()}
    )

    (found,) = world.services.layers.versions(world.name)
    assert found.token == ""


def test_versions_are_listed_newest_first_over_all_pages(world: World) -> None:
    lambda_ = world.aws.client("lambda")
    for _ in range(55):
        lambda_.publish_layer_version(LayerName=world.name, Content={"ZipFile": archive()})

    found = [version.version for version in world.services.layers.versions(world.name)]

    assert found == list(range(55, 0, -1))


def test_a_layer_that_is_not_there_has_no_versions(world: World) -> None:
    assert list(world.services.layers.versions(world.name)) == []


def test_a_deleted_version_is_gone_and_may_be_deleted_again(world: World) -> None:
    layers = world.services.layers
    made = publish(world)
    layers.delete(world.name, 1)

    assert layers.get(made.arn) is None
    assert list(layers.versions(world.name)) == []
    layers.delete(world.name, 1)


def test_who_may_not_publish_is_reported_with_the_layer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.become(monkeypatch, "s3:*")

    with pytest.raises(AwsError, match="may not lambda:PublishLayerVersion") as caught:
        publish(world)

    assert caught.value.where == f"layer {world.name}"


def test_a_disk_that_is_full_is_not_said_to_be_the_network(world: World) -> None:
    published = publish(world)

    with pytest.raises(OSError, match="No space left on device"):
        world.services.layers.download(published.arn, Path("/dev/full"))


def test_publishing_is_never_tried_twice_by_the_client(world: World) -> None:
    layers: Any = world.services.layers
    config = layers._publisher.meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
    assert config.read_timeout == 300


@contextmanager
def answering(*answers: int) -> Iterator[tuple[str, list[str]]]:
    """Serve PublishLayerVersion with these statuses, 0 for a reset; yield URL and the requests."""
    left, asked = list(answers), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            status = left.pop(0)
            if status == 0:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = b'{"LayerVersionArn": "arn:l:1", "Version": 1, "Content": {"CodeSha256": "s", "CodeSize": 1}}'  # noqa: E501
            self.send_response(status)
            if status >= 400:
                kind = "TooManyRequestsException" if status == 429 else "ServiceException"
                self.send_header("x-amzn-ErrorType", kind)
                body = b'{"message": "no"}'
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}", asked


def publish_at(url: str, monkeypatch: pytest.MonkeyPatch) -> LayerVersion:
    environ(
        monkeypatch,
        {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
    )
    layers = Layers(Session(Credentials(), "eu-central-1"))
    try:
        return layers.publish(
            "web", bucket="some-bucket", key="k", object_version="", targets=TARGETS,
            description="", token=TOKEN, app="shop",
        )  # fmt: skip
    finally:
        layers._publisher.close()
        layers._lambda.close()


def test_a_throttled_publication_was_not_done_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    with answering(429, 429, 201) as (url, asked):
        made = publish_at(url, monkeypatch)

    assert (made.version, len(asked), len(pauses)) == (1, 3, 2)


@pytest.mark.parametrize(("status", "is_open"), [(500, False), (503, False), (0, True)])
def test_a_publication_without_an_answer_is_asked_once_and_may_have_been_done(
    monkeypatch: pytest.MonkeyPatch, status: int, is_open: bool
) -> None:
    with answering(status) as (url, asked), pytest.raises(Unanswered) as caught:
        publish_at(url, monkeypatch)

    assert len(asked) == 1
    assert caught.value.is_open == is_open
