"""Terraform's hooks: the query of `data "external"` in, its flat answer out.

Both hooks answer for what is there and raise only when the answer would be a lie: wrong account,
an outdated plan, a failed release. Rules: DESIGN.md, "Plan never writes".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from builder.aws.services import Services
from builder.errors import (
    InfrastructureError,
    LayerError,
    PlanOutdated,
    RecordError,
    SourceError,
    SpecError,
)
from builder.inputs.publisher_code import described as described_publisher
from builder.layer.layer import Layer
from builder.layer.pin import pin_of
from builder.layer.record import Record, Release
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
    UNSHARED,
)
from builder.query import Query
from builder.release.foreseen import candidate, sizes_of
from builder.release.plan import plan
from builder.sizes.candidate import Candidate

log = logging.getLogger(__name__)


Answer = dict[str, str]

LOOKS = 8
"""Layers that are looked at at once: as many as botocore has connections (10) allows."""


def connect_for_plan(query: Query) -> Services:
    """Return the services with which a plan looks at all layers; raise as Query.connect does."""
    layers = (one.get("layer_name") for one in query.each().values())
    return query.connect(looks_at={name for name in layers if "/" not in name})


def plan_hook(query: Query, services: Services | None = None) -> Answer:
    """Answer what each layer needs, name to JSON; read-only.

    A spec, source or record that cannot be used gives status ``invalid`` with the error as reason,
    because a failed hook would also make `terraform destroy` fail; a precondition refuses it at
    plan. It disturbs no other layer.
    """
    asked = query.each()
    services = services or connect_for_plan(query)
    with ThreadPoolExecutor(LOOKS) as pool, ThreadPoolExecutor(1) as beside:
        # Made while AWS answers: it takes as long as a few calls.
        code = beside.submit(described_publisher if query.flag("publisher") else dict)
        names = sorted({name for one in asked.values() for name in one.roles})
        lacking = query.lacking_roles(names, pool)
        looked = pool.map(partial(_planned, services=services, lacking=lacking), asked.values())
        found = dict(zip(asked, looked, strict=True))
    sizes = sizes_of({name: one for name, (_, one) in found.items() if one})
    answers = {name: {**answer, **sizes.get(name, {})} for name, (answer, _) in found.items()}
    return {**code.result(), **{name: json.dumps(answer) for name, answer in answers.items()}}


def publisher_hook(query: Query) -> None:
    """Store the publisher function's zip, which the plan hook has named."""
    from builder.operations.publisher_zip import upload

    upload(query.connect().store, query["key"])


def _planned(
    query: Query, services: Services, lacking: Collection[str] = ()
) -> tuple[Answer, Candidate | None]:
    """Return the answer about one layer, and what there is to say of its size."""
    try:
        layer = query.layer(services)
    except SpecError as error:
        return _invalid(None, error), None
    try:
        answer = plan(layer, force=query.flag("force_rebuild"), waits=_waits(query, layer))
    except RecordError as error:
        return _invalid(None, error), None
    except SourceError as error:
        return _invalid(_last_release(layer), error), None
    absent = [name for name in query.roles if name in lacking]
    if absent:
        return _invalid(answer.release, _no_roles(absent, query["account"])), None
    described = describe(answer.release, answer.status, answer.reason, answer.functions)
    if layer.spec.image:
        # Only here: a plan of other layers does not wait for its imports.
        from builder.release.next_image import next_image

        described["image_by_tag"] = next_image(layer, answer, waits=_waits(query, layer))
    found = candidate(layer, answer)
    if answer.status == PINNED:
        return {**described, "token": str(answer.token)}, found
    fingerprint = answer.token.fingerprint
    return {**described, "token": str(answer.token), "fingerprint": fingerprint}, found


def release_hook(query: Query, progress: Progress) -> Answer:
    """Run the build if, and only if, apply has approved it; else answer what is there."""
    planned = Query.parse(query["plan"])
    if planned["status"] in {*AT_REST, INVALID}:
        return {key: planned.get(key) for key in describe(None, "", "")}
    layer = query.layer(query.connect())
    answer = _released(layer, query, planned, progress)
    if layer.spec.image:
        # Only here: that of other layers does not wait for its imports.
        from builder.release.next_image import image_there

        there = image_there(layer, planned.get("image_by_tag"))
        return {**answer, "image_by_tag": there or answer["image_by_tag"]}
    return answer


def _released(layer: Layer, query: Query, planned: Query, progress: Progress) -> Answer:
    token = Token.parse(planned["token"])
    record = layer.records.load_or_new()
    approved = layer.approved()
    log.debug("%s: approved is %s, planned %s", layer.name, approved, token)
    if token is not None and approved is not None and planned["status"] != FORCED:
        # Another's apply has approved the same sources since: what is to be released is that. A
        # plan's own token is always beyond the approval that it has seen.
        same = approved.fingerprint == token.fingerprint and approved.number > token.number
        token = approved if same else token
    pin = pin_of(layer, record)
    if pin is not None:
        # It was pinned after the plan was made.
        return describe(pin.release, PINNED, str(pin))
    if token is None or approved != token or not _open(record, token):
        return _as_is(layer, record, planned, token)
    waits = _waits(query, layer)
    if planned["status"] == BUILDING and not waits:
        # Its approval is not new, so this may be a plan; and the build is released by itself.
        return _as_is(layer, record, planned, token)
    _refuse_outdated(layer, token)
    # Only here: a plan does not wait for the imports of what it never does.
    from builder.release.release import Order, advance, ensure

    order = Order(
        token,
        query["reason"],
        fresh=planned["status"] == FORCED,
        debug=query.flag("debug_mode"),
    )
    release = (ensure if waits else advance)(layer, order, progress=progress)
    record = layer.records.load() or record
    if release is None:
        return describe(record.current, BUILDING, query["reason"], record.left_behind())
    return describe(release, CURRENT, record.reason_of(release), record.left_behind())


def _waits(query: Query, layer: Layer) -> bool:
    """Whether the layer's release is waited for.

    It is in async mode too where the layer is a hybrid service's image: what the apply tells
    functions to start must be there.
    """
    return query.waits or layer.spec.supervisor


def describe(release: Release | None, status: str, reason: str, functions: str = "") -> Answer:
    """Return the part of an answer that both hooks have."""
    said = {"status": status, "reason": reason, "functions": functions}
    if release is None:
        empty = dict.fromkeys(
            (
                *("layer_arn", "image_uri", "image_by_tag", "version", "fingerprint"),
                *("unzipped_size", "zipped_size", "packages"),
            ),
            "",
        )
        return {**empty, **said}
    return {
        "layer_arn": release.layer_arn,
        "image_uri": release.image_uri,
        "image_by_tag": release.image_by_tag,
        "version": str(release.version),
        "fingerprint": release.fingerprint,
        **said,
        "unzipped_size": str(release.unzipped_size),
        "zipped_size": str(release.zipped_size),
        "packages": str(release.packages),
    }


def _invalid(release: Release | None, error: LayerError) -> Answer:
    return {**describe(release, INVALID, str(error)), "token": INVALID}


def _no_roles(names: Sequence[str], account: str) -> InfrastructureError:
    return InfrastructureError(
        f"there is no role {' and no role '.join(names)}",
        where=f"IAM of account {account}",
        expected='the roles that `lambda-layer roles` says, because roles is "existing" in [app]',
        fix="have them made by who may: lambda-layer roles, and with --format terraform or "
        "--format aws as what makes them",
    )


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
        unshared = record.unshared(layer.spec.share, layer.spec.parameter)
        status, reason = (UNSHARED, unshared) if unshared else (CURRENT, record.reason)
        if owed:
            status, reason = UNMOVED, owed
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
