"""Run the release machine's random interleavings for some seconds and say what they met."""

import sys
import time

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak.machine import TOTALS, ReleaseMachine

BATCH = settings(
    max_examples=200,
    stateful_step_count=40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def main(seconds: float) -> None:
    """Stop at the first example that breaks an invariant: hypothesis prints it, made small."""
    ends, batch = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        run_state_machine_as_test(seed(batch)(ReleaseMachine), settings=BATCH)
        batch += 1
    for name, number in sorted(TOTALS.items()):
        sys.stdout.write(f"{name:<10}{number:>10,}\n")
    sys.stdout.write(f"{'broken':<10}{0:>10}\n")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 300.0)
