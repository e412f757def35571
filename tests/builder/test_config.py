from pathlib import Path

import pytest

from builder.config import EXAMPLE, load_config
from builder.errors import SpecError
from tests.builder.conftest import PACKAGE, write_tree

APP = '[app]\nname = "billing"\n'
WEB = '[layers.web]\ndependencies = ["rich"]\npython = ["3.13"]\narchitecture = "arm64"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "layers.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load_config(written(folder, text))
    return caught.value


def test_layers_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, APP + WEB.replace("web", "zoo") + WEB))

    assert [layer.name for layer in config.layers] == ["zoo", "web"]
    assert config.app.name == "billing"


def test_the_example_that_errors_show_is_right(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, EXAMPLE)).layer("web").dependencies == ("requests",)


def test_every_key_arrives_in_the_spec(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"src/{name}": text for name, text in PACKAGE.items()})
    write_tree(tmp_path, {"req.txt": "rich"})
    config = load_config(
        written(
            tmp_path,
            """
            [app]
            name = "billing"
            region = "eu-west-1"
            backend = { bucket = "state", key = "billing", region = "eu-west-1" }
            [layers.web]
            package = "src"
            requirements = "req.txt"
            dependencies = ["rich"]
            extras = ["tables"]
            python = ["3.12", "3.13"]
            architecture = "x86_64"
            description = "what the web needs"
            exclude = ["tests/**"]
            functions = ["web-api"]
            """,
        )
    )

    (web,) = config.layers
    assert (web.package, web.requirements, web.extras) == ("src", ("req.txt",), ("tables",))
    assert (web.python, web.architecture) == (("3.12", "3.13"), "x86_64")
    assert (web.description, web.functions) == ("what the web needs", ("web-api",))
    assert web.exclude == ("tests/**",)
    assert config.app.region == "eu-west-1"
    assert config.app.backend == {"bucket": "state", "key": "billing", "region": "eu-west-1"}


def test_defaults_hold_for_layers_that_do_not_say_otherwise(tmp_path: Path) -> None:
    config = load_config(
        written(
            tmp_path,
            APP + '[defaults]\npython = ["3.12"]\narchitecture = "arm64"\n'
            '[layers.web]\ndependencies = ["rich"]\n'
            '[layers.old]\ndependencies = ["rich"]\npython = ["3.9"]\n',
        )
    )

    assert config.layer("web").python == ("3.12",)
    assert config.layer("old").python == ("3.9",)


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("[app", "not TOML", "layers.toml"),
        (WEB, "application has no name", "layers.toml [app]"),
        (APP, "no layer is described", "layers.toml"),
        ("[app]\nname = 3\n" + WEB, "name has the wrong type", "[app], key 'name'"),
        ("[app]\nname = 'Billing'\n" + WEB, "cannot name an application", "[app]"),
        ("app = 3\n" + WEB, "app has the wrong type", "layers.toml, key 'app'"),
        ("defaults = 3\n" + APP + WEB, "defaults has the wrong type", "key 'defaults'"),
        (APP + "[layers]\nweb = 3\n", "layers.web is not a table", "[layers.web]"),
        (APP + WEB + "[layrs.x]\n", "unknown key 'layrs'", "layers.toml"),
        (APP + WEB + "pyton = []\n", "unknown key 'pyton'", "[layers.web]"),
        (APP + WEB.replace('["3.13"]', "3.13"), "python has the wrong type", "key 'python'"),
        (APP + WEB.replace('["3.13"]', '["3.7"]'), "no runtime python3.7", "key 'python'"),
        (APP + WEB.replace('python = ["3.13"]', ""), "not say its python", "[layers.web]"),
        (APP + WEB.replace('"arm64"', '"arm"'), "no architecture 'arm'", "key 'architecture'"),
        (APP + WEB + 'extras = ["a", 3]\n', "extras has the wrong type", "key 'extras'"),
        (APP + WEB + 'package = ""\n', "outside the project", "key 'package'"),
        (APP + WEB + 'package = "gone"\n', "no folder 'gone'", "key 'package'"),
        (APP + WEB + 'requirements = ["gone.txt"]\n', "no file 'gone.txt'", "'requirements'"),
        (APP + '[defaults]\npackage = "x"\n' + WEB, "unknown key 'package'", "[defaults]"),
        (APP + "[layers.Web]\n" + WEB.partition("\n")[2], "cannot name a layer", "[layers.Web]"),
        (
            APP + 'backend = { bucket = "b", key = "k" }\n' + WEB,
            "backend has no region",
            "[app.backend]",
        ),
    ],
)
def test_a_mistake_is_refused_with_file_key_and_what_was_expected(
    tmp_path: Path, text: str, what: str, where: str
) -> None:
    error = refused(tmp_path, text)

    assert what in error.what
    assert where in error.where
    assert error.expected
    assert error.fix


def test_a_typing_error_in_a_key_is_pointed_out(tmp_path: Path) -> None:
    assert refused(tmp_path, APP + WEB + "pyton = []\n").fix == "did you mean 'python'?"


def test_a_missing_file_is_explained_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no layers\.toml") as caught:
        load_config(tmp_path / "layers.toml")

    assert EXAMPLE in caught.value.fix


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read") as caught:
        load_config(tmp_path)

    assert caught.value.fix


def test_a_file_as_windows_editors_write_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "layers.toml"
    path.write_bytes(("\ufeff" + APP + WEB).replace("\n", "\r\n").encode())

    assert load_config(path).layer("web").python == ("3.13",)


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"src/web.py": ""}, "'src' has no pyproject.toml"),
        ({"src/pyproject.toml": ""}, "'src' has no Python file"),
        ({"src/pyproject.toml": "", "src/.venv/x.py": ""}, "'src' has no Python file"),
        ({"src": ""}, "no folder 'src'"),
    ],
)
def test_a_package_needs_a_pyproject_and_a_python_file(
    tmp_path: Path, files: dict[str, str], what: str
) -> None:
    write_tree(tmp_path, files)
    error = refused(tmp_path, APP + WEB + 'package = "src"\n')

    assert what in error.what
    assert f"looked in {tmp_path})" in error.where


def test_the_project_itself_may_be_the_package(tmp_path: Path) -> None:
    write_tree(tmp_path, PACKAGE)

    assert load_config(written(tmp_path, APP + WEB + 'package = "."\n')).layer("web").package == "."


def test_an_unknown_layer_is_answered_with_those_there_are(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, APP + WEB))

    with pytest.raises(SpecError, match="no layer 'wep'") as caught:
        config.layer("wep")

    assert caught.value.expected == "one of: web"


def test_the_application_says_whether_releases_are_waited_for(tmp_path: Path) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:builds"
    said = f'sync_mode = false\nasync = true\nnotify = "{topic}"\n'
    app = load_config(written(tmp_path, APP + said + WEB)).app

    assert (app.sync_mode, app.async_mode, app.notify) == (False, True, topic)
    silent = load_config(written(tmp_path, APP + WEB)).app
    assert (silent.sync_mode, silent.async_mode, silent.notify) == (None, False, "")


@pytest.mark.parametrize("said", ["sync_mode = 1", 'sync_mode = "false"', 'async = "yes"'])
def test_a_flag_is_true_or_false(tmp_path: Path, said: str) -> None:
    with pytest.raises(SpecError, match="wrong type") as caught:
        load_config(written(tmp_path, f"{APP}{said}\n{WEB}"))
    assert caught.value.expected == "true or false"


def test_a_topic_is_named_by_its_arn(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="'builds' is not the ARN of an SNS topic") as caught:
        load_config(written(tmp_path, f'{APP}notify = "builds"\n{WEB}'))
    assert "key 'notify'" in caught.value.where
