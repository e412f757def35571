"""What can go wrong: each error says what failed, where, what was expected, and the fix."""

from __future__ import annotations

import json


class LayerError(Exception):
    """The root of every error a user can cause or meet.

    ``what`` failed in one sentence, ``where`` it was found (a file and key, an object, a build),
    ``expected`` is what would have been right and ``fix`` is what to do now.
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.expected = expected
        self.fix = fix

    def __str__(self) -> str:
        parts = [self.what]
        for label, text in (("where", self.where), ("expected", self.expected), ("fix", self.fix)):
            if text:
                indented = text.replace("\n", "\n" + " " * 12)
                parts.append(f"  {label + ':':<10}{indented}")
        return "\n".join(parts)

    def to_json(self) -> str:
        """Return the error as one JSON object, for ``--json`` users."""
        fields = {"what": self.what, "where": self.where, "expected": self.expected}
        return json.dumps({"error": {**fields, "fix": self.fix, "kind": type(self).__name__}})


class SpecError(LayerError):
    """The description of a layer is wrong: layers.toml, or the spec given to a construct.

    ``key`` is the one that is wrong in the table ``where``, "" where it is none alone.
    """

    def __init__(self, what: str, *, key: str = "", where: str = "", **fields: str) -> None:
        super().__init__(what, where=f"{where}, key {key!r}" if key else where, **fields)


class SourceError(LayerError):
    """The files of a layer cannot be used as they are."""


class RecordError(LayerError):
    """What is remembered of a layer cannot be read."""


class CredentialsError(LayerError):
    """AWS cannot be called, or it is not the account and region that Terraform works in."""


class InfrastructureError(LayerError):
    """Something the stack declares (bucket, project, role) is not there or cannot be used."""


class BuildFailed(LayerError):
    """A build ended without an artifact; ``cause`` says why in one sentence, for the record.

    ``elsewhere`` says why another place may do what it could not in one of ``kind`` (a kind of
    builder/spec/compute.py), "" when not.
    """

    def __init__(
        self, what: str, *, cause: str = "", elsewhere: str = "", kind: str = "", **fields: str
    ) -> None:
        super().__init__(what, **fields)
        self.cause = cause or what.splitlines()[0]
        self.elsewhere = elsewhere
        self.kind = kind


class BuildNotProvisioned(BuildFailed):
    """A build ended before it began, because its role could not be assumed."""


class ArtifactError(LayerError):
    """An artifact is not what its manifest or its fingerprint says."""


class PlanOutdated(LayerError):
    """The approved plan no longer says what the working tree says."""


class LayerRetired(PlanOutdated):
    """The layer was retired while it was being released; nothing is left of that release."""


class FunctionsNotMoved(LayerError):
    """A version is published and recorded, and some functions were not moved to it."""


class ConflictError(LayerError):
    """Another process kept changing the same object and we gave up trying."""


class AwsError(LayerError):
    """An AWS call failed for a reason that no other error of ours names."""


class Denied(AwsError):
    """The credentials may not make a call."""


class NotNow(AwsError):
    """AWS refused a call for the moment: throttling, a quota that is used up, a role too young.

    The same call may succeed in a while; ``longest`` says for how many seconds it is worth asking.
    """

    longest = 600.0


class QuotaUsedUp(NotNow):
    """As many builds run or wait as the account may have."""

    longest = 3600.0


class ComputeRefused(AwsError):
    """CodeBuild does not start a build on Lambda compute as it was asked to."""


class RoleNotReady(NotNow):
    """A role cannot be assumed yet: IAM takes seconds to make a new one known everywhere."""

    longest = 120.0


class Unreachable(AwsError):
    """There is no way to AWS for the moment: no network, no name, no answer in time."""

    longest = NotNow.longest


class Unanswered(AwsError):
    """A call got no answer that says whether AWS did what it asked for.

    With ``is_open`` AWS may still be doing it: the connection ended before an answer came. Where
    none was made, it was not even sent.
    """

    def __init__(
        self, *words: str, is_open: bool = False, was_sent: bool = True, **fields: str
    ) -> None:
        super().__init__(*words, **fields)
        self.is_open = is_open
        self.was_sent = was_sent
