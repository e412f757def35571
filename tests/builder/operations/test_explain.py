import re

import pytest

from builder import errors
from builder.errors import LayerError
from builder.operations.explain import STATUSES, explain, words
from builder.protocol import statuses
from builder.spec.fields import FIELDS


def test_every_status_is_explained() -> None:
    known = {v for name, v in vars(statuses).items() if name.isupper() and isinstance(v, str)}
    assert known == STATUSES.keys()


@pytest.mark.parametrize("word", words())
def test_every_word_is_explained_with_what_it_means(word: str) -> None:
    for found in explain(word):
        assert found.text
        assert all(found.facts.values())


def test_the_words_are_all_keys_statuses_and_errors() -> None:
    assert {field.name for field in FIELDS} <= set(words())
    kinds = {n for n, k in vars(errors).items() if isinstance(k, type)}
    assert kinds <= set(words())


@pytest.mark.parametrize(
    ("word", "tables"),
    [
        ("region", ["[app]", "[app.backend]", "[indexes.NAME.codeartifact]"]),
        ("app.region", ["[app]"]),
        ("app.backend.region", ["[app.backend]"]),
        ("indexes.house.codeartifact.region", ["[indexes.NAME.codeartifact]"]),
        ("layers.web.keep", ["[defaults] or [layers.NAME]"]),
        ("layers.keep", ["[defaults] or [layers.NAME]"]),
        ("defaults.keep", ["[defaults] or [layers.NAME]"]),
    ],
)
def test_a_key_may_be_written_with_its_table(word: str, tables: list[str]) -> None:
    found = [each.facts["in"] for each in explain(word)]
    assert sorted(" or ".join(sorted(each.split(" or "))) for each in found) == sorted(tables)


def test_what_builds_again_is_said() -> None:
    assert explain("python")[0].facts["a change"] == "builds the layer again"
    assert explain("keep")[0].facts["a change"] == "builds nothing"


@pytest.mark.parametrize(
    ("word", "fix"), [("stael", "did you mean 'stale'"), ("pyhton", "'python'"), ("?", "without")]
)
def test_a_wrong_word_gets_the_nearest(word: str, fix: str) -> None:
    with pytest.raises(LayerError) as caught:
        explain(word)
    assert re.search(re.escape(fix), caught.value.fix)
