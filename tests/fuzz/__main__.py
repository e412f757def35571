"""Attack every reader of documents: every byte once, then some seconds of chance.

What ends in a traceback is kept.
"""

import hashlib
import sys
import tempfile
import time
import traceback
from pathlib import Path

from hypothesis import strategies as st

from tests.fuzz import every_byte, mutations
from tests.fuzz.parsers import PARSERS, Parser
from tests.fuzz.test_fuzz import CRASHES, attack, structured

BATCH = 200


def main(seconds: float, first: int, names: list[str]) -> int:
    """Return how many readers broke; each one's smallest document is written to crashes/."""
    broken = 0
    for name in names or PARSERS:
        parser = PARSERS[name]
        changed, crash = _changed(parser)
        tried = 0
        if crash is None:
            tried, crash = _attacked(parser, seconds, first)
        verdict = "BROKEN" if crash else "fine"
        sys.stdout.write(f"{name:<26}{changed:>9,} by a byte {tried:>9,} by chance  {verdict}\n")
        if crash is not None:
            broken += 1
            file = CRASHES / name / hashlib.sha256(crash).hexdigest()[:12]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(crash)
            sys.stdout.write(f"kept as {file}: correct the reader, and commit both\n")
        sys.stdout.flush()
    return broken


def _changed(parser: Parser) -> tuple[int, bytes | None]:
    """Try every document that differs in a byte from one that is taken; return one that breaks."""
    tried = 0
    with tempfile.TemporaryDirectory() as folder:
        for content in every_byte.whole(parser.content):
            tried += 1
            try:
                parser.survives(content, Path(folder))
            except Exception:
                traceback.print_exc(limit=-3)
                return tried, content
    return tried, None


def _attacked(parser: Parser, seconds: float, first: int) -> tuple[int, bytes | None]:
    last: list[bytes] = []

    def noted(content: bytes) -> bytes:
        last[:] = [content]
        return content

    ways: list[st.SearchStrategy[bytes]] = [mutations.contents(parser.content)]
    if parser.document:
        ways.append(structured(parser))
    ends, batch = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        try:
            attack(parser, ways[batch % len(ways)].map(noted), BATCH, first + batch)
        except Exception:
            # The last document that hypothesis tries is the smallest one that fails.
            traceback.print_exc(limit=-3)
            return batch * BATCH, last[0]
        batch += 1
    return batch * BATCH, None


if __name__ == "__main__":
    arguments = sys.argv[1:]
    limit = float(arguments.pop(0)) if arguments else 10.0
    start = int(arguments.pop(0)) if arguments else int(time.time())
    sys.stdout.write(f"seed {start}\n")
    sys.exit(min(main(limit, start, arguments), 1))
