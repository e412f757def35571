import json
from pathlib import Path

from click.testing import CliRunner

from builder.cli import main
from builder.spec.schema import schema


def test_the_schema_is_printed_and_written(tmp_path: Path) -> None:
    assert json.loads(CliRunner().invoke(main, ["schema"]).stdout) == schema()

    file = tmp_path / "s.json"
    done = CliRunner().invoke(main, ["schema", "-o", str(file)])
    assert json.loads(file.read_text()) == schema()
    assert "#:schema ./layers.schema.json" in done.stderr


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["schema", "-o", str(tmp_path / "gone" / "s.json")])
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr
