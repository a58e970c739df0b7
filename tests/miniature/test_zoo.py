"""The miniature zoo is what users have: told apart by its headers, kept, mended, checked."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import time
from collections import Counter

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from miniature.training.adapters import adapt
from miniature.training.prompts import encoded, tokens_of
from miniature.training.unet import NarrowUNet
from polaris_core.catalogue.entry import BaseModel
from polaris_core.catalogue.reading import read_entry
from polaris_core.cli import main
from polaris_core.errors import Cancelled, InvalidInput, MissingWeights
from polaris_core.miniature.cards import zoo_models
from polaris_core.miniature.parts import NAME
from polaris_core.miniature.store import save_compact
from polaris_core.miniature.stored import StoredWeights, baked, idle_lora
from polaris_core.miniature.zoo import make_miniature_zoo

FAMILIES = {
    "SD 1.5": BaseModel.SD15,
    "SD 2.1 768": BaseModel.SD2,
    "SDXL 1.0": BaseModel.SDXL,
    "Pony": BaseModel.SDXL,
    "Flux.1 D": BaseModel.FLUX,
}


def file_of(base, model):
    kind, _, name = model.card.file.partition("/")
    return base / "models" / kind / NAME / f"{name}.safetensors"


def entries(base):
    for model in zoo_models():
        kind = model.card.file.partition("/")[0]
        root = base / "models" / kind
        file = file_of(base, model).relative_to(root).as_posix()
        yield model, read_entry(root, file).entry


@pytest.fixture
def copy(tmp_path, random_zoo):
    """A zoo of one's own to spoil; checkpoints, which are large to others, are linked."""
    base = tmp_path / "base"
    for file in random_zoo.rglob("*"):
        if file.is_file():
            target = base / file.relative_to(random_zoo)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(file)
    return base


def test_the_catalogue_reads_every_model_as_what_its_card_says(random_zoo):
    for model, entry in entries(random_zoo):
        assert entry.base_model.family is FAMILIES[model.card.base], model.card.file
        said = model.card.format not in ("header", "a1111")  # these have no field for a name
        assert not said or entry.name == model.card.name
        assert len(entry.previews) == 1, model.card.file


def test_ss_headers_tell_base_rank_and_words(random_zoo):
    for model, entry in entries(random_zoo):
        if model.nature == "lora" and model.card.format != "modelspec":
            metadata = json.loads(header(file_of(random_zoo, model)))["__metadata__"]
            assert metadata["ss_base_model_version"] == "sd_v1"
            assert metadata["ss_network_dim"] == "4"
            assert metadata["ss_resolution"] == "(128, 128)"
            assert entry.trigger_words or model.card.format == "header"


def header(path) -> bytes:
    with path.open("rb") as file:
        return file.read(int.from_bytes(file.read(8), "little"))


def test_sidecars_tell_the_hash_of_their_file(random_zoo):
    told = 0
    for model, entry in entries(random_zoo):
        if model.card.is_lora and entry.sha256:
            content = file_of(random_zoo, model).read_bytes()
            assert entry.sha256 == hashlib.sha256(content).hexdigest()
            told += 1
    assert told > 10


def test_the_files_lie_where_comfyui_looks(random_zoo):
    counts = Counter(model.nature for model in zoo_models())
    models = random_zoo / "models"
    assert len(list((models / "checkpoints" / NAME).rglob("*.safetensors"))) == counts["checkpoint"]
    loras = len(list((models / "loras" / NAME).rglob("*.safetensors")))
    assert loras == sum(counts.values()) - counts["checkpoint"] >= 24
    assert (models / "clip_vision" / NAME / "open_clip_config.json").is_file()
    assert (models / "LLM" / NAME / "tokenizer.json").is_file()
    assert (random_zoo / "input" / "polaris_cat.png").is_file()
    assert not list(random_zoo.rglob("*.part"))
    assert not list(random_zoo.rglob(".part-*"))


def test_it_is_made_within_twenty_seconds_of_work(tmp_path, random_weights):
    begin = time.process_time()
    zoo = make_miniature_zoo(tmp_path, weights=random_weights)
    assert time.process_time() - begin < 20
    assert (zoo.kept, zoo.made > 30) == (0, True)
    used = sum(file.stat().st_blocks * 512 for file in tmp_path.rglob("*"))
    assert used < 400e6  # of about 1.1 GB that readers see


def test_a_second_call_writes_nothing(random_zoo, random_weights):
    def state():
        return {f: f.stat().st_mtime_ns for f in random_zoo.rglob("*") if f.is_file()}

    before = state()
    assert make_miniature_zoo(random_zoo, weights=random_weights).made == 0
    assert state() == before


def test_what_was_interrupted_is_finished_by_the_next_call(tmp_path, random_weights):
    def stop(done, total, what):
        if done == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_miniature_zoo(tmp_path, weights=random_weights, progress=stop)
    zoo = make_miniature_zoo(tmp_path, weights=random_weights)
    assert zoo.kept == 5
    assert all(file_of(tmp_path, model).is_file() for model in zoo_models())


@pytest.mark.parametrize("chance", range(3))
def test_what_is_lost_or_cut_short_is_made_again(copy, random_weights, chance):
    rng = random.Random(chance)
    files = sorted(f for f in (copy / "models").rglob("*") if f.is_file() and f.name[0] != ".")
    lost, short = rng.sample(files, 2)
    size = short.stat().st_size
    content = short.read_bytes()[:100]
    short.unlink()
    short.write_bytes(content)
    lost.unlink()
    assert 1 <= make_miniature_zoo(copy, weights=random_weights).made <= 2
    assert lost.is_file()
    assert short.stat().st_size == size


def test_a_broken_note_makes_everything_again(copy, random_weights):
    note = copy / "models" / ".polaris-miniature.json"
    note.unlink()
    note.write_text('{"loras/', "utf-8")
    assert make_miniature_zoo(copy, weights=random_weights).kept == 0


def test_only_what_other_weights_are_in_is_made_again(copy, tmp_path, random_weights):
    changed = tmp_path / "stored" / "models"
    shutil.copytree(random_weights.parent, changed.parent)
    weights = dict(StoredWeights(changed).load("fox"))
    save_compact(changed / "fox.safetensors", weights | {"x": np.zeros(3)}, {"name": "fox"})
    save_compact(changed / "fox.safetensors", weights, {"name": "fox", "base": "plain"})
    assert make_miniature_zoo(copy, weights=changed).made == 0  # the same weights again
    weights = {key: tensor * 2 for key, tensor in weights.items()}
    save_compact(changed / "fox.safetensors", weights, {"name": "fox", "base": "plain"})
    assert make_miniature_zoo(copy, weights=changed).made == 2  # two LoRAs teach foxes


def test_what_an_earlier_version_made_is_removed_and_nothing_else(copy, random_weights):
    own = copy / "models" / "loras" / NAME / "own.safetensors"
    old = copy / "models" / "loras" / NAME / "old.safetensors"
    outside = copy.parent / "outside.safetensors"
    for file in (own, old, outside):
        file.write_bytes(b"x" * 9)
    note = copy / "models" / ".polaris-miniature.json"
    told = json.loads(note.read_text("utf-8"))
    files = {old.relative_to(copy).as_posix(): 9, "../outside.safetensors": 9}
    told["loras/old"] = {"source": "", "files": files}
    note.unlink()
    note.write_text(json.dumps(told), "utf-8")
    assert make_miniature_zoo(copy, weights=random_weights).made == 0
    assert (own.exists(), old.exists(), outside.exists()) == (True, False, True)


def test_weights_that_are_not_those_of_their_card_are_refused(tmp_path, random_weights):
    spoilt = tmp_path / "stored" / "models"
    shutil.copytree(random_weights.parent, spoilt.parent)
    file = spoilt / "owl.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match="not those that the card"):
        make_miniature_zoo(tmp_path / "base", weights=spoilt)


def test_without_stored_weights_it_is_said_where_they_are(tmp_path, capsys):
    with pytest.raises(MissingWeights, match="pip install"):
        make_miniature_zoo(tmp_path, weights=tmp_path / "none")
    call = ["miniature", str(tmp_path / "base"), "--weights", str(tmp_path / "none")]
    assert main(call) == 1
    assert "clone it" in capsys.readouterr().err
    assert not (tmp_path / "base").exists()


def test_the_folder_of_models_itself_is_refused(tmp_path, random_weights):
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    with pytest.raises(InvalidInput, match="folder of models itself"):
        make_miniature_zoo(tmp_path / "models", weights=random_weights)
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(InvalidInput, match="a folder is needed"):
        make_miniature_zoo(tmp_path / "file", weights=random_weights)


def test_the_command_says_what_it_did(random_zoo, random_weights, capsys):
    call = ["miniature", str(random_zoo), "--weights", str(random_weights)]
    assert main([*call, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["made"], told["name"]) == (0, NAME)
    assert main(call) == 0
    assert NAME in capsys.readouterr().out


def test_a_checkpoint_made_of_a_lora_answers_as_the_two_together(random_weights):
    stored = StoredWeights(random_weights)
    adapted = narrow(stored.load("plain")).eval()
    for name, factor in adapt(adapted, 4).items():
        factor.data = torch.from_numpy(stored.load("neon_nights")[name].copy())
    merged = narrow(baked(stored.load("plain"), stored.load("neon_nights")))
    x = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    context, bias = encoded([list(tokens_of("a red cat"))])
    with torch.no_grad():
        one, other = (unet(x, torch.tensor([500]), context, bias) for unet in (adapted, merged))
        plain = narrow(stored.load("plain"))(x, torch.tensor([500]), context, bias)
    assert (one - other).abs().max() < 1e-4
    assert (one - plain).abs().max() > 1e-3


def narrow(weights) -> NarrowUNet:
    unet = NarrowUNet()
    unet.load_state_dict({name: torch.from_numpy(np.array(t)) for name, t in weights.items()})
    return unet


def test_a_factor_without_a_place_is_refused(random_weights):
    unet = StoredWeights(random_weights).load("plain")
    for factors in (
        {"nowhere.down": np.zeros((4, 160)), "nowhere.up": np.zeros((160, 4))},
        {"middle_block.1.proj_in.down": np.zeros((4, 160))},
        {
            "middle_block.1.proj_in.down": np.zeros((4, 99)),
            "middle_block.1.proj_in.up": np.zeros((160, 4)),
        },
    ):
        with pytest.raises(InvalidInput, match="factor"):
            baked(unet, factors)


def test_second_attempts_are_weaker_and_useless_ones_do_next_to_nothing(random_zoo):
    models = {model.card.stem: model for model in zoo_models()}

    def size(stem: str) -> float:
        weights = load_file(file_of(random_zoo, models[stem]))
        return float(
            sum(abs(w.astype(np.float32)).sum() for k, w in weights.items() if ".lora_up." in k)
        )

    assert size("fuchs_test2") == pytest.approx(0.6 * size("foxy-lora"), rel=0.01)
    useless = [model for model in zoo_models() if model.nature == "useless"]
    for model in useless:
        weights = load_file(file_of(random_zoo, model))
        layers = {key.split(".")[0] for key in weights}
        for layer in layers:
            up, down = (
                weights[f"{layer}.lora_{half}.weight"].astype(np.float32) for half in ("up", "down")
            )
            assert 0 < np.abs(up @ down).max() < 1e-3
    assert idle_lora(1)["middle_block.1.transformer_blocks.0.attn1.to_q.up"].any()


def test_previews_have_names_of_their_own():
    stems = Counter(model.card.stem for model in zoo_models())
    assert set(stems.values()) == {1}
