import pytest

from builder.aws.session import Session
from builder.aws.topics import SUBJECT_LIMIT, Topics
from builder.errors import AwsError
from tests.builder.conftest import World


class Recorder:
    """An SNS client that remembers what was published."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []

    def publish(self, **request: str) -> None:
        self.sent.append(request)


def test_a_subject_is_what_sns_takes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    monkeypatch.setattr(Session, "client", lambda *_a, **_k: recorder)

    Topics(world.session).publish("arn", subject="läyer\nfailed " + "x" * 200, message="all\nof it")

    (sent,) = recorder.sent
    assert sent["Subject"].startswith("l?yer failed xxx")
    assert len(sent["Subject"]) == SUBJECT_LIMIT
    assert sent["Message"] == "all\nof it"


def test_a_topic_that_is_not_there_is_named(world: World) -> None:
    gone = f"arn:aws:sns:eu-central-1:123456789012:{world.name}"
    with pytest.raises(AwsError) as caught:
        Topics(world.session).publish(gone, subject="s", message="m")
    assert caught.value.where == gone
