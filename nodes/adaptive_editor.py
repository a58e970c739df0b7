"""Decide the edit and set everything up for a stock sampler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from . import _fetching, _host, _plans
from ._latents import start_latent
from ._types import IntentIO, ShortlistIO

if TYPE_CHECKING:
    import torch

    from polaris_core.catalogue.entry import BaseModel
    from polaris_core.instructions.intent import EditIntent
    from polaris_core.retrieval.shortlist import Shortlist


class AdaptiveEditor(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisAdaptiveEditor",
            display_name="Polaris Adaptive Editor",
            category="Polaris",
            has_intermediate_output=True,
            description="Decides LoRAs, strengths, prompt, denoise and the use of the mask, says "
            "why, and hands a stock KSampler all it needs.",
            search_aliases=["apply loras", "edit image", "inpaint by text"],
            inputs=[
                io.Model.Input("model"),
                io.Clip.Input("clip"),
                io.Vae.Input("vae"),
                IntentIO.Input("intent", tooltip="From Polaris Instruction Parser."),
                ShortlistIO.Input("shortlist", tooltip="From Polaris LoRA Retriever."),
                io.Image.Input("image", optional=True, tooltip="The picture to edit."),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="What may change, from any node; needed for local changes.",
                ),
                io.Int.Input("width", default=512, min=64, max=8192, step=8),
                io.Int.Input("height", default=512, min=64, max=8192, step=8),
                io.Int.Input("pictures", default=1, min=1, max=64, tooltip="Of a new picture."),
                io.Float.Input(
                    "style_strength",
                    default=0.0,
                    min=-10.0,
                    max=10.0,
                    step=0.05,
                    tooltip="Of the style LoRA; 0: as recommended.",
                ),
                io.Float.Input(
                    "object_strength",
                    default=0.0,
                    min=-10.0,
                    max=10.0,
                    step=0.05,
                    tooltip="Of the object LoRA; 0: as recommended.",
                ),
                io.Float.Input(
                    "denoise",
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="How far from the picture the result may go; 0: decided by the edit.",
                ),
                io.String.Input(
                    "negative", multiline=True, default="", tooltip="Added to the negative prompt."
                ),
                io.Boolean.Input(
                    "unknown_base",
                    default=False,
                    tooltip="Also LoRAs whose base model nobody knows. They may not fit.",
                ),
                io.String.Input(
                    "plan_json",
                    multiline=True,
                    default="",
                    tooltip="A plan made before: it is carried out as it stands.",
                ),
                _fetching.fetch_input(),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt, io.Hidden.extra_pnginfo],
            outputs=[
                io.Model.Output("model"),
                io.Clip.Output("clip"),
                io.Conditioning.Output("positive"),
                io.Conditioning.Output("negative"),
                io.Latent.Output("latent"),
                io.Mask.Output(
                    "mask", tooltip="As large as what the latent decodes to: composite with it."
                ),
                io.Float.Output("denoise"),
                io.String.Output("plan", tooltip="What was decided and why, as JSON."),
            ],
        )

    @classmethod
    def execute(
        cls,
        model: Any,
        clip: Any,
        vae: Any,
        intent: EditIntent,
        shortlist: Shortlist,
        width: int,
        height: int,
        pictures: int,
        style_strength: float,
        object_strength: float,
        denoise: float,
        negative: str,
        unknown_base: bool,
        plan_json: str,
        fetch: bool = False,
        image: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> io.NodeOutput:
        from polaris_core.planning.explain import explain
        from polaris_core.planning.missing import fetch_missing
        from polaris_core.planning.planner import PlanOptions, make_plan
        from polaris_core.planning.replay import replay, sign
        from polaris_core.planning.serialize import plan_from_json, plan_to_json
        from polaris_core.retrieval.shortlist import SlotName

        base, store, hashed = _host.base_model_of(model), _host.store(), _host.hashed
        needs = {"has_picture": image is not None, "has_mask": mask is not None}
        best = shortlist.best(SlotName.CHECKPOINT)
        if plan_json.strip():
            plan = plan_from_json(plan_json)
        else:
            plan = make_plan(
                intent,
                shortlist,
                base_model=_refined(base, shortlist),
                checkpoint_from_user=best is None,
                options=PlanOptions(
                    style_strength=style_strength or None,
                    object_strength=object_strength or None,
                    denoise=denoise or None,
                    extra_negative=negative,
                    allow_unknown_base=unknown_base,
                    allow_missing=fetch,
                ),
                **needs,
            )
            plan = sign(plan, store, hashed)
        if fetch:
            plan = fetch_missing(plan, store, lambda entry: _fetching.present(cls, entry), hashed)
        entries = replay(
            plan,
            store,
            base_model=base,
            checkpoint=best.entry if best else None,
            allow_unknown_base=unknown_base,
            hashed=hashed,
            **needs,
        )
        for step, entry in zip(plan.loras, entries, strict=True):
            model, clip = _host.apply_lora(
                model, clip, entry, step.strength_model, step.strength_clip
            )
        latent, region = start_latent(plan, vae, image, mask, (width, height, pictures))
        plan_json = plan_to_json(plan)
        _plans.keep(cls, plan_json)
        return io.NodeOutput(
            model,
            clip,
            clip.encode_from_tokens_scheduled(clip.tokenize(plan.prompt)),
            clip.encode_from_tokens_scheduled(clip.tokenize(plan.negative)),
            latent,
            region,
            plan.denoise,
            plan_json,
            ui={**_host.show(cls, explain(plan)).as_dict(), "polaris_plan": [plan_json]},
        )


def _refined(base: BaseModel, shortlist: Shortlist) -> BaseModel:
    """The retrieved checkpoint's base model where the MODEL at hand is of its family."""
    from polaris_core.retrieval.shortlist import SlotName

    best = shortlist.best(SlotName.CHECKPOINT)
    if best is not None and best.entry.base_model.family is base:
        return best.entry.base_model
    return base


NODES = [AdaptiveEditor]
