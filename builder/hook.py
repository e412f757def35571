"""Terraform's hooks: the query of `data "external"` in, its flat answer out.

Both hooks answer for what is there and raise only when the answer would be a lie: wrong account,
an outdated plan, a failed release. Rules: DESIGN.md, "Plan never writes".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.aws.services import connect
from builder.aws.session import Credentials, Session
from builder.errors import LayerError, PlanOutdated, RecordError, SourceError, SpecError
from builder.layer.layer import Layer
from builder.layer.pin import pin_of
from builder.layer.record import Record, Release
from builder.layer.site import Site
from builder.layer.token import Token
from builder.progress import Progress
from builder.protocol.statuses import (
    AT_REST,
    BUILDING,
    CURRENT,
    FAILED,
    FORCED,
    INVALID,
    PINNED,
    UNMOVED,
)
from builder.release.plan import plan
from builder.release.release import Order, advance, ensure
from builder.spec.layer_spec import LayerSpec

log = logging.getLogger(__name__)


Answer = dict[str, str]


@dataclass(frozen=True)
class Query:
    """What Terraform asks: the layer and the flags (docs/protocol.md)."""

    fields: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read the JSON object of strings that the external provider writes to stdin."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise _bad_query(f"it is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise _bad_query("it is no JSON object")
        return cls({key: str(value) for key, value in document.items() if value is not None})

    def __getitem__(self, key: str) -> str:
        if key not in self.fields:
            raise _bad_query(f"it has no {key!r}")
        return self.fields[key]

    def get(self, key: str) -> str:
        """Return an optional field, "" when it is absent."""
        return self.fields.get(key, "")

    def flag(self, key: str) -> bool:
        """Return a boolean field."""
        return self.get(key) == "true"

    def with_flag(self, key: str) -> Query:
        """Return the query with a flag set."""
        return Query({**self.fields, key: "true"})

    @property
    def waits(self) -> bool:
        """Whether the release hook waits for builds."""
        return self.get("sync_mode") in {"", "true"}

    def layer(self) -> Layer:
        """Return the layer that the query is about, connected to AWS."""
        session = Session(Credentials(self.get("profile"), self.get("role_arn")), self["region"])
        session.require(self["account"])
        site = Site(
            layer_name=self["layer_name"],
            bucket=self["bucket"],
            project=self["project"],
            build_role=self["build_role"],
            log_group=self["log_group"],
            account=self["account"],
            region=self["region"],
        )
        spec = LayerSpec.from_json(self["spec"])
        services = connect(session, bucket=site.bucket, project=site.project)
        return Layer(spec, Path(self["root"]).resolve(), site, services)


def plan_hook(query: Query) -> Answer:
    """Answer what the layer needs; read-only.

    A spec, source or record that cannot be used gives status ``invalid`` with the error as reason,
    because a failed hook would also make `terraform destroy` fail; a precondition refuses it at
    plan.
    """
    try:
        layer = query.layer()
    except SpecError as error:
        return _invalid(None, error)
    try:
        answer = plan(layer, force=query.flag("force_rebuild"), waits=query.waits)
    except RecordError as error:
        return _invalid(None, error)
    except SourceError as error:
        return _invalid(_last_release(layer), error)
    described = describe(answer.release, answer.status, answer.reason, answer.functions)
    if answer.status == PINNED:
        return {**described, "token": str(answer.token)}
    return {**described, "token": str(answer.token), "fingerprint": answer.token.fingerprint}


def release_hook(query: Query, progress: Progress) -> Answer:
    """Run the build if, and only if, apply has approved it; else answer what is there."""
    planned = Query.parse(query["plan"])
    if planned["status"] in {*AT_REST, INVALID}:
        return {key: planned.get(key) for key in describe(None, "", "")}
    token = Token.parse(planned["token"])
    layer = query.layer()
    record = layer.records.load_or_new()
    approved = layer.approved()
    log.debug("%s: approved is %s, planned %s", layer.name, approved, token)
    pin = pin_of(layer, record)
    if pin is not None:
        # It was pinned after the plan was made.
        return describe(pin.release, PINNED, str(pin))
    if token is None or approved != token or not _open(record, token):
        return _as_is(layer, record, planned, token)
    if planned["status"] == BUILDING and not query.waits:
        # Its approval is not new, so this may be a plan; and the build is released by itself.
        return _as_is(layer, record, planned, token)
    _refuse_outdated(layer, token)
    order = Order(
        token,
        query["reason"],
        fresh=planned["status"] == FORCED,
        debug=query.flag("debug_mode"),
    )
    release = (ensure if query.waits else advance)(layer, order, progress=progress)
    record = layer.records.load() or record
    if release is None:
        return describe(record.current, BUILDING, query["reason"], record.left_behind())
    return describe(release, CURRENT, record.reason_of(release), record.left_behind())


def describe(release: Release | None, status: str, reason: str, functions: str = "") -> Answer:
    """Return the part of an answer that both hooks have."""
    said = {"status": status, "reason": reason, "functions": functions}
    if release is None:
        empty = dict.fromkeys(
            ("layer_arn", "version", "fingerprint", "unzipped_size", "zipped_size", "packages"), ""
        )
        return {**empty, **said}
    return {
        "layer_arn": release.layer_arn,
        "version": str(release.version),
        "fingerprint": release.fingerprint,
        **said,
        "unzipped_size": str(release.unzipped_size),
        "zipped_size": str(release.zipped_size),
        "packages": str(release.packages),
    }


def _invalid(release: Release | None, error: LayerError) -> Answer:
    return {**describe(release, INVALID, str(error)), "token": INVALID}


def _last_release(layer: Layer) -> Release | None:
    try:
        record = layer.records.load()
    except RecordError:
        return None
    return record.current if record else None


def _open(record: Record, token: Token) -> bool:
    """Whether a number may still be built: it was not begun, or its build goes on elsewhere."""
    if record.consumed < token.number:
        return True
    attempt = record.attempt
    return attempt is not None and attempt.token == token and attempt.is_open


def _as_is(layer: Layer, record: Record, planned: Query, token: Token | None) -> Answer:
    current, attempt, behind = record.current, record.attempt, record.left_behind()
    if token is None:
        return describe(current, planned["status"], planned["reason"], behind)
    if current is not None and current.token >= token and current.fingerprint == token.fingerprint:
        owed = record.owed(layer.spec.functions)
        status, reason = (UNMOVED, owed) if owed else (CURRENT, record.reason)
        return describe(current, status, reason, behind)
    if attempt is not None and not attempt.is_open and attempt.fingerprint == token.fingerprint:
        return describe(current, FAILED, attempt.failure, behind)
    return describe(current, planned["status"], planned["reason"], behind)


def _refuse_outdated(layer: Layer, token: Token) -> None:
    if layer.fingerprint == token.fingerprint:
        return
    raise PlanOutdated(
        f"the source of layer {layer.name!r} changed after the plan was made",
        where=f"planned fingerprint {token.fingerprint[:12]}, "
        f"fingerprint of {layer.root} now {layer.fingerprint[:12]}",
        expected="the same source at plan and apply",
        fix="run plan again and apply that plan; nothing was built",
    )


def _bad_query(problem: str) -> LayerError:
    return SpecError(
        f"the hook's query cannot be used: {problem}",
        where="standard input",
        expected='the JSON object that Terraform\'s data "external" writes (docs/protocol.md)',
        fix="the hooks are for Terraform; by hand use `lambda-layer plan` and `lambda-layer build`",
    )
