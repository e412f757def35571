"""Attack every reader of documents for some seconds; keep what ends in a traceback."""

import hashlib
import sys
import time
import traceback

from hypothesis import strategies as st

from tests.fuzz import mutations
from tests.fuzz.parsers import PARSERS, Parser
from tests.fuzz.test_fuzz import CRASHES, attack, structured

BATCH = 200


def main(seconds: float, first: int, names: list[str]) -> int:
    """Return how many readers broke; each one's smallest document is written to crashes/."""
    broken = 0
    for name in names or PARSERS:
        tried, crash = _attacked(PARSERS[name], seconds, first)
        sys.stdout.write(f"{name:<26}{tried:>8,} documents  {'BROKEN' if crash else 'fine'}\n")
        if crash is not None:
            broken += 1
            file = CRASHES / name / hashlib.sha256(crash).hexdigest()[:12]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(crash)
            sys.stdout.write(f"kept as {file}: correct the reader, and commit both\n")
        sys.stdout.flush()
    return broken


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
