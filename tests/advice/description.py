"""Rows of errors about layers.toml."""

from builder.spec.layers_toml import SERVICE_EXAMPLE
from tests.advice.rows import Elsewhere, Row, Table, app, index, layer, toml

PROJECT = '[project]\nname = "web"\nversion = "1"\n'
GOOD = Table().text()
SECOND = '\n[layers.other]\ndependencies = ["rich"]\npython = ["3.13"]\narchitecture = "arm64"\n'
HOUSE = '\n[indexes.house]\nurl = "https://packages.example"\n'
SERVICE = f"\n[services.ledger]\n{SERVICE_EXAMPLE}"
IN_PYTHON = Elsewhere(
    "layers.toml cannot say it, because the kinds of values are checked before: only a program "
    "that makes a LayerSpec meets it, and passes what is expected"
)

CHECKS: dict[str, Row] = {
    "text": IN_PYTHON,
    "several": IN_PYTHON,
    "flag": IN_PYTHON,
    "table": IN_PYTHON,
    "layer_name": toml(GOOD.replace("layers.web", "layers.Web"), GOOD, "change name in"),
    "app_name": app("name", '"X"', '"billing"', 'for example name = "billing"'),
    "region": app("region", '"here"', '"eu-west-1"'),
    "topic": app("notify", '"me"', '"arn:aws:sns:eu-west-1:123456789012:b"', "aws sns list-topics"),
    "python": layer("python", "[]", '["3.13"]'),
    "python#2": layer("python", '["2.7"]', '["3.13"]'),
    "python#3": layer("python", '["3.13", "3.13"]', '["3.13"]'),
    "architecture": layer("architecture", '"riscv"', '"arm64"'),
    "path": layer("package", '"../web"', ""),
    "dependencies": layer("dependencies", '["a b"]', '["rich>=1"]'),
    "dependencies#2": layer(
        "dependencies",
        '["x @ https://me:secret@packages.example/x-1.tar.gz"]',
        '["x"]',
        "describe the index under [indexes.NAME]",
    ),
    "_address": layer(
        "dependencies", '["x @ file:///x"]', '["rich"]', "name a folder of the project"
    ),
    "_address#2": layer(
        "dependencies",
        '["x @ https://${HOST}/x-1.tar.gz"]',
        '["x @ https://packages.example/x-1.tar.gz"]',
        "write the URL without it",
    ),
    "extras": layer("extras", '["a b"]', ""),
    "description": layer("description", f'"{"x" * 300}"', '"short"'),
    "keep": IN_PYTHON,
    "functions": layer("functions", '["a:1"]', '["a"]'),
    "lambda_name": layer(
        "layer_name", '"arn:aws:lambda:eu-west-1:123456789012:layer:deps:7"', '"deps"'
    ),
    "share": layer("share", '["*"]', '["123456789012"]', "name accounts or an organization"),
    "share#2": layer(
        "share", '["123456789012", "123456789012"]', '["123456789012"]', "change share in"
    ),
    "parameter": layer("parameter", '"web"', '"/layers/web"'),
    "modules": layer("may_fail", '["a-b"]', '["a.b"]'),
    "rpm_names": layer("system_packages", '["-y"]', '["libxml2-devel"]', "write a script"),
    "indexes": IN_PYTHON,
    "indexes#2": toml(
        Table(layer={"indexes": '["house", "house"]'}).text() + HOUSE,
        Table(layer={"indexes": '["house"]'}).text() + HOUSE,
        "change indexes in",
    ),
    "indexes#3": toml(
        Table(layer={"indexes": '["a", "b"]'}).text()
        + HOUSE.replace("house", "a") + "default = true\n"
        + HOUSE.replace("house", "b") + "default = true\n",
        Table(layer={"indexes": '["a", "b"]'}).text()
        + HOUSE.replace("house", "a")
        + HOUSE.replace("house", "b") + "default = true\n",
        "leave default = true to the one",
    ),
    "contents": layer("dependencies", "", '["requests"]', 'dependencies = ["requests"]'),
    "extras_have_a_package": layer(
        "extras", '["email"]', "", "dependencies = ['pydantic[email]']",
        dependencies='["pydantic[email]"]',
    ),
    "lambda_compute": layer(
        "compute", '"lambda"', '"auto"', 'use compute = "auto" or "container"', python='["3.9"]'
    ),
    "lambda_compute#2": layer(
        "compute", '"lambda"', '"container"', 'use compute = "auto" or "container"',
        system_packages='["libpq"]',
    ),
    "check_word": layer("compute", '"ec2"', '"auto"'),
    "check_words": layer("slim", '["everything"]', '["docs"]'),
}  # fmt: skip

CODEARTIFACT = '{ domain = "shop", owner = "123456789012", repository = "python" }'

INDEXES: dict[str, Row] = {
    "_check_name": toml(GOOD + HOUSE.replace("house", "House"), GOOD + HOUSE, "change name in"),
    "_check_url": index("url", '"packages"', '"https://packages.example"', "for example url ="),
    "_check_url#2": index(
        "url", '"https://me:pw@packages.example"', '"https://packages.example"',
        "put the password into Secrets Manager", username='"me"', secret='"ci:pw"',
    ),
    "_check_url#3": index("url", '"https://packages.example?a"', '"https://packages.example"'),
    "_check_url#4": index(
        "url", '"http://packages.example"', '"https://packages.example"',
        username='"me"', secret='"ci:pw"',
    ),
    "_check_login": index("secret", "", '"ci:pw"', 'add secret = "..."', username='"me"'),
    "_check_login#2": index(
        "secret", '"pass word"', '"pypi/ci:password"', 'for example secret = "pypi/ci:password"',
        username='"me"',
    ),
    "_check_login#3": index("username", '"m e"', '"me"', secret='"ci:pw"'),
    "_check_codeartifact": index(
        "url", '"https://packages.example"', "", "remove url", codeartifact=CODEARTIFACT
    ),
    "_check_codeartifact#2": index(
        "codeartifact", CODEARTIFACT.replace("123456789012", "shop"), CODEARTIFACT, url=""
    ),
}  # fmt: skip

OF_A_PLAN = Elsewhere("the advice is a plan: tests/terraform/test_existing_roles.py makes it")
OTHER_VERSION = Elsewhere("only another version of this program writes such a spec")

LAYERS_TOML: dict[str, Row] = {
    "load_config": toml('[app]\nname = "billing"\n', GOOD, "for example"),
    "_parse": Elsewhere("`lambda-layer init` is followed in tests/builder/commands/test_init.py"),
    "_parse#2": toml("[app", GOOD, "correct the line named"),
    "_parse#3": Elsewhere("a folder in the file's place; --config is followed by test_cli.py"),
    "_app": toml(GOOD.replace('name = "billing"', ""), GOOD, 'add:\n[app]\nname = "billing"'),
    "_check_backend": app(
        "backend", '{ bucket = "b", key = "k" }',
        '{ bucket = "b", key = "k", region = "eu-west-1" }', 'add region = "eu-west-1"',
    ),
    "_table": toml("indexes.house = 1\n" + GOOD, GOOD + HOUSE, "[indexes.house]\nurl ="),
    "_check_names": toml(
        Table(layer={"split": '"target"'}).text()
        + SECOND.replace("other", "web-python313-arm64"),
        Table(layer={"split": '"target"'}).text() + SECOND,
        "rename one of them",
    ),
    "_check_names#2": toml(
        Table(layer={"parameter": '"/web"'}).text() + SECOND + 'parameter = "/web"\n',
        Table(layer={"parameter": '"/web"'}).text() + SECOND + 'parameter = "/other"\n',
        "name another one in one of them",
    ),
    "_check_names#3": toml(
        Table(layer={"layer_name": '"billing-other"'}).text() + SECOND,
        Table().text() + SECOND,
        "remove layer_name from one of them",
    ),
    "_layers": layer("architecture", "", '"arm64"', 'add architecture = "arm64"'),
    "_index": toml(
        Table(layer={"indexes": '["house"]'}).text(),
        Table(layer={"indexes": '["house"]'}).text() + HOUSE, "add [indexes.house] with url",
    ),
    "_check_file": layer("requirements", '"r.txt"', "", "correct the path"),
    "_check_package": layer("package", '"src"', "", "correct the path"),
    "_check_package#2": toml(
        Table(layer={"package": '"src"'}).text(),
        Table(layer={"requirements": '"src/r.txt"'}).text(), "or use requirements = FILE",
        {"src/r.txt": "rich\n"},
    ),
    "_check_package#3": toml(
        Table(layer={"package": '"a"'}).text(), Table(layer={"package": '"b"'}).text(),
        "name the folder that holds the package's source",
        {"a/pyproject.toml": PROJECT, "b/pyproject.toml": PROJECT, "b/web.py": ""},
    ),
    "_unknown": Elsewhere("the right name is given by tests/builder/spec/test_layers_toml.py"),
    "_services": toml(
        GOOD + SERVICE.replace("command", "#"), GOOD + SERVICE, "for example:\ncommand = "
    ),
    "_services#2": toml(
        GOOD + SERVICE.partition("vpc")[0], GOOD + SERVICE, 'add vpc = "vpc-..." and subnets = '
    ),
}  # fmt: skip

SPLIT: dict[str, Row] = {
    "split": layer("split", '"python"', '"target"', 'write for example split = "target"'),
    "split#2": layer(
        "functions", '["a"]', "", "give the functions their layer in Terraform", split='"target"'
    ),
    "split#3": layer("parameter", '"/web"', "", "remove parameter", split='"target"'),
    "_name": toml(
        Table(layer={"split": '"target"'}).text().replace("layers.web", f"layers.{'w' * 60}"),
        Table(layer={"split": '"target"'}).text(),
        "choose a shorter name",
    ),
    "_several": layer("architecture", "[]", '"arm64"', 'write for example architecture = "arm64"'),
    "_several#2": layer(
        "architecture", '["arm64", "x86_64"]', '"arm64"', "or name one architecture"
    ),
}

TOML_KEYS: dict[str, Row] = {
    "check_keys": layer("pyhton", '["3.13"]', "", "did you mean 'python'?"),
    "_wrong_kind": layer("python", '"3.13"', '["3.13"]', 'write python = ["3.13"]'),
}

HOUSE_IMAGE = "python3.13-arm64=registry.example.com/house/python:1"
IMAGES: dict[str, Row] = {
    "images": layer("images", '["python:3.13"]', f'["{HOUSE_IMAGE}"]', "build-images write it"),
    "images#2": layer(
        "images", '["python3.13-arm64=python"]', f'["{HOUSE_IMAGE}"]', "build-images write it"
    ),
    "images#3": layer(
        "images", '["python3.13-arm64=aws/codebuild/standard:7.0"]', "", "take the entry out"
    ),
    "images#4": layer(
        "images", f'["{HOUSE_IMAGE}", "{HOUSE_IMAGE}2"]', f'["{HOUSE_IMAGE}"]', "take one of them"
    ),
    "check_own": layer(
        "images", f'["{HOUSE_IMAGE}"]', "", "take images out, or compute", compute='"lambda"'
    ),
    "check_own#2": layer(
        "images", f'["{HOUSE_IMAGE.replace("arm64", "x86_64")}"]', "", "take the entry out"
    ),
}

SERVER = SECOND.replace("other", "server") + "image = true\n"
OF_LAYER = SERVICE.replace('image_tag = "1"', 'layer = "server"')
X86 = 'architecture = "x86_64"\n'

SERVICE_LAYERS: dict[str, Row] = {
    "on_layer": toml(
        GOOD + SERVER.replace("image = true", "") + OF_LAYER,
        GOOD + SERVER + OF_LAYER,
        "add image = true to layers.toml [layers.server]",
    ),
    "on_layer#2": toml(
        GOOD + SERVER + OF_LAYER + X86,
        GOOD + SERVER + OF_LAYER,
        "take architecture out of the service",
    ),
    "_unknown": toml(
        GOOD + SERVER + OF_LAYER.replace('"server"', '"serve"'),
        GOOD + SERVER + OF_LAYER,
        "did you mean 'server'?",
    ),
}

FILES: dict[str, dict[str, Row]] = {
    "builder/spec/build_images.py": IMAGES,
    "builder/spec/checks.py": CHECKS,
    "builder/spec/indexes.py": INDEXES,
    "builder/spec/layers_toml.py": LAYERS_TOML,
    "builder/spec/service_layers.py": SERVICE_LAYERS,
    "builder/spec/split.py": SPLIT,
    "builder/spec/toml_keys.py": TOML_KEYS,
    "builder/spec/role_spec.py": {
        **dict.fromkeys(("roles_of_plan", "roles_of_plan#2"), OF_A_PLAN),
        "check_policies": Elsewhere("fewer names: tests/terraform/test_many_layers.py follows it"),
    },
    "builder/spec/layer_spec.py": {"from_json": OTHER_VERSION, "from_json#2": OTHER_VERSION},
}
