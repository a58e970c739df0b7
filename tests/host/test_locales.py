"""The names of nodes, inputs and outputs in every language, against the real schemas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.comfy

ROOT = Path(__file__).resolve().parent.parent.parent


def schema_texts(info: dict) -> dict:
    """What a schema says, in the form of `nodeDefs.json`."""
    groups = [info["input"].get(group, {}) for group in ("required", "optional")]
    inputs = {name: spec[1] if len(spec) > 1 else {} for g in groups for name, spec in g.items()}
    outputs = zip(info["output_name"], info["output_tooltips"], strict=True)
    return {
        "display_name": info["display_name"],
        "description": info["description"],
        "inputs": {name: _row(name, told.get("tooltip")) for name, told in inputs.items()},
        "outputs": {str(n): _row(*row) for n, row in enumerate(outputs)},
    }


def _row(name: str, tooltip: str | None) -> dict:
    return {"name": name, **({"tooltip": tooltip} if tooltip else {})}


def shape(value: object) -> object:
    return {k: shape(v) for k, v in value.items()} if isinstance(value, dict) else None


@pytest.fixture(scope="module")
def schemas(comfy_server):
    info = comfy_server.client.get_json("/object_info")
    return {name: schema_texts(one) for name, one in info.items() if name.startswith("Polaris")}


def test_english_is_what_the_schemas_say(schemas):
    assert json.loads((ROOT / "locales/en/nodeDefs.json").read_text("utf-8")) == schemas


@pytest.mark.parametrize("language", ["zh", "ja", "ko", "fr", "de"])
def test_every_language_has_every_name_and_no_other(schemas, language):
    texts = json.loads((ROOT / f"locales/{language}/nodeDefs.json").read_text("utf-8"))
    assert shape(texts) == shape(schemas)


def test_the_host_serves_them(comfy_server):
    told = comfy_server.client.get_json("/api/i18n")
    assert told["de"]["polaris"]["search"] == "Suchen"
    assert told["ja"]["nodeDefs"]["PolarisZoo"]["inputs"]["folders"]["name"] == "フォルダ"
    assert set(told["en"]) >= {"nodeDefs", "settings", "commands", "polaris"}
