"""Rows of errors about options of applications, images, packages and services in layers.toml."""

from builder.spec.layers_toml import SERVICE_EXAMPLE
from tests.advice.rows import Elsewhere, Followed, Row, Table, app, layer, toml

GOOD = Table().text()
VPC = '{ id = "vpc-0123abcd", subnets = ["subnet-0123abcd"], security_groups = ["sg-0123abcd"] }'
KINDS = Elsewhere(
    "layers.toml cannot say it, because its keys and kinds of values are checked before: only a "
    "program that makes the spec meets it, and passes what is expected"
)

APP_OPTIONS: dict[str, Row] = {
    "check_text": app(
        "kms_key", '"alias/ours"', '"arn:aws:kms:eu-west-1:123456789012:key/1234abcd"'
    ),
    "role_path": app("role_path", '"teams"', '"/teams/data/"'),
    "vpc": KINDS,
    "vpc#2": app("vpc", VPC.replace("sg-0123abcd", "default"), VPC, "change vpc.security_groups"),
    "retention": app("log_retention_days", "100", "90"),
    "check_compute": toml(
        Table(app={"vpc": VPC}, layer={"compute": '"auto"'}).text(),
        Table(app={"vpc": VPC}).text(),
        "take compute out",
    ),
}


def image(key: str, wrong: str, right: str, advice: str = "", **others: str) -> Followed:
    """Return a row of a key of a layer that is an image."""
    return layer(key, wrong, right, advice, image="true", **others)


IMAGE_RULES: dict[str, Row] = {
    "check_image": layer("base", '"registry.example/b:1"', "", "or take base out"),
    "check_image#2": layer("supervisor", "true", "", "or take supervisor out"),
    "check_image#3": image("functions", '["api"]', "", "take functions out"),
    "_one_runtime": image("python", '["3.12", "3.13"]', '["3.13"]', "write one layer for each"),
    "_can_supervise": image("python", '["3.9"]', '["3.10"]', supervisor="true"),
    "_can_supervise#2": image("slim", '["boto"]', "", "take boto out of slim", supervisor="true"),
}

PACKAGE_RULES: dict[str, Row] = {
    "age": layer("exclude_newer", '"a month"', '"7 days"', 'exclude_newer = "7 days"'),
    "licences": KINDS,
    "licences#2": layer(
        "licences", '{ deny = ["MIT OR Apache-2.0"] }', '{ deny = ["MIT"] }', "change licences.deny"
    ),
}

EXAMPLE = f"\n[services.ledger]\n{SERVICE_EXAMPLE}"


def service(wrong: str, right: str, advice: str, added: str = "") -> Followed:
    """Return a row of a service: ``right`` is in the example, or comes with it in ``added``."""
    good = EXAMPLE + added
    assert right in good, right
    return toml(GOOD + good.replace(right, wrong), GOOD + good, advice)


COMMAND = SERVICE_EXAMPLE.partition("\n")[0]

SERVICE_FIELDS: dict[str, Row] = {
    "command": service("command = []", COMMAND, "change command in"),
    "command#2": service('command = ["chroma"]', COMMAND, 'for example command = ["chroma"'),
    "__call__": service('health = "up"', 'health = "/up"', "change health in", 'health = "/up"\n'),
    "__call__#2": service("port = 80", "port = 8000", "change port in", "port = 8000\n"),
    "subnets": service('["subnet-X"]', '["subnet-0123abcd"]', "change subnets in"),
    "subnets#2": service(
        '["subnet-0123abcd", "subnet-0123abcd"]', '["subnet-0123abcd"]', "change subnets in"
    ),
    "cpu": service("cpu = 1000", "cpu = 1024", "change cpu in", "cpu = 1024\n"),
}

SERVICE_SPEC: dict[str, Row] = {
    "__post_init__": service("services.Ledger", "services.ledger", "change name in"),
    "__post_init__#2": service("", 'image_tag = "1"', "or an image that you push"),
    "__post_init__#3": service(
        "memory = 512", "memory = 4096", "change memory in", "memory = 4096\n"
    ),
    "__post_init__#4": Elsewhere(
        "layers.toml is asked for a network before; a construct is given both, or neither"
    ),
    "full_name": toml(
        GOOD.replace("billing", "b" * 27) + EXAMPLE.replace("ledger", "l" * 20),
        GOOD.replace("billing", "b" * 27) + EXAMPLE,
        "give the service a shorter name",
    ),
}

FILES: dict[str, dict[str, Row]] = {
    "builder/spec/app_options.py": APP_OPTIONS,
    "builder/spec/image_rules.py": IMAGE_RULES,
    "builder/spec/package_rules.py": PACKAGE_RULES,
    "builder/spec/service_fields.py": SERVICE_FIELDS,
    "builder/spec/service_spec.py": SERVICE_SPEC,
}
