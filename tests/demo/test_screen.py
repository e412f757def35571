from __future__ import annotations

import pytest

from demo.screen import Screen


def test_a_cell_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """What a layer's code says of itself is no markup of ours."""
    Screen().table(("import", "from"), [("web", "ValueError: [/red] [bold]x")])
    assert "ValueError: [/red] [bold]x" in capsys.readouterr().out
