"""SNS: notify people."""

from __future__ import annotations

from typing import Any

from builder.aws.session import Session, explained

SUBJECT_LIMIT = 100
"""Characters of a subject: ASCII, no line breaks (Amazon SNS API reference, "Publish")."""


class Topics:
    """The topics of an account and region."""

    def __init__(self, session: Session) -> None:
        self._sns: Any = session.client("sns")

    def publish(self, arn: str, *, subject: str, message: str) -> None:
        """Send a message to all subscribers of a topic."""
        plain = " ".join(subject.encode("ascii", "replace").decode().split())
        with explained("sns:Publish", arn):
            self._sns.publish(TopicArn=arn, Subject=plain[:SUBJECT_LIMIT], Message=message)
