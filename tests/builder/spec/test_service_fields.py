from pathlib import Path

from builder.spec.field import Place
from builder.spec.fields import fields_in
from builder.spec.layers_toml import EXAMPLE, load_config
from builder.spec.service_fields import SERVICE_FIELDS


def test_every_key_arrives_in_the_spec(tmp_path: Path) -> None:
    rows = [row for row in SERVICE_FIELDS if row.name not in ("layer", "image_tag")]  # one of image
    keys = {row.name: row.example for row in rows}
    keys |= {"architecture": '"x86_64"', "cpu": "2048", "memory": "8192", "lifetime": "7200"}
    keys |= {"interval": "30", "idle": "300", "start": "200", "starts_an_hour": "5"}
    keys |= {"port": "9000", "noncurrent_days": "2"}
    path = tmp_path / "layers.toml"
    lines = "".join(f"{name} = {value}\n" for name, value in keys.items())
    path.write_text(f"{EXAMPLE}\n[services.chroma]\n{lines}")

    (service,) = load_config(path).services

    assert service.name == "chroma"
    assert [row.name for row in rows if getattr(service, row.in_spec) == row.default] == []


def test_only_the_command_is_required_by_itself() -> None:
    required = [row.name for row in fields_in(Place.SERVICE).values() if row.required]

    assert required == ["command"]
