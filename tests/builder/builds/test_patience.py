"""Builds that AWS has no room for, or does not know, at once."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from builder.aws.codebuild import BuildRequest, BuildState, CodeBuild
from builder.aws.session import Credentials, Session
from builder.builds.start import start_build
from builder.builds.wait import finish_builds
from builder.errors import AwsError, NotNow, QuotaUsedUp, RoleNotReady, Unreachable
from builder.layer.token import Token
from builder.release.release import Order, ensure
from tests.builder.building import finished
from tests.builder.conftest import World, hurried, quick
from tests.patience import PATIENCE
from tests.serving import serving


def refusing(monkeypatch: pytest.MonkeyPatch, error: NotNow, times: int) -> list[int]:
    """Let StartBuild be refused some times; return a list that grows with each refusal."""
    theirs, refused = CodeBuild.start, list[int]()

    def start(self: CodeBuild, request: BuildRequest) -> BuildState:
        if len(refused) < times:
            refused.append(1)
            raise error
        return theirs(self, request)

    monkeypatch.setattr(CodeBuild, "start", start)
    return refused


@pytest.mark.parametrize("kind", [NotNow, QuotaUsedUp, RoleNotReady])
def test_a_build_that_there_is_no_room_for_is_waited_for_and_it_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: type[NotNow]
) -> None:
    refusing(monkeypatch, kind("the account runs as many builds as it may"), times=3)
    lines: list[str] = []
    layer = world.layer()

    token = Token(layer.fingerprint, 1)
    build_id = start_build(layer, token, debug=False, progress=lines.append, clock=hurried()).id

    waited = "waiting to start the build: the account runs as many builds as it may"
    assert lines.count(waited) == 3
    assert finished(layer, build_id).succeeded


def test_waiting_for_room_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, RoleNotReady("CodeBuild cannot assume the build role"), times=9999)
    layer = world.layer()
    token = Token(layer.fingerprint, 1)

    with pytest.raises(RoleNotReady):
        start_build(layer, token, debug=False, progress=print, clock=hurried())
    assert world.builds() == []


NO_LOOK = [
    NotNow("codebuild:BatchGetBuilds failed: ThrottlingException"),
    Unreachable("AWS could not be called: Could not connect to the endpoint URL"),
]


@pytest.mark.parametrize("error", NO_LOOK, ids=lambda error: type(error).__name__)
def test_a_running_build_outlives_looks_that_fail(
    world: World, monkeypatch: pytest.MonkeyPatch, error: AwsError
) -> None:
    layer = world.layer()
    token = Token(layer.fingerprint, 1)
    build_id = start_build(layer, token, debug=False, progress=print, clock=quick()).id
    theirs, refused = CodeBuild.states, list[int]()

    def states(self: CodeBuild, ids: set[str]) -> list[BuildState]:
        if len(refused) < 5:
            refused.append(1)
            raise error
        return theirs(self, ids)

    monkeypatch.setattr(CodeBuild, "states", states)
    lines: list[str] = []

    _, failed = finish_builds(layer, {"": build_id}, progress=lines.append, clock=quick())
    assert failed == {}
    assert len(refused) == 5
    assert sum(error.what in line and "asking again" in line for line in lines) == 5


@pytest.mark.parametrize("error", NO_LOOK, ids=lambda error: type(error).__name__)
def test_looks_that_fail_for_too_long_end_the_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch, error: AwsError
) -> None:
    def states(_codebuild: CodeBuild, _ids: set[str]) -> list[BuildState]:
        raise error

    monkeypatch.setattr(CodeBuild, "states", states)
    clock = hurried()
    began = clock.monotonic()

    with pytest.raises(AwsError, match=r"BatchGetBuilds|could not be called"):
        finish_builds(world.layer(), {"": "a build"}, progress=print, clock=clock)

    assert 600 < clock.monotonic() - began < 700


def test_a_build_that_is_not_known_yet_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, asked = CodeBuild.states, list[int]()

    def states(self: CodeBuild, ids: set[str]) -> list[BuildState]:
        asked.append(1)
        return [] if len(asked) < 4 else theirs(self, ids)

    monkeypatch.setattr(CodeBuild, "states", states)

    assert world.release(clock=hurried()).version == 1
    assert len(world.builds()) == 1


def test_many_with_the_same_sources_start_one_build(world: World) -> None:
    together = threading.Barrier(8)
    fingerprint = world.layer().fingerprint

    def run(number: int) -> str:
        layer = world.layer()
        together.wait(PATIENCE)
        token = Token(fingerprint, number)
        return start_build(layer, token, debug=False, progress=print, clock=quick()).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(run, range(1, 9)))) == 1
    assert len(world.builds()) == 1


def test_a_role_that_codebuild_cannot_assume_yet_is_waited_for(world: World) -> None:
    iam = world.aws.client("iam")
    role = world.role.rpartition("/")[2]
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(NOBODY))
    lines: list[str] = []

    def progress(line: str) -> None:
        lines.append(line)
        if "cannot assume the build role yet" in line:
            iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))

    layer = world.layer()
    order = Order(Token(layer.fingerprint, 1), "first build")
    assert ensure(layer, order, progress=progress, clock=quick()).version == 1

    assert sum("cannot assume the build role yet" in line for line in lines) == 1
    assert [b["buildStatus"] for b in world.builds()] in (
        ["SUCCEEDED", "FAILED"], ["FAILED", "SUCCEEDED"],
    )  # fmt: skip


NOBODY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"},
        }
    ],
}


class Throttling(BaseHTTPRequestHandler):
    """Refuses as many calls as its server says, then knows no build."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        assert isinstance(server, Endpoint)
        server.calls += 1
        refused = server.calls <= server.refusals
        body = b'{"__type": "ThrottlingException"}' if refused else b'{"builds": []}'
        self.send_response(400 if refused else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        """Say nothing."""


class Endpoint(ThreadingHTTPServer):
    """An endpoint of CodeBuild on loopback."""

    refusals = 0
    calls = 0


@pytest.fixture(name="endpoint")
def endpoint_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    server = Endpoint(("127.0.0.1", 0), Throttling)
    monkeypatch.setenv("AWS_ENDPOINT_URL_CODEBUILD", f"http://127.0.0.1:{server.server_port}")
    with serving(server):
        yield server


def test_a_throttled_call_is_tried_far_beyond_three_times(endpoint: Endpoint) -> None:
    endpoint.refusals = 15
    codebuild = CodeBuild(Session(Credentials(), "eu-central-1"), "shop-layers", "bucket")

    assert codebuild.state("shop-layers:1") is None
    assert endpoint.calls == 16


def test_a_call_that_waits_for_long_says_so_meanwhile(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.refusals = 8

    CodeBuild(Session(Credentials(), "eu-central-1"), "shop-layers", "bucket").state("shop:1")

    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said[0].startswith("AWS throttles BatchGetBuilds; asking again in ")
    assert len(said) < 8, "short pauses are not worth a line"


def test_a_call_that_is_throttled_for_minutes_says_so(endpoint: Endpoint) -> None:
    endpoint.refusals = 9999
    codebuild = CodeBuild(Session(Credentials(), "eu-central-1"), "shop-layers", "bucket")

    with pytest.raises(NotNow, match="ThrottlingException") as caught:
        codebuild.state("shop-layers:1")

    assert isinstance(caught.value, AwsError)
    assert 20 <= endpoint.calls < 40
