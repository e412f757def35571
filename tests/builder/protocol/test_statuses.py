from pathlib import Path

from builder.protocol import statuses
from tests.builder.protocol.strings import ROOT, sources, strings

WORDS = {word for name, word in vars(statuses).items() if name.isupper() and isinstance(word, str)}

FIELDS = {
    "builder/functions/mover.py": {"failed"},  # of a function's move
    "builder/operations/service_image.py": {"missing"},
    "builder/operations/service_status.py": {"failed"},  # of a service
    "builder/report/prune.py": {"published"},
    "builder/report/rollback.py": {"pinned"},
    "builder/report/status.py": {"pinned", "published"},
    "builder/report/tables.py": {"published"},
    "hcl/publisher.py": {"building"},  # of a list in the module
}
"""Names of fields and columns, and words of other things, that are spelled like a status."""


def test_the_words_are_all_different() -> None:
    words = [value for name, value in vars(statuses).items() if name.isupper()]
    assert len(WORDS) == len([word for word in words if isinstance(word, str)]) > 10


def test_no_status_stands_bare_anywhere_else() -> None:
    bare = [
        f"{place}:{line}: {text!r}"
        for path in sources()
        if (place := path.relative_to(ROOT).as_posix()) != "builder/protocol/statuses.py"
        for line, text in strings(path.read_text("utf-8"))
        if text in WORDS - FIELDS.get(place, set())
    ]
    assert bare == []


def test_the_exceptions_are_still_needed() -> None:
    for place, words in FIELDS.items():
        found = {text for _, text in strings(Path(ROOT, place).read_text("utf-8"))}
        assert words <= found, place


def test_the_documents_say_what_a_plan_may_say() -> None:
    text = Path(ROOT, "docs/protocol.md").read_text("utf-8")
    said = text.partition("`status` is one of ")[2].partition("\n\n")[0]
    elsewhere = {
        *(statuses.PUBLISHED, statuses.PUBLISHING, statuses.WAITING),  # of `status` and `watch`
        *(statuses.RELEASED, statuses.IGNORED),  # of the publisher function
    }
    assert [word for word in sorted(WORDS - elsewhere) if f"`{word}`" not in said] == []
