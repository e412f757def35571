import json
from dataclasses import replace
from typing import Any

import pytest

from builder.errors import LayerError
from builder.layer.attempt import Attempt, Lesson
from builder.layer.handover import Handover
from builder.layer.record import KEPT_RELEASES, SCHEMA, Lease, Pin, Record
from builder.layer.sharing import Sharing
from builder.layer.token import Token
from tests.builder.remembered import B, attempt_of, release_of


def test_a_record_comes_back_from_json_as_it_was() -> None:
    record = Record(
        "web",
        consumed=3,
        handover=Handover(3, ("api", "*"), {"api": "no"}, {"old": 1}),
        current=release_of(2),
        attempt=attempt_of(3, B, build_id="web:3", failure="no", fresh=True, since=3),
        lease=Lease("me", 12.5),
        releases=(release_of(2), release_of(1)),
        pinned=Pin(release_of(1), "alice", "2026-01-01T00:00:00Z", "v2 is bad"),
    )

    assert Record.from_json(record.to_json(), "here") == record


def of_a_newer_version() -> dict[str, Any]:
    """Return a record as JSON, with a key that we do not know in every table of it."""
    record = Record(
        "web",
        handover=Handover(2, ("api",)),
        current=release_of(2),
        attempt=attempt_of(3, B, lessons={"": Lesson("no", "then")}),
        lease=Lease("me", 12.5),
        releases=(release_of(2), release_of(1)),
        pinned=Pin(release_of(1), "alice", "2026-01-01T00:00:00Z"),
        sharing=Sharing("arn", ("123456789012",)),
        lessons={"python3.12": Lesson("no", "then")},
    )
    document: dict[str, Any] = json.loads(record.to_json())
    for table in (
        document, document["handover"], document["current"], document["attempt"],
        document["attempt"]["lessons"][""], document["lease"], *document["releases"],
        document["pinned"], document["pinned"]["release"], document["sharing"],
        document["lessons"]["python3.12"],
    ):  # fmt: skip
        table |= {"newer": {"a": [1, None]}, "unknown": "a name like any other"}
    return document


def test_keys_that_we_do_not_know_are_kept_wherever_they_are() -> None:
    document = of_a_newer_version()

    assert json.loads(Record.from_json(json.dumps(document), "here").to_json()) == document


def test_keys_that_we_do_not_know_survive_changes_of_what_they_are_said_of() -> None:
    record = Record.from_json(json.dumps(of_a_newer_version()), "here")
    adopted = record.published(release_of(4, B, version=2)).handed_over(Handover(4, ("api",)))

    written = json.loads(adopted.to_json())

    assert written["newer"] == {"a": [1, None]}
    assert written["attempt"] is None
    assert written["current"]["number"] == 4
    assert written["current"]["newer"] == {"a": [1, None]}
    assert [release["newer"] for release in written["releases"]] == [{"a": [1, None]}] * 2
    assert written["lessons"][""]["newer"] == {"a": [1, None]}
    assert "newer" not in written["handover"]  # it is of another release


def test_an_attempt_that_goes_on_under_another_number_keeps_what_is_said_of_it() -> None:
    last = Record.from_json(json.dumps(of_a_newer_version()), "here").attempt
    assert last is not None

    following = Attempt.after(last, Token(B, 4), fresh=False, reason="", started_at="now")

    assert following.unknown == last.unknown != {}


@pytest.mark.parametrize("schema", [SCHEMA + 1, 99])
def test_a_record_of_a_newer_schema_asks_for_an_upgrade_and_not_for_its_end(schema: int) -> None:
    document = {**of_a_newer_version(), "schema": schema}

    with pytest.raises(LayerError, match="written by a newer version") as caught:
        Record.from_json(json.dumps(document), "s3://bucket/web/record.json")

    assert caught.value.where == "s3://bucket/web/record.json"
    assert "pip install --upgrade" in caught.value.fix
    assert "delete" not in caught.value.fix


def test_a_record_of_before_there_were_pins_can_be_read() -> None:
    document = json.loads(Record("web", current=release_of(1)).to_json())
    del document["pinned"]

    assert Record.from_json(json.dumps(document), "here").pinned is None


def test_a_release_while_the_layer_is_pinned_leaves_the_pin() -> None:
    pin = Pin(release_of(1), "alice", "2026-01-01T00:00:00Z")

    assert Record("web", pinned=pin).published(release_of(2)).pinned == pin


def test_the_builds_of_several_targets_come_back_from_json_too() -> None:
    record = Record(
        "web",
        current=replace(release_of(2), builds={"python3.12": "web:1"}),
        attempt=attempt_of(
            3,
            builds={"python3.12": "web:4"},
            failed=("python3.12", "python3.13"),
            distrust={"python3.12": 3, "": 3},
        ),
    )

    assert Record.from_json(record.to_json(), "here") == record


def test_a_record_of_before_layers_had_several_builds_can_be_read() -> None:
    record = Record("web", current=release_of(1), attempt=attempt_of(2), releases=(release_of(1),))
    document = json.loads(record.to_json())
    for release in (document["current"], *document["releases"]):
        del release["builds"]
    for key in ("builds", "failed", "distrust"):
        del document["attempt"][key]

    assert Record.from_json(json.dumps(document), "here") == record


def test_a_record_of_before_attempts_were_fresh_can_be_read() -> None:
    document = json.loads(Record("web", attempt=attempt_of(1)).to_json())
    del document["attempt"]["fresh"], document["attempt"]["since"]

    assert Record.from_json(json.dumps(document), "here").attempt == attempt_of(1)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "3", '"x"', "{}", '{"schema": 1}', '{"schema": 0}', '{"schema": "2"}',
     json.dumps({**json.loads(Record("web").to_json()), "current": "x"}),
     json.dumps({**json.loads(Record("web").to_json()), "current": {"number": 1}}),
     json.dumps({**json.loads(Record("web").to_json()), "releases": None})],
)  # fmt: skip
def test_a_record_that_cannot_be_read_says_where_it_is_and_that_deleting_it_is_safe(
    text: str,
) -> None:
    with pytest.raises(LayerError, match="record") as caught:
        Record.from_json(text, "s3://bucket/web/record.json")

    assert caught.value.where == "s3://bucket/web/record.json"
    assert "delete the object" in caught.value.fix


def test_a_build_that_is_begun_consumes_its_number() -> None:
    record = Record("web", consumed=4).begun(attempt_of(5))

    assert (record.consumed, record.attempt) == (5, attempt_of(5))


def test_a_release_becomes_current_and_ends_its_attempt() -> None:
    record = Record("web").begun(attempt_of(1)).published(release_of(1))

    assert (record.current, record.attempt, record.consumed) == (release_of(1), None, 1)
    assert record.releases == (release_of(1),)


def test_a_newer_attempt_goes_on_while_an_older_release_is_published() -> None:
    record = Record("web").begun(attempt_of(2, B)).published(release_of(1))

    assert record.attempt == attempt_of(2, B)
    assert record.consumed == 2


def test_a_release_that_was_overtaken_does_not_become_current() -> None:
    record = Record("web").published(release_of(2, B)).published(release_of(1))

    assert record.current == release_of(2, B)
    assert record.releases == (release_of(1), release_of(2, B))


def test_publishing_leaves_the_lease_of_another_caller_alone() -> None:
    lease = Lease("somebody else", 100.0)

    assert Record("web", lease=lease).published(release_of(1)).lease == lease


def test_a_version_that_is_adopted_again_is_listed_once() -> None:
    again = release_of(3, version=1)
    record = Record("web")
    for release in (release_of(1), release_of(2), again):
        record = record.published(release)

    assert record.releases == (again, release_of(2))


def test_a_record_stays_small() -> None:
    record = Record("web")
    for number in range(1, KEPT_RELEASES + 10):
        record = record.published(release_of(number))

    assert len(record.releases) == KEPT_RELEASES
    assert record.releases[0].number == KEPT_RELEASES + 9


# Functions


def test_what_functions_are_owed_belongs_to_one_release() -> None:
    first = Record("web").published(release_of(1))
    assert first.owed(("api",)) == "the functions were not all moved to it yet"
    assert first.owed(()) == ""
    assert Record("web").owed(("api",)) == ""

    moved = first.handed_over(Handover(1, ("api",), behind={"old": 0}))
    assert moved.owed(("api",)) == ""
    assert "old (version 0)" in moved.left_behind()

    second = moved.published(release_of(2))
    assert second.owed(("api",)) != ""
    assert second.left_behind() == ""
    # The older release's moving ends late.
    assert second.handed_over(Handover(1, ("api",))) == second


def test_a_record_without_a_handover_is_one_of_an_older_version() -> None:
    record = Record("web").published(release_of(1))
    document = json.loads(record.to_json())
    del document["handover"]

    assert Record.from_json(json.dumps(document), "s3://b/web/record.json") == record


def test_when_and_why_a_version_was_published_stays_when_it_is_adopted_again() -> None:
    first, second = release_of(1), release_of(2, B)
    back = replace(first, number=3, reason="app.py changed", published_at="later")

    record = Record("web").published(first).published(second).published(back)

    assert record.current == replace(first, number=3)
    assert record.releases == (replace(first, number=3), second)
    assert record.reason == "app.py changed"
    assert record.reason_of(second) == second.reason


def test_moving_functions_is_no_reason_why_a_release_is_current() -> None:
    first, second = release_of(1), release_of(2, B)
    back = replace(first, number=3, reason="app.py changed")
    moved = replace(first, number=4, reason="the functions were not all moved")

    record = Record("web").published(first).published(second).published(back)
    record = record.published(moved, moving=True)

    assert record.current == replace(first, number=4)
    assert record.reason == "app.py changed"
    assert Record.from_json(record.to_json(), "s3://b/web/record.json") == record


def test_a_record_of_an_older_version_says_why_its_release_was_published() -> None:
    document = json.loads(Record("web").published(release_of(1)).to_json())
    del document["chosen_for"]

    assert Record.from_json(json.dumps(document), "s3://b/web/record.json").reason == "first build"
