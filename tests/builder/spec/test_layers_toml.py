from pathlib import Path

import pytest

from builder.errors import SpecError
from builder.spec.indexes import CodeArtifact, Index
from builder.spec.layers_toml import EXAMPLE, SERVICE_EXAMPLE, load_config
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
    write_tree(tmp_path, {"req.txt": "rich", "tools/setup.sh": "true"})
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
            may_fail = ["web.gui"]
            system_packages = ["libxml2-devel"]
            pre_install = "tools/setup.sh"
            include = ["bin", "lib"]
            indexes = ["house", "artifacts"]
            [indexes.house]
            url = "https://packages.example.com/simple"
            username = "ci"
            secret = "pypi/ci:password"
            [indexes.artifacts]
            codeartifact = { domain = "shop", owner = "123456789012", repository = "python" }
            default = true
            """,
        )
    )

    (web,) = config.layers
    assert (web.package, web.requirements, web.extras) == ("src", ("req.txt",), ("tables",))
    assert (web.python, web.architecture) == (("3.12", "3.13"), "x86_64")
    assert (web.description, web.functions) == ("what the web needs", ("web-api",))
    assert web.exclude == ("tests/**",)
    assert (web.may_fail, web.include) == (("web.gui",), ("bin", "lib"))
    assert (web.system_packages, web.pre_install) == (("libxml2-devel",), "tools/setup.sh")
    assert web.indexes == (
        Index("house", "https://packages.example.com/simple", "ci", "pypi/ci:password"),
        Index(
            "artifacts", codeartifact=CodeArtifact("shop", "123456789012", "python"), default=True
        ),
    )
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
        (APP + WEB + 'pre_install = "gone.sh"\n', "no file 'gone.sh'", "key 'pre_install'"),
        (APP + WEB + 'include = ["sbin"]\n', "include cannot be 'sbin'", "key 'include'"),
        (APP + WEB + 'indexes = ["gone"]\n', "there is no index 'gone'", "key 'indexes'"),
        (APP + WEB + "[indexes]\na = 3\n", "indexes.a is not a table", "[indexes.a]"),
        (APP + WEB + "[indexes.a]\nurl = 3\n", "url has the wrong type", "[indexes.a]"),
        (APP + WEB + "[indexes.a]\nurls = 'x'\n", "unknown key 'urls'", "[indexes.a]"),
        (APP + WEB + "[indexes.a]\n", "the index has no URL", "[indexes.a]"),
        (APP + WEB + "[indexes.a]\ndefault = 'yes'\n", "wrong type", "key 'default'"),
        (APP + WEB + "[indexes.a.codeartifact]\n", "cannot be the domain", "[indexes.a]"),
        (APP + WEB + "[indexes.a.codeartifact]\nhost = ''\n", "unknown key", "'codeartifact'"),
        (APP + WEB.replace('"arm64"', '["arm64", "x86_64"]'), "cannot be for", "'architecture'"),
        (APP + WEB + 'split = "python"\n', "cannot be split by 'python'", "key 'split'"),
        (APP + WEB + "keep = 0\n", "keep has the wrong type", "key 'keep'"),
        (APP + WEB + "keep = true\n", "keep has the wrong type", "key 'keep'"),
        (APP + WEB + 'keep = "5"\n', "keep has the wrong type", "key 'keep'"),
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


def test_a_missing_file_is_explained_with_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no layers\.toml") as caught:
        load_config(tmp_path / "layers.toml")

    assert "lambda-layer init" in caught.value.fix


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
        ({"src/web.py": ""}, "'src' has no pyproject.toml and no setup.py"),
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


def test_a_package_may_have_a_setup_py_alone(tmp_path: Path) -> None:
    write_tree(tmp_path, {"src/setup.py": ""})

    config = load_config(written(tmp_path, APP + WEB + 'package = "src"\n'))
    assert config.layer("web").package == "src"


def test_the_project_itself_may_be_the_package(tmp_path: Path) -> None:
    write_tree(tmp_path, PACKAGE)

    assert load_config(written(tmp_path, APP + WEB + 'package = "."\n')).layer("web").package == "."


def test_an_unknown_layer_is_answered_with_those_there_are(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, APP + WEB))

    with pytest.raises(SpecError, match="no layer 'wep'") as caught:
        config.layer("wep")

    assert caught.value.expected == "one of: web"


def test_a_layer_that_is_split_is_one_layer_a_target(tmp_path: Path) -> None:
    text = WEB.replace('["3.13"]', '["3.12", "3.13"]').replace('"arm64"', '["arm64", "x86_64"]')
    config = load_config(written(tmp_path, APP + text + 'split = "target"\n'))

    assert [(layer.name, str(*layer.targets)) for layer in config.layers] == [
        ("web-python312-arm64", "python3.12 on arm64"),
        ("web-python312-x86-64", "python3.12 on x86_64"),
        ("web-python313-arm64", "python3.13 on arm64"),
        ("web-python313-x86-64", "python3.13 on x86_64"),
    ]
    assert all(layer.dependencies == ("rich",) for layer in config.layers)


def test_two_layers_that_end_up_with_one_name_are_refused(tmp_path: Path) -> None:
    other = WEB.replace("layers.web", "layers.web-python313-arm64")
    error = refused(tmp_path, APP + WEB + 'split = "target"\n' + other)

    assert error.what == "two layers are named 'web-python313-arm64'"
    assert "[layers.web] and layers.toml [layers.web-python313-arm64]" in error.where


def test_an_index_of_the_defaults_is_for_all_layers(tmp_path: Path) -> None:
    text = '[defaults]\nindexes = ["a"]\n[indexes.a]\nurl = "https://a.example/simple"\n'
    config = load_config(written(tmp_path, APP + text + WEB))

    assert config.layer("web").indexes == (Index("a", "https://a.example/simple"),)


def test_how_many_versions_are_kept_is_a_default_that_a_layer_can_change(tmp_path: Path) -> None:
    other = WEB.replace("web", "other")
    path = written(tmp_path, APP + "[defaults]\nkeep = 5\n" + WEB + other + "keep = 2\n")

    assert [layer.keep for layer in load_config(path).layers] == [5, 2]
    assert load_config(written(tmp_path, APP + WEB)).layer("web").keep == 0


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


def test_a_typing_error_in_the_applications_name_is_pointed_out(tmp_path: Path) -> None:
    error = refused(tmp_path, '[app]\nnmae = "billing"\n' + WEB)

    assert (error.what, error.fix) == ("unknown key 'nmae'", "did you mean 'name'?")


@pytest.mark.parametrize("key", ["python", "dependencies", "exclude", "functions", "include"])
def test_a_string_where_a_list_belongs_is_refused_with_the_list(tmp_path: Path, key: str) -> None:
    keys = {"dependencies": '["rich"]', "python": '["3.13"]', "architecture": '"arm64"'}
    keys[key] = '"web"'
    lines = "".join(f"{name} = {value}\n" for name, value in keys.items())
    error = refused(tmp_path, f"{APP}[layers.web]\n{lines}")

    assert error.what == f"{key} has the wrong type: 'web'"
    assert error.where == f"layers.toml [layers.web], key {key!r}"
    assert (error.expected, error.fix) == ("a list of strings", f'write {key} = ["web"]')


def test_a_string_where_a_list_belongs_is_refused_in_the_defaults_too(tmp_path: Path) -> None:
    error = refused(tmp_path, APP + '[defaults]\nslim = "tests"\n' + WEB)

    assert (error.where, error.fix) == (
        "layers.toml [defaults], key 'slim'",
        'write slim = ["tests"]',
    )


def test_one_requirements_file_and_one_architecture_need_no_list(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.txt": "rich"})
    one = load_config(written(tmp_path, APP + WEB + 'requirements = "a.txt"\n'))
    listed = WEB.replace('"arm64"', '["arm64"]') + 'requirements = ["a.txt"]\n'

    assert one == load_config(written(tmp_path, APP + listed))


@pytest.mark.parametrize("text", ["keep = " + "9" * 5000, "keep = " + "[" * 5000])
def test_toml_that_python_cannot_hold_is_refused(tmp_path: Path, text: str) -> None:
    assert "layers.toml cannot be read" in refused(tmp_path, APP + WEB + text + "\n").what


def test_a_layers_toml_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    deep = refused(tmp_path, APP + WEB + ".".join("a" * 200) + " = 1\n")
    large = refused(tmp_path, APP + WEB + "# " + "x" * (1 << 20))

    assert "nested more than 60 levels" in deep.what
    assert "at most 1,048,576 are read" in large.what


SERVICE = """
[services.ledger]
command = ["ledger", "--port", "{port}", "--data", "{data}"]
image_tag = "1"
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
"""


def test_services_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    config = load_config(
        written(tmp_path, APP + WEB + SERVICE.replace("ledger]", "zoo]") + SERVICE)
    )

    assert [service.name for service in config.services] == ["zoo", "ledger"]
    assert config.services[0].command == ("ledger", "--port", "{port}", "--data", "{data}")
    assert config.services[0].subnets == ("subnet-0123abcd",)


def test_the_example_of_a_service_that_errors_show_is_right(tmp_path: Path) -> None:
    text = APP + WEB + "[services.ledger]\n" + SERVICE_EXAMPLE

    assert len(load_config(written(tmp_path, text)).services) == 1


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("services = 3\n", "services has the wrong type"),
        ("[services]\nledger = 3\n", "services.ledger is not a table"),
        (SERVICE.replace("command", "comand"), "unknown key 'comand'"),
        (SERVICE.replace("command", "#"), "service 'ledger' does not say its command"),
        (SERVICE.replace('["ledger"', '[1, "ledger"'), "command has the wrong type"),
        (SERVICE + "cpu = 0\n", "cpu has the wrong type"),
        (SERVICE + "cpu = 1000\n", "Fargate has no task with 1000 CPU units"),
        (SERVICE.replace("vpc = ", "# ").replace("subnets", "#"), "'ledger' has no network"),
        (SERVICE.replace("ledger]", "layers]"), "'layers' cannot name a service"),
    ],
)
def test_a_service_that_cannot_be_right_is_refused(tmp_path: Path, text: str, what: str) -> None:
    before = text if text.startswith("services =") else ""
    error = refused(tmp_path, before + APP + WEB + ("" if before else text))

    assert what in error.what
    assert error.fix


def test_a_service_whose_name_is_too_long_with_the_applications_is_refused(tmp_path: Path) -> None:
    app = APP.replace("billing", "b" * 28)

    assert "has 35 characters" in refused(tmp_path, app + WEB + SERVICE).what


def test_a_service_may_be_in_the_applications_network(tmp_path: Path) -> None:
    network = (
        '{ id = "vpc-0123abcd", subnets = ["subnet-0123abcd"], security_groups = ["sg-0123abcd"] }'
    )
    text = SERVICE.replace("vpc = ", "# ").replace("subnets", "#")
    app = APP.replace("[app]\n", f"[app]\nvpc = {network}\n")
    compute = WEB.rstrip() + '\ncompute = "container"\n'

    assert load_config(written(tmp_path, app + compute + text)).services[0].vpc == ""
