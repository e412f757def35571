import json

from builder.documents import plain, typed
from builder.layer.handover import Handover, left_behind, owed
from builder.text import some

DONE = Handover(3, ("api", "tag:a=b"))


def test_a_handover_comes_back_from_json_as_it_was() -> None:
    handover = Handover(3, ("api",), {"api": "no"}, {"old": 1})

    assert typed(Handover, json.loads(json.dumps(plain(handover)))) == handover


def test_nothing_is_owed_to_no_one() -> None:
    assert owed(None, 3, ()) == ""
    assert owed(Handover(2, ("api",), {"api": "no"}), 3, ()) == ""


def test_a_release_owes_until_its_own_functions_were_moved() -> None:
    assert owed(None, 3, ("api",)) == "the functions were not all moved to it yet"
    assert owed(Handover(2, ("api",)), 3, ("api",)) == "the functions were not all moved to it yet"
    assert owed(DONE, 3, ("api", "tag:a=b")) == ""


def test_each_function_that_failed_is_owed_with_its_reason() -> None:
    one = Handover(3, ("api", "b"), {"api": "it is an image"})
    two = Handover(3, ("api", "b"), {"b": "gone", "api": "it is an image"})

    assert owed(one, 3, ("api", "b")) == "1 function was not moved: api (it is an image)"
    assert owed(two, 3, ("api", "b")) == (
        "2 functions were not moved: api (it is an image), b (gone)"
    )


def test_who_was_taken_off_the_list_is_owed_nothing() -> None:
    failed = Handover(3, ("api", "b"), {"api": "it is an image"})

    assert owed(failed, 3, ("b",)) == ""
    assert owed(failed, 3, ("b", "*")) != ""


def test_who_was_put_on_the_list_since_is_owed() -> None:
    assert owed(DONE, 3, ("api", "new", "tag:a=b")) == "functions has been given new since"
    assert owed(DONE, 3, ("api",)) == ""


def test_who_was_left_behind_is_named_with_the_version() -> None:
    behind = Handover(3, ("api",), behind={"old": 1, "older": 2})

    assert left_behind(behind, 3, 7) == (
        "on another version when 7 was published, and not named in functions: "
        "old (version 1), older (version 2)"
    )
    assert left_behind(behind, 4, 8) == ""
    assert left_behind(DONE, 3, 7) == ""
    assert left_behind(None, 3, 7) == ""


def test_a_line_names_some_and_counts_the_rest() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
