"""The image that a layer's next release will be, by its tag, as far as a plan can know that.

Who names an image before it is there does not wait for the release that makes it. A release takes
an image that is there before it pushes another one (publish.find_version), so the tag is not
always that of the next approval.
"""

from __future__ import annotations

from builder.builds.push import ordered
from builder.layer.attempt import Attempt
from builder.layer.layer import Layer
from builder.layer.record import Record
from builder.layer.token import Token
from builder.protocol.statuses import AT_REST, FORCED
from builder.release.plan import Plan


def next_image(layer: Layer, planned: Plan, *, waits: bool) -> str:
    """Return ``REPOSITORY:TAG`` of a layer that is an image; read only.

    In async mode (``waits`` is false) an apply may end before the image is there: so it is that of
    the last release, if there is one.
    """
    release = planned.release
    if release is not None and (planned.status in AT_REST or not waits):
        return release.image_by_tag
    record = layer.records.load_or_new()
    attempt = Attempt.after(
        record.attempt, planned.token, fresh=planned.status == FORCED, reason="", started_at=""
    )
    there = _there(layer, record, attempt) or _pushed(layer, attempt) or planned.token
    registry = layer.services.registries.registry()
    return f"{registry}/{layer.site.layer_name}:{there.tag}"


def image_there(layer: Layer, planned: str) -> str:
    """Return the planned image if a release has made it, else ""."""
    record = layer.records.load_or_new()
    known = (each for each in record.all_releases if each.layer_arn not in record.pruned)
    return planned if any(each.image_by_tag == planned for each in known) else ""


def _there(layer: Layer, record: Record, attempt: Attempt) -> Token | None:
    """Return what the image was approved by that a release of the attempt would take."""
    recorded = record.release_of_fingerprint(attempt.fingerprint, attempt.since)
    gone = {*record.refused, *record.pruned}
    found = [
        (recorded is not None and recorded.layer_arn == version.arn, token)
        for version in layer.services.layers.versions(layer.site.layer_name)
        if version.arn not in gone and (token := Token.parse(version.token)) is not None
    ]
    fitting = [each for each in found if _fits(each[1], attempt)]
    return max(fitting, default=(False, None), key=lambda each: (each[0], each[1].number))[1]


def _pushed(layer: Layer, attempt: Attempt) -> Token | None:
    """Return the approval of a push that is under way, which the release would join."""
    states = layer.services.codebuild.states([attempt.push] if attempt.push else [])
    for order, state in ordered(states):
        token = Token.parse(order.token)
        if state.running and token is not None and _fits(token, attempt):
            return token
    return None


def _fits(token: Token, attempt: Attempt) -> bool:
    return token.fingerprint == attempt.fingerprint and token.number >= attempt.since
