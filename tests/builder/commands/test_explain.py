import json

from click.testing import CliRunner

from builder.cli import main


def test_a_key_is_explained() -> None:
    done = CliRunner().invoke(main, ["explain", "keep"])
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "keep = 5"
    assert "versions left after each release" in done.stdout
    assert "default:" in done.stdout


def test_all_words_and_json() -> None:
    assert "python" in CliRunner().invoke(main, ["explain"]).stdout.splitlines()
    (found,) = json.loads(CliRunner().invoke(main, ["explain", "stale", "--json"]).stdout)
    assert found["kind"] == "status"
    wrong = CliRunner().invoke(main, ["explain", "nonsense"])
    assert (wrong.exit_code, wrong.stderr.startswith("ERROR: 'nonsense' is no key")) == (1, True)
