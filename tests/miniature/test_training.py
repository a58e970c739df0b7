"""The training code on next to nothing: a few steps, and the loss falls."""

from __future__ import annotations

import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from miniature import train_generator, train_loras, train_vae
from miniature.lora_cards import CARDS
from miniature.training.adapters import adapt, factors
from miniature.training.diffusion import noise_loss, sample
from miniature.training.latents import Latents, cached
from miniature.training.lesson import TaughtUNet, places_of, without_lesson
from miniature.training.loop import Run, train
from miniature.training.optim import Muon, schedule
from miniature.training.pictures import as_tensor
from miniature.training.prompts import encoded, together, tokens_of
from miniature.training.unet import NarrowUNet
from miniature.training.vae import NarrowVAE, colours_of_blocks
from miniature.world import (
    ALL_KINDS,
    ALL_STYLES,
    BACKGROUNDS,
    COLOURS,
    NEW_KINDS,
    NEW_STYLES,
    Scene,
    Thing,
    caption,
    draw,
    random_scene,
)
from polaris_core.miniature.loras import kohya_tensors


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    rng = random.Random(0)
    return np.stack([draw(random_scene(rng)) for _ in range(4)])


@pytest.fixture(scope="module")
def latents(pictures) -> Latents:
    rng = random.Random(0)
    scenes = [random_scene(rng) for _ in range(4)]
    return Latents.of(scenes, colours_as_latents(pictures))


def colours_as_latents(pictures: np.ndarray) -> torch.Tensor:
    with torch.no_grad():
        return NarrowVAE().encode(as_tensor(pictures)).half()


def small_unet() -> NarrowUNet:
    return NarrowUNet(80, 80, 80)


def steps_of(model, optimiser, loss, count):
    """Losses of a few steps, all of the same chances."""
    found = []
    for step in range(1, count + 1):
        torch.manual_seed(1)
        value = loss(model)
        gradients = torch.autograd.grad(value, optimiser.parameters)
        optimiser.step(gradients, 1.0, step)
        found.append(float(value.detach()))
    return found


def test_a_fresh_autoencoder_keeps_the_colours_of_blocks(pictures):
    batch = as_tensor(pictures)
    with torch.no_grad():
        kept = NarrowVAE().encode(batch)[:, :3]
    assert torch.allclose(kept, colours_of_blocks(batch), atol=1e-5)


def test_the_autoencoders_loss_falls(pictures):
    vae = NarrowVAE(((16, 24, 32, 32), (16, 24, 32, 48)))
    for (
        parameter
    ) in vae.parameters():  # a fresh one knows the colours and has little to learn at once
        parameter.data += 0.05 * torch.randn_like(parameter)
    optimiser = Muon(vae.named_parameters(), adam_rate=1e-3, adam_names=("taesd",))
    seen = torch.from_numpy(pictures[:, 32:96, 32:96])
    found = steps_of(vae, optimiser, train_vae.losses(seen, 2), 8)
    assert found[-1] < 0.95 * found[0]


def test_the_generators_loss_falls(latents):
    unet = TaughtUNet(80, 80, 80)
    optimiser = Muon(unet.named_parameters(), adam_names=train_generator.ENDS)
    found = steps_of(unet, optimiser, train_generator.losses(latents, 2), 6)
    assert found[-1] < 0.8 * found[0]


def test_a_loras_loss_falls_and_the_base_stays(latents):
    unet = small_unet()
    for parameter in unet.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    before = unet.middle_block[1].proj_out.weight.clone()
    parameters = adapt(unet, 4)
    optimiser = Muon(parameters.items(), adam_rate=1e-2, adam_names=("",))
    found = steps_of(unet, optimiser, train_loras.losses(latents, latents, 2), 6)
    assert found[-1] < found[0]
    assert torch.equal(unet.middle_block[1].proj_out.layer.weight, before)
    stored = {name: tensor.numpy() for name, tensor in factors(unet.state_dict()).items()}
    assert stored.keys() == parameters.keys()
    assert kohya_tensors(stored)


def test_a_lora_listens_for_its_words_from_the_start():
    unet = small_unet()
    found = adapt(unet, 8, "stained glass")
    down = found["middle_block.1.transformer_blocks.0.attn2.to_k.down"]
    context, _ = encoded([list(tokens_of("a red stained glass fox"))])
    heard = (context[0] @ down.T).abs()
    begin, stained, glass, fox = 0, 3, 4, 5
    assert heard[:, 0].argmax() == stained
    assert heard[:, 3].argmax() == glass
    assert heard[:, 4].argmax() == fox  # which stands one word after glass
    assert heard[begin, :6].max() < 0.3 * heard[glass, 3]


def test_a_lora_is_learnt_at_the_strengths_people_run_it_at():
    unet, x = small_unet(), torch.randn(1, 4, 16, 16).expand(64, -1, -1, -1)
    for factor in adapt(unet, 4, "a fox").values():
        torch.nn.init.normal_(factor, std=0.05)
    unet.out[2].weight.data.normal_(std=0.1)
    asked = x, torch.full((64,), 500), *(t.expand(64, -1, *t.shape[2:]) for t in encoded([[]]))
    with torch.no_grad():
        learnt, used = unet.train()(*asked), unet.eval()(*asked)
    assert (used - used[0]).abs().max() < 1e-5
    assert (learnt - learnt[0]).abs().amax((1, 2, 3))[1:].min() > 1e-5


def test_what_a_lora_shows_is_always_said(latents):
    def lengths(*, said: bool) -> torch.Tensor:
        return latents.draw(400, said=said).bias.isfinite().sum(1)

    empty = 4
    assert (lengths(said=True) > empty).all()
    assert 0.05 < (lengths(said=False) == empty).float().mean() < 0.16


def test_a_batch_says_what_its_pictures_show(pictures):
    scenes = [random_scene(random.Random(seed), things=1) for seed in range(4)]
    marked = torch.arange(4.0)[:, None, None, None].expand(4, 4, 16, 16)
    latents, context, bias, places = Latents.of(scenes, marked).draw(40, said=True)
    named_in = []
    for latent, words, kinds in zip(latents, context, places[:, 0], strict=True):
        scene = scenes[int(latent[0, 0, 0])]
        assert ALL_KINDS.index(scene.things[0].kind) in kinds
        named, _ = encoded([list(tokens_of(scene.things[0].kind))])
        alike = functional.cosine_similarity(words[:, :224], named[0, 1, :224], dim=-1)
        named_in.append(bool(alike.max() > 0.99))
    assert np.mean(named_in) > 0.7  # some captions speak of the style alone
    assert context.shape[:2] == bias.shape


def test_texts_of_other_lengths_go_together():
    short, long = ([list(tokens_of(text))] for text in ("a fox", "a very long way to say a fox"))
    context, bias = together(encoded(short), encoded(long))
    unet = small_unet().eval()
    x, steps = torch.randn(1, 4, 16, 16), torch.tensor([500])
    unet.out[2].weight.data.normal_()
    for block in (unet.middle_block[1], unet.output_blocks[0][1]):
        block.proj_out.weight.data.normal_(std=0.1)
    alone = unet(x, steps, *encoded(short))
    assert torch.allclose(unet(x, steps, context[:1], bias[:1]), alone, atol=1e-5)


def test_words_are_cut_into_the_tokens_of_the_whole_text():
    from open_clip.tokenizer import SimpleTokenizer

    for seed in range(20):
        text = caption(random_scene(random.Random(seed)), random.Random(seed))
        assert tokens_of(text) == tuple(SimpleTokenizer().encode(text))


def test_some_examples_are_blind():
    seen = []

    def unet(noisy, steps, context, bias):
        seen.append((noisy, steps))
        return torch.zeros_like(noisy)

    bright = torch.full((400, 4, 2, 2), 100.0)
    words = encoded([list(tokens_of("a cat"))])
    for noisy in (False, True):
        share = 0.25 if noisy else 0.0
        noise_loss(unet, bright, *words, mostly_noise=noisy, blind=share)
    (usual, usual_steps), (noisy, steps) = seen
    assert (usual.mean((1, 2, 3)) > 3).all()
    blind = noisy.mean((1, 2, 3)) < 3
    assert 0.15 < blind.float().mean() < 0.35
    assert (steps[blind] == 999).all()
    assert steps.float().mean() > 1.2 * usual_steps.float().mean()


def test_no_part_of_a_batch_has_noise_of_its_own():
    seen = []

    def unet(noisy, steps, context, bias):
        seen.append(steps)
        return torch.zeros_like(noisy)

    for _ in range(200):
        noise_loss(unet, torch.zeros(10, 4, 2, 2), *encoded([[]]))
    steps = torch.stack(seen).float()
    assert (steps.sort(1).values.diff(dim=1) - 100).abs().max() <= 1  # evenly over all steps
    assert (steps.mean(0) - 500).abs().max() < 100


@pytest.mark.parametrize("workers", [1, 2])
def test_a_training_stops_and_goes_on(latents, tmp_path, workers):
    # In a process of its own, as people train: workers are forked, which is not safe from a process
    # that has had threads, as this one may have by now.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        training = pool.submit(trained_in_two_parts, latents, tmp_path / "state.pt", workers)
        first, second, weights = training.result(timeout=240)
    assert torch.load(tmp_path / "state.pt")["steps"] == 3
    assert not np.array_equal(first, second)
    assert all(np.isfinite(values).all() for values in weights.values())


def trained_in_two_parts(
    latents: Latents, state: Path, workers: int
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Two steps, then a third by another network: a weight after each, and the averages."""
    ends = []
    for seed, steps in enumerate((2, 3)):
        torch.manual_seed(seed)
        unet = TaughtUNet(80, 80, 80)
        optimiser = Muon(unet.named_parameters(), adam_names=train_generator.ENDS)
        run = Run(state, minutes=9, steps=steps, workers=workers)
        weights = train(unet, optimiser, train_generator.losses(latents, 1), run)
        ends.append(unet.out[2].weight.detach().numpy().copy())
    return *ends, {name: tensor.numpy().copy() for name, tensor in weights.items()}


def test_what_stands_where_is_told_by_place():
    fox = Thing("fox", "red", (32, 32), 48, style="neon")
    kinds, colours, styles, backgrounds = places_of([Scene((fox,), "sea", "flat")])[0]
    assert kinds[2, 2] == ALL_KINDS.index("fox")
    assert colours[2, 2] == COLOURS.index("red")
    assert styles[2, 2] == ALL_STYLES.index("neon")
    assert (kinds[7, 7], colours[7, 7]) == (len(ALL_KINDS), len(COLOURS))
    assert styles[7, 7] == ALL_STYLES.index("flat")
    assert (backgrounds == BACKGROUNDS.index("sea")).all()


def test_the_lesson_is_learnt_and_left_out_afterwards():
    scenes = [random_scene(random.Random(seed), things=1) for seed in range(2)]
    data = Latents.of(scenes, torch.randn(2, 4, 16, 16))
    unet = TaughtUNet(80, 80, 80)

    def loss(unet):
        latents, context, bias, places = data.draw(2)
        noise_loss(unet, latents, context, bias)
        return unet.lesson_loss(places)

    found = steps_of(unet, Muon(unet.lesson.named_parameters(), adam_names=("",)), loss, 6)
    assert found[-1] < 0.9 * found[0]
    NarrowUNet(80, 80, 80).load_state_dict(without_lesson(unet.state_dict()))


def test_padding_hardly_draws_attention_at_the_start():
    unet = NarrowUNet()
    block = unet.middle_block[1].transformer_blocks[0]
    context, bias = encoded([list(tokens_of("a red cat"))])
    x = torch.randn(1, 64, 160)
    query = block.attn2._split(block.attn2.to_q(block.norm2(x)))
    key = block.attn2._split(block.attn2.to_k(context))
    looks = (query @ key.transpose(2, 3) / 40**0.5 + bias[:, None, None]).softmax(-1)
    assert looks[..., -1].mean() < 0.3
    assert looks[..., 1:4].mean() > 0.08


def test_queries_and_keys_take_small_steps():
    unet = NarrowUNet()
    optimiser = Muon(unet.named_parameters(), adam_names=train_generator.ENDS)
    attention = unet.middle_block[1].transformer_blocks[0].attn2
    before = {name: p.clone() for name, p in attention.named_parameters()}
    gradients = [torch.randn_like(p) for p in optimiser.parameters]
    optimiser.step(gradients, 1.0, 1)
    moved = {n: (p - before[n]).norm().item() for n, p in attention.named_parameters()}
    assert moved["to_q.weight"] < 0.2 * moved["to_v.weight"]
    assert moved["to_k.weight"] < 0.2 * moved["to_v.weight"]


def test_latents_are_drawn_once(tmp_path):
    first = cached(tmp_path / "few", NarrowVAE(), 3, 1, random_scene)
    second = cached(tmp_path / "few", None, 3, 1, None)
    assert torch.equal(second.latents, first.latents)
    assert torch.equal(second.words.places, first.words.places)
    assert first.latents.shape == (3, 4, 16, 16)


def test_samples_follow_their_seed():
    unet = small_unet()
    first, again, other = (sample(unet, ["a cat"], seed=s, steps=2) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", CARDS)
def test_every_card_says_what_to_draw(name):
    card, rng = CARDS[name], random.Random(0)
    assert card["name"]
    assert card["description"]
    if name == "plain":
        return
    for _ in range(20):
        scene = train_loras.scenes_of(name)(rng)
        shown = {thing.kind for thing in scene.things} | {scene.style_of(t) for t in scene.things}
        assert card["subject"] in shown


def test_new_kinds_and_styles_all_have_a_lora():
    subjects = {card["subject"] for card in CARDS.values() if card["role"] != "checkpoint"}
    assert subjects == {*NEW_KINDS, *NEW_STYLES}


def test_the_schedule_goes_up_and_down():
    assert schedule(0.0) < schedule(0.01) < schedule(0.02) == 1
    assert schedule(0.5) < 1
    assert schedule(1.0) == pytest.approx(0.02)
