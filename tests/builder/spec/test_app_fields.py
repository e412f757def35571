from pathlib import Path

from builder.spec.app_fields import APP, APP_FIELDS
from builder.spec.field import Place
from builder.spec.layers_toml import load_config

LAYER = '[layers.web]\ndependencies = ["rich"]\npython = ["3.13"]\narchitecture = "arm64"\n'


def test_every_key_of_the_application_arrives_in_its_spec(tmp_path: Path) -> None:
    rows = [field for field in APP_FIELDS if field.places == APP]
    path = tmp_path / "layers.toml"
    path.write_text(
        "[app]\n" + "".join(f"{row.name} = {row.example}\n" for row in rows) + LAYER,
        encoding="utf-8",
    )

    app = load_config(path).app

    assert [row.name for row in rows if getattr(app, row.in_spec) == row.default] == []


def test_no_key_of_a_layer_is_among_them() -> None:
    assert not any({Place.LAYER, Place.DEFAULTS} & {*field.places} for field in APP_FIELDS)
