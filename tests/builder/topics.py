"""A topic, and a queue with what was sent to it."""

import json
from typing import Any

from tests.builder.conftest import World


def topic_of(world: World) -> tuple[str, str]:
    """Make a topic and a queue that listens to it; return both."""
    sns, sqs = world.aws.client("sns"), world.aws.client("sqs")
    topic = sns.create_topic(Name=world.name)["TopicArn"]
    arn = f"arn:aws:sqs:eu-central-1:123456789012:{world.name}"
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    queue = sqs.create_queue(QueueName=world.name, Attributes={"Policy": policy})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue


def read(world: World, queue: str) -> list[dict[str, Any]]:
    """Return the messages of a queue."""
    sqs = world.aws.client("sqs")
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]
