import asyncio
import io
import json
from typing import Any

from embedded.calls import INTERNAL, PRINCIPAL
from embedded.ministack.gateway import Message, Receive, Recorder, Send


async def answering(scope: Message, receive: Receive, send: Send) -> None:
    """An application that reads its request and says yes."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"yes"})


def call(headers: dict[str, str], path: str = "/", *body: bytes) -> tuple[list[Any], list[Any]]:
    """Make a request of several pieces, return what was recorded and what was sent."""
    journal = io.StringIO()
    sent: list[Any] = []
    pieces = [
        {"type": "http.request", "body": part, "more_body": number < len(body)}
        for number, part in enumerate(body or (b"",), start=1)
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }

    async def receive() -> Message:
        return pieces.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Recorder(answering, journal)(scope, receive, send))
    return [json.loads(line) for line in journal.getvalue().splitlines()], sent


def test_the_operation_in_a_form_of_several_pieces_is_found() -> None:
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "host": "iam.local"}
    recorded, _ = call(form, "/", b"Action=Crea", b"teRole&Version=2010-05-08")
    assert [(r["service"], r["operation"], r["status"]) for r in recorded] == [
        ("iam", "CreateRole", 200)
    ]


def test_the_agent_learns_whose_call_it_was() -> None:
    recorded, sent = call({"X-Amz-Target": "CodeBuild_20161006.StartBuild"})
    assert recorded[0]["operation"] == "StartBuild"
    assert [name for name, _ in sent[0]["headers"]] == [PRINCIPAL.encode()]


def test_what_codebuild_asks_behind_the_scenes_is_not_recorded() -> None:
    headers = {"X-Amz-Target": "CodeBuild_20161006.StartBuild", "User-Agent": f"x {INTERNAL}"}
    recorded, sent = call(headers)
    assert recorded == []
    assert sent[-1]["body"] == b"yes"


def test_the_health_check_is_no_call() -> None:
    assert call({}, "/_ministack/health")[0] == []


def test_a_call_that_cannot_be_named_is_answered_and_counted() -> None:
    recorded, sent = call({"X-Amz-Target": "Nothing.Known"}, "/\udcff")
    assert len(recorded) == 1
    assert sent[0]["status"] == 200
