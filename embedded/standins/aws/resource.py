"""What all resources of hashicorp/aws have in common: region, tags, things that are gone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from embedded.standins.aws.connection import Client, Connection
from embedded.standins.resource import Resource
from embedded.standins.values import UNKNOWN, State, Value

T = TypeVar("T")


class AwsResource(Resource[Connection]):
    """A resource of hashicorp/aws; ``service`` is the service's name in boto."""

    service: str

    def client(self, aws: Connection, state: State) -> Client:
        """Return the client for the resource's region (an argument since version 6.0)."""
        return aws.client(self.service, state.get("region"))

    def plan(self, meta: Connection, prior: State | None, planned: State, config: State) -> None:
        """Plan ``region`` and ``tags_all``, as the real provider does for every resource."""
        if "region" in planned and config.get("region") is None:
            planned["region"] = meta.region
        if "tags_all" in planned:
            before = prior["tags_all"] if prior else None
            planned["tags_all"] = self.all_tags(meta, planned, config) or _no_tags(prior, before)

    def prepare(self, meta: Connection, planned: State) -> None:
        """Know ``tags_all`` when it was planned as unknown."""
        if planned.get("tags_all") is UNKNOWN:
            planned["tags_all"] = self.all_tags(meta, planned, planned)

    def all_tags(self, meta: Connection, planned: State, config: State) -> Value:
        """Return the resource's tags and the provider's default ones; UNKNOWN if they are."""
        tags = planned["tags"]
        return tags if tags is UNKNOWN else {**meta.default_tags, **(tags or {})}


def _no_tags(prior: State | None, before: Value) -> Value:
    # The SDK cannot plan an empty map where there was none or a full one, so the provider leaves it
    # to be known after apply.
    return UNKNOWN if prior is None or before else {}


def gone(call: Callable[[], T], *codes: str) -> T | None:
    """Return None when AWS answers with one of the error codes: what we asked for is not there."""
    try:
        return call()
    except ClientError as error:
        if error_code(error) in codes:
            return None
        raise


def error_code(error: ClientError) -> str:
    """Return AWS's code for the error, for example ``NoSuchBucket``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def set_tags(aws: Connection, state: State, found: Mapping[str, str]) -> None:
    """Put the tags that AWS reports into the state.

    Default tags of the provider are in ``tags_all`` only, unless the resource sets them too.
    """
    tags_all = aws.own_tags(found)
    asked = state.get("tags") or {}
    own = {
        key: text
        for key, text in tags_all.items()
        if key in asked or aws.default_tags.get(key) != text
    }
    state["tags_all"] = tags_all
    state["tags"] = own or (None if state.get("tags") is None else {})


def tag_list(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[Any]:
    """Return tags in the shape most services want."""
    return [{key: name, value: text} for name, text in sorted((tags or {}).items())]


def tag_map(tags: list[Any] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Return tags as a map."""
    return {tag[key]: tag[value] for tag in tags or []}


def dropped(prior: State, planned: State) -> list[str]:
    """Return the keys of tags that an update removes."""
    return sorted(set(prior["tags_all"] or {}) - set(planned["tags_all"] or {}))


def document(found: Value) -> str:
    """Return a policy that boto has read, or not, as JSON text."""
    return found if isinstance(found, str) else json.dumps(found, separators=(",", ":"))


def same_document(kept: Value, found: Value) -> str:
    """Return the policy found, in the text we know if it says the same."""
    text = document(found)
    try:
        return str(kept) if json.loads(kept) == json.loads(text) else text
    except (TypeError, ValueError):
        return text


def normalized(text: str) -> str:
    """Return a JSON document as Go writes it, which the provider does for some arguments."""
    written = json.dumps(
        json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written


def chosen_name(state: State, name: str = "name", prefix: str = "name_prefix") -> str:
    """Return the configured name, or a new one with the prefix.

    The unique part has the form of the SDK's: 26 digits.
    """
    if isinstance(state.get(name), str) and state[name]:
        return str(state[name])
    given = state.get(prefix)
    start = given if isinstance(given, str) and given else "terraform-"
    return f"{start}{uuid.uuid4().int % 10**26:026d}"


def prefix_of(state: State, prefix: str = "name_prefix") -> str:
    """Return the configured prefix; the real provider writes "" when there is none."""
    given = state.get(prefix)
    return given if isinstance(given, str) else ""


def cut(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request without what is not set."""
    return {
        name: value
        for name, value in request.items()
        if value is not UNKNOWN and value not in (None, "")
    }


def only(blocks: Value) -> State | None:
    """Return the one block of a list that holds at most one."""
    return blocks[0] if isinstance(blocks, list) and blocks else None
