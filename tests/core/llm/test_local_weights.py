"""Folders, caches and hubs that hold a language model, or not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from polaris_core.demo.tiny_language_models import make_text_model, make_vision_model
from polaris_core.errors import InvalidInput, LanguageModelProblem, MissingWeights
from polaris_core.llm.loading import load_parts
from polaris_core.llm.transformers_model import TransformersModel
from polaris_core.llm.weights import find_model, find_on_hub, is_hub_name


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_text_model(folder / "text")
    make_vision_model(folder / "vision")
    return folder


@pytest.fixture
def folder(made, tmp_path) -> Path:
    """A text model that a test may spoil."""
    return shutil.copytree(made / "text", tmp_path / "model")


def config_with(folder: Path, **values: object) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | values), "utf-8")


def test_a_model_is_named_as_the_user_calls_it(folder):
    assert TransformersModel.load(str(folder), device="cpu").name == str(folder)
    assert TransformersModel.load(str(folder), name="mine", device="cpu").name == "mine"


def test_weights_spread_over_several_files_are_loaded(folder):
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    places = {name: f"model-{i % 2}.safetensors" for i, name in enumerate(names)}
    for part in set(places.values()):
        held = {name: weights[name] for name in names if places[name] == part}
        save_file(held, folder / part, {"format": "pt"})
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": places})
    )
    assert load_parts(find_model(str(folder)), device="cpu").model.num_parameters()
    (folder / "model-1.safetensors").unlink()
    with pytest.raises(MissingWeights, match=r"model-1\.safetensors"):
        find_model(str(folder))


@pytest.mark.parametrize(
    "listed",
    [
        '{"weight_map": {"a": "../elsewhere.safetensors"}}',
        '{"weight_map": {"a": 3}}',
        '{"weight_map": []}',
        "[]",
        "{",
        "[" * 100_000,
    ],
)
def test_a_list_of_files_that_leads_elsewhere_is_refused(folder, listed):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(listed)
    with pytest.raises(InvalidInput, match="list of a model's files"):
        find_model(str(folder))


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_names_it(folder, name):
    (folder / name).unlink()
    with pytest.raises(MissingWeights, match=name) as caught:
        find_model(str(folder))
    assert str(folder) in caught.value.problem


@pytest.mark.parametrize(
    ("name", "hint"), [("pytorch_model.bin", "safetensors"), ("model.gguf", "Ollama")]
)
def test_weights_of_another_form_are_never_opened(folder, name, hint):
    (folder / "model.safetensors").rename(folder / name)
    with pytest.raises(MissingWeights) as caught:
        find_model(str(folder))
    assert hint in caught.value.hint


@pytest.mark.parametrize("where", ["", "/no/such/folder", "name", "../up/name", "a/b/c", "a--b/c"])
def test_what_is_neither_folder_nor_hub_name_is_refused(where):
    assert not is_hub_name(where)
    with pytest.raises((InvalidInput, MissingWeights)):
        find_model(where)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache of the hub."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def put_into(cache: Path, made: Path) -> Path:
    snapshot = cache / "models--someone--some-model" / "snapshots" / "abc"
    shutil.copytree(made, snapshot)
    refs = cache / "models--someone--some-model" / "refs"
    refs.mkdir()
    (refs / "main").write_text("abc")
    return snapshot


def test_a_hub_model_is_found_in_the_cache_of_this_machine(cache, made):
    snapshot = put_into(cache, made / "vision")
    assert find_model("someone/some-model") == snapshot
    model = TransformersModel.load("someone/some-model", device="cpu")
    assert model.sees_pictures
    assert model.name == "someone/some-model"


def test_a_hub_model_that_is_not_there_says_how_to_get_it(cache):
    with pytest.raises(MissingWeights) as caught:
        find_model("Qwen/Qwen2.5-VL-7B-Instruct")
    assert "hf download Qwen/Qwen2.5-VL-7B-Instruct" in caught.value.hint


def test_a_hub_model_of_which_half_is_there_says_what_is_missing(cache, made):
    snapshot = put_into(cache, made / "text")
    (snapshot / "model.safetensors").unlink()
    with pytest.raises(MissingWeights, match=r"model\.safetensors"):
        find_on_hub("someone/some-model")


def test_a_download_that_fails_is_told(cache):
    with pytest.raises(MissingWeights, match="could not be fetched"):  # the tests are offline
        find_model("someone/some-model", download=True)


def test_a_model_without_a_chat_template_is_no_chat_model(folder):
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(LanguageModelProblem, match="no chat template") as caught:
        load_parts(folder)
    assert "-Instruct" in caught.value.hint


def test_an_architecture_that_transformers_does_not_know_is_told(folder):
    config_with(folder, model_type="frobnicator")
    with pytest.raises(LanguageModelProblem, match="frobnicator") as caught:
        load_parts(folder)
    assert "pip install -U transformers" in caught.value.hint


def test_code_that_a_model_brings_along_is_never_run(folder, tmp_path):
    ran = tmp_path / "ran"
    (folder / "modeling_own.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    auto = {"AutoConfig": "modeling_own.Config", "AutoModelForCausalLM": "modeling_own.Model"}
    config_with(folder, model_type="own", auto_map=auto)
    with pytest.raises(LanguageModelProblem, match="cannot be loaded"):
        load_parts(folder)
    assert not ran.exists()


def test_a_model_of_another_kind_is_told(folder):
    transformers.ViTConfig(hidden_size=32).save_pretrained(folder)
    with pytest.raises(LanguageModelProblem, match="no chat model: vit"):
        load_parts(folder)


def test_weights_that_are_missing_are_not_made_up(folder):
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.0.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(LanguageModelProblem, match=r"lack weights.*up_proj"):
        load_parts(folder)


@pytest.mark.parametrize("cut", [0, 7, 2000])
def test_a_broken_file_is_told(folder, cut):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(LanguageModelProblem, match="cannot be loaded"):
        load_parts(folder)


def test_a_size_that_no_machine_has_is_told(folder):
    config_with(folder, hidden_size=1 << 40)
    with pytest.raises(LanguageModelProblem):
        load_parts(folder)


def test_a_vision_model_without_its_processor_reads_texts_only(made, tmp_path):
    folder = shutil.copytree(made / "vision", tmp_path / "model")
    (folder / "processor_config.json").unlink()
    model = TransformersModel.load(str(folder), device="cpu")
    assert not model.sees_pictures


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("auto", torch.float32), ("bfloat16", torch.bfloat16), ("float16", torch.float16)],
)
def test_precision_is_as_asked_for(folder, dtype, expected):
    assert load_parts(folder, dtype, "cpu").model.dtype == expected


def test_a_precision_that_there_is_not_is_refused(folder):
    with pytest.raises(InvalidInput, match="precision"):
        load_parts(folder, "float7")


def test_bars_of_transformers_are_as_they_were(folder, capfd):
    load_parts(folder, device="cpu")
    assert capfd.readouterr() == ("", "")
    assert transformers.utils.logging.is_progress_bar_enabled()
