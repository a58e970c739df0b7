"""The sampler's steps: as diffusers' own scheduler makes them, and what the mask keeps."""

from __future__ import annotations

import warnings
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.engine.sampling import noise_for, sample
from polaris_core.engine.schedule import highest, sigmas_for, timestep_of
from polaris_core.errors import Cancelled, InvalidInput


def linear(x, sigma):
    """A UNet of one line: what it says depends on the latent and on the noise level."""
    return 0.7 * x / (1 + sigma) + 0.1


@given(st.integers(1, 60), st.floats(0.05, 1))
def test_noise_levels_fall_to_zero(steps, denoise):
    sigmas = sigmas_for(steps, denoise)
    assert len(sigmas) == steps + 1
    assert sigmas[-1] == 0
    assert all(a > b for a, b in pairwise(sigmas))
    assert sigmas[0] <= highest() * (1 + 1e-9)


def test_trained_levels_have_their_numbers():
    levels = sigmas_for(1000)[:-1]
    assert [timestep_of(level) for level in levels] == list(range(999, -1, -1))


@pytest.mark.parametrize(("steps", "denoise"), [(0, 1), (1001, 1), (5, 0), (5, 1.1), (5, -1)])
def test_numbers_out_of_range_are_refused(steps, denoise):
    with pytest.raises(InvalidInput, match="out of range"):
        sigmas_for(steps, denoise)


def test_the_steps_are_those_of_diffusers_scheduler_at_the_same_levels():
    from diffusers import EulerDiscreteScheduler

    sigmas = sigmas_for(12, 0.8)
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # diffusers reads a tensor as numpy deprecates
        scheduler.set_timesteps(sigmas=sigmas, device="cpu")
    latent = torch.linspace(-1, 1, 24).reshape(1, 4, 2, 3)
    noise = noise_for(latent, 3)
    x = latent + noise * sigmas[0]
    for sigma, time in zip(sigmas, scheduler.timesteps, strict=False):
        told = (x - linear(x, sigma)) / sigma  # the noise that the UNet would tell
        x = scheduler.step(told, time, x).prev_sample
    assert torch.allclose(sample(linear, latent, noise, sigmas), x, atol=1e-5)


@given(st.integers(0, 99), st.sampled_from([0.3, 1.0]))
def test_what_lies_outside_the_mask_comes_back(seed, denoise):
    latent = torch.randn(1, 4, 5, 6, generator=torch.Generator().manual_seed(seed))
    mask = torch.zeros(1, 1, 5, 6)
    mask[..., 1:3, 2:4] = 1
    end = sample(linear, latent, noise_for(latent, 1), sigmas_for(4, denoise), mask=mask)
    outside = (mask == 0).expand_as(latent)
    assert torch.allclose(end[outside], latent[outside], atol=1e-5)
    assert not torch.allclose(end[~outside], latent[~outside], atol=1e-2)


def test_a_seed_means_the_same_noise_and_another_seed_other_noise():
    latent = torch.zeros(1, 4, 8, 8)
    assert torch.equal(noise_for(latent, 5), noise_for(latent, 5))
    assert not torch.equal(noise_for(latent, 5), noise_for(latent, 6))
    state = torch.random.get_rng_state()
    noise_for(latent, 5)
    assert torch.equal(state, torch.random.get_rng_state())


def test_progress_can_stop_it_at_any_step():
    seen = []

    def stop(done: int, total: int, what: str, /) -> None:
        seen.append((done, total))
        if done == 2:
            raise Cancelled

    latent = torch.zeros(1, 4, 2, 2)
    with pytest.raises(Cancelled):
        sample(linear, latent, noise_for(latent, 1), sigmas_for(9), progress=stop)
    assert seen == [(0, 9), (1, 9), (2, 9)]
