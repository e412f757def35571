import json
import threading
from pathlib import Path
from typing import Any

import pytest

from embedded.standins.errors import ProviderError
from embedded.standins.external import External
from tests.embedded.standins.conftest import Stack

ECHO = "import json, sys; print(json.dumps({'got': sys.stdin.read(), 'args': sys.argv[1:]}))"
ANSWER = """
import json, sys
json.dump({key: f"<{text}>" for key, text in json.load(sys.stdin).items()}, sys.stdout)
"""


def read(*program: str | None, **config: Any) -> dict[str, Any]:
    config = {"program": list(program), "query": None, "working_dir": None, **config}
    return External().read(None, config, threading.Event())


def python(code: str, *arguments: str, **config: Any) -> dict[str, str]:
    result: dict[str, str] = read("python3", "-c", code, *arguments, **config)["result"]
    return result


def refusal(*program: str, **config: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        read(*program, **config)
    assert caught.value.path == ("program",)
    return caught.value


def test_the_program_gets_the_query_and_its_answer_is_the_result() -> None:
    answer = read("python3", "-c", ANSWER, query={"a": "1", "é": ""})
    assert answer["result"] == {"a": "<1>", "é": "<>"}
    assert answer["id"] == "-"


def test_empty_arguments_and_null_query_values_are_dropped() -> None:
    code = ECHO.replace("'args': sys.argv[1:]", "'args': ' '.join(sys.argv[1:])")
    result = python(code, "", "x", query={"a": None, "b": "1"})
    assert result == {"got": '{"b": "1"}', "args": "x"}


def test_no_query_is_an_empty_object() -> None:
    assert python("import sys; print('{\"got\": \"' + sys.stdin.read() + '\"}')") == {"got": "{}"}


def test_the_program_runs_in_its_working_directory(tmp_path: Path) -> None:
    code = "import json, os; print(json.dumps({'cwd': os.getcwd()}))"
    assert python(code, working_dir=str(tmp_path)) == {"cwd": str(tmp_path)}
    assert python(code, working_dir="") == {"cwd": str(Path.cwd())}


def test_a_null_in_the_answer_is_an_empty_string() -> None:
    assert python("print('{\"a\": null}')") == {"a": ""}


def test_what_a_good_program_says_on_stderr_is_not_shown() -> None:
    assert python("import sys; sys.stderr.write('progress'); print('{}')") == {}


def test_what_a_failing_program_says_on_stderr_is_shown() -> None:
    error = refusal("python3", "-c", "import sys; sys.exit('the bucket is full')")
    assert error.summary == "External Program Execution Failed"
    assert "the bucket is full" in error.detail
    assert "exit status 1" in error.detail


@pytest.mark.parametrize("answer", ["", "no json", "[]", '"text"', '{"a": 1}', '{"a": {}}'])
def test_an_answer_that_is_no_object_of_strings_is_refused(answer: str) -> None:
    error = refusal("printf", "%s", answer) if answer else refusal("true")
    assert error.summary == "Unexpected External Program Results"


def test_a_program_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/false")
    assert refusal("no-such-program").summary == "External Program Lookup Failed"
    assert refusal("./no-such-program").summary == "External Program Lookup Failed"
    assert refusal("", "").summary == "External Program Missing"


def test_an_interrupt_kills_the_program() -> None:
    interrupted = threading.Event()
    threading.Timer(0.3, interrupted.set).start()
    config = {"program": ["sleep", "600"], "query": None, "working_dir": None}
    with pytest.raises(ProviderError, match="Execution Failed") as caught:
        External().read(None, config, interrupted)
    assert "signal: 9" in caught.value.detail


def test_terraform_reads_the_data_source_and_shows_its_error(stack: Stack) -> None:
    script = stack.folder / "hook.py"
    script.write_text(ANSWER)
    program = ["python3", str(script)]
    data = {"external": {"it": {"program": program, "query": {"a": "1"}}}}
    output = {"it": {"value": "${data.external.it.result.a}"}}
    stack.write({}, data=data, output=output, provider={})
    stack.apply()
    assert stack.terraform.outputs() == {"it": "<1>"}
    assert stack.changes() == {}

    script.write_text("import sys; sys.exit('layers.toml: no such layer')")
    said = stack.refused("plan")
    assert "External Program Execution Failed" in said
    assert "layers.toml: no such layer" in said

    stack.write({}, data={"external": {"it": {"program": []}}}, provider={})
    assert "Invalid value for program" in stack.refused()


def test_a_read_waits_for_apply_when_something_it_depends_on_changes(stack: Stack) -> None:
    ran = stack.folder / "ran"
    code = f"open({json.dumps(str(ran))}, 'a').write('x'); print('{{}}')"
    trigger: dict[str, Any] = {"terraform_data": {"it": {"input": "1"}}}
    data = {
        "external": {
            "it": {"program": ["python3", "-c", code], "depends_on": ["terraform_data.it"]}
        }
    }
    stack.write(trigger, data=data, provider={})
    stack.run("plan")
    assert not ran.exists()
    stack.apply()
    assert ran.read_text() == "x"
    stack.run("plan")
    assert ran.read_text() == "xx"
