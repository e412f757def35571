"""One thing done to many items: the order of the answers, and the first error."""

import os
import threading

import pytest

from builder.worker.processors import TOGETHER, each


@pytest.mark.parametrize("count", [0, 1, TOGETHER, 3 * TOGETHER + 1])
def test_the_answers_are_in_the_order_of_the_items(count: int) -> None:
    assert each(str, range(count)) == [str(number) for number in range(count)]


def test_the_answers_are_in_order_when_later_items_are_done_first() -> None:
    last = 2 * TOGETHER - 1
    is_done = threading.Event()

    def action(item: int) -> int:
        if item == last:
            is_done.set()
        # With one processor there is one thread, and it cannot wait for itself.
        if item == 0 and (os.cpu_count() or 1) > 1:
            assert is_done.wait(60)
        return item

    assert each(action, range(last + 1)) == list(range(last + 1))


def test_the_first_error_by_the_items_order_is_raised() -> None:
    def action(item: int) -> None:
        if item in (TOGETHER - 1, 2 * TOGETHER):
            raise ValueError(str(item))

    with pytest.raises(ValueError, match=f"^{TOGETHER - 1}$"):
        each(action, range(3 * TOGETHER))
