import pytest

from builder.errors import SpecError
from builder.query import Query
from tests.builder.conftest import World
from tests.builder.hooks import query_of


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"x"'])
def test_a_query_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="query cannot be used"):
        Query.parse(text)


def test_a_query_is_strings() -> None:
    query = Query.parse('{"a": "x", "b": null}')

    assert (query["a"], query.get("b"), query.get("d")) == ("x", "", "")
    with pytest.raises(SpecError, match="it has no 'b'"):
        query["b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": true}', "a is True, not a text"),
        ('{"a": {"b": "c"}}', "a is {'b': 'c'}, not a text"),
        ('["a"]', "it is ['a'], not a table"),
        ('{"a": "x", "a": "y"}', "a key stands twice"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
        ("[" * 100_000, "nested more than"),
        ("", "not JSON"),
    ],
)
def test_a_query_of_anything_else_is_refused(text: str, problem: str) -> None:
    with pytest.raises(SpecError) as caught:
        Query.parse(text)

    assert problem in caught.value.what


def test_a_flag_is_true_only_when_it_says_true() -> None:
    query = Query({"yes": "true", "no": "false", "empty": ""})

    assert [query.flag(key) for key in ("yes", "no", "empty", "absent")] == [True] + [False] * 3


def test_a_layer_is_where_the_query_says(world: World) -> None:
    query = query_of(world)
    layer = query.layer(query.connect())

    assert layer.site == world.layer().site
    assert (layer.root, layer.spec) == (world.root, world.layer().spec)


def test_each_layer_is_asked_what_all_are_and_its_own() -> None:
    query = Query({"region": "r", "web.root": ".", "a-b.root": "..", "web.spec": '{"a.b": 1}'})

    each = {name: dict(one.fields) for name, one in query.each().items()}

    assert each == {
        "web": {"region": "r", "root": ".", "spec": '{"a.b": 1}'},
        "a-b": {"region": "r", "root": ".."},
    }


def test_a_query_without_a_layer_is_refused_as_that_of_an_older_version() -> None:
    with pytest.raises(SpecError, match=r"names no layer.*synthesize again"):
        Query({"region": "r", "spec": "{}"}).each()


@pytest.mark.parametrize("key", ["debug_mode", "web.debug_mode"])
def test_debug_mode_of_one_layer_is_that_of_the_process(key: str) -> None:
    assert Query({"web.root": ".", key: "true"}).debugs
    assert not Query({"web.root": ".", key: "false"}).debugs
