import tomllib
from dataclasses import replace

from builder.operations.init.draft import Draft, DraftLayer
from builder.operations.init.text import text_of
from builder.spec.backend_fields import BACKEND_FIELDS

DRAFT = Draft(
    "shop",
    ("3.12", "3.13"),
    "arm64",
    (
        DraftLayer("web", "requirements.txt", {"requirements": "requirements.txt"}),
        DraftLayer("own", "template.yaml, Own", {"package": "own"}, ("3.11",), "x86_64"),
    ),
    ("one thing",),
)


def test_the_text_is_the_draft() -> None:
    text = text_of(DRAFT)

    assert text.splitlines()[0] == "#:schema ./layers.schema.json"
    assert "# - one thing" in text.splitlines()
    assert tomllib.loads(text) == {
        "app": {"name": "shop"},
        "defaults": {"python": ["3.12", "3.13"], "architecture": "arm64"},
        "layers": {
            "web": {"requirements": "requirements.txt"},
            "own": {"package": "own", "python": ["3.11"], "architecture": "x86_64"},
        },
    }


def test_without_a_schema_no_line_names_one() -> None:
    assert "#:schema" not in text_of(DRAFT, schema=False)


def test_every_hint_is_right_once_it_is_no_comment() -> None:
    before, _, hints = text_of(DRAFT).partition("# What a layer can say besides:\n")
    keys = [line.removeprefix("# ") for line in hints.splitlines() if " = " in line]
    before = before.replace("# region", "region").replace("# backend", "backend")
    found = tomllib.loads(before + "\n".join(keys))

    assert found["app"]["region"] == "eu-west-1"
    state = {"bucket": "my-state", "key": "shop", "region": "eu-west-1", "use_lockfile": True}
    assert found["app"]["backend"] == state
    assert set(state) <= {field.name for field in BACKEND_FIELDS}
    assert found["layers"]["own"]["keep"] == 5


def test_where_terraform_files_build_the_layers_nothing_is_said_of_a_state() -> None:
    assert "backend" not in text_of(replace(DRAFT, built_by="The module in main.tf"))


def test_what_a_file_is_called_cannot_write_keys() -> None:
    hostile = DraftLayer("web", 'x\n[app]\nname = "evil"\x07', {"requirements": 'a"\x7f\n.txt'})
    text = text_of(Draft("shop", ("3.13",), "arm64", (hostile,), ("a\nb = 1",)))

    found = tomllib.loads(text)
    assert found["app"] == {"name": "shop"}
    assert found["layers"] == {"web": {"requirements": 'a"\x7f\n.txt'}}
