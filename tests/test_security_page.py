"""docs/security.md names tests that are there, and counts the attacks that are tried."""

import re
from pathlib import Path

from tests.hostile.attacks import OWN_AND_HARMLESS, attacks

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


class Anything(dict[str, str]):
    """Settings that have whatever is asked for."""

    def __missing__(self, key: str) -> str:
        return "0"


class Client:
    """A service that is never called."""

    def __getattr__(self, name: str) -> object:
        return None


def test_every_test_that_the_page_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py|test_\w+\.py)`", PAGE)
    there = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/**/*.py")}
    missing = [name for name in named if not any(path.endswith(name) for path in there)]

    assert len(named) > 15
    assert missing == []


def test_the_page_has_every_attack_that_is_allowed_and_their_number() -> None:
    rows = [f"| {name} | {why} |" for name, why in OWN_AND_HARMLESS.items()]

    assert [row for row in rows if row not in PAGE] == []
    assert f"tries {len(attacks(lambda _service: Client(), Anything()))} calls" in PAGE
