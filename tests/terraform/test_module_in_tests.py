"""`terraform test` of a root that calls the module, as docs/module.md says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.terraform.conftest import Make
from tests.terraform.packages import write

FORMS = ("module",)

PAGE = Path(__file__).parents[2] / "docs" / "module.md"


def test_a_test_file_that_stands_in_for_the_module_asks_aws_nothing(make: Make) -> None:
    (text,) = re.findall(r"```\n(mock_provider .*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    root = make()
    with root.edited() as document:
        document["output"] = {"layers_of_api": {"value": ['${module.layers.arns["web"]}']}}
    write(root.folder / "tests" / "api.tftest.hcl", text)
    done = root.run("test")
    assert "1 passed, 0 failed" in done.said
    assert list(done.calls) == []
