"""The checkpoints and LoRAs of this machine, ready to be searched."""

from __future__ import annotations

from comfy_api.latest import io

from . import _host
from ._types import HostZoo, ZooIO

_MATURITY = {"PG": 1, "PG-13": 2, "R": 4, "X": 8, "XXX": 16}
_HERE, _ANYWHERE = "on this disk", "anywhere"
_LICENCES = {
    "any": {},
    "pictures may be sold": {"commercial": True},
    "sold, no credit": {"commercial": True, "no_credit": True},
    "sold, derivatives": {"commercial": True, "derivatives": True},
    "sold, no credit, derivatives": {"commercial": True, "no_credit": True, "derivatives": True},
}


class PolarisZoo(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisZoo",
            display_name="Polaris Zoo",
            category="Polaris",
            has_intermediate_output=True,
            description="Reads what is in the checkpoint and LoRA folders, from headers and "
            "metadata alone, and keeps it searchable. Only what is new is read again.",
            search_aliases=["model search", "lora search", "model library", "auto lora"],
            inputs=[
                io.String.Input(
                    "folders",
                    multiline=True,
                    default="",
                    tooltip="Only these subfolders of the model folders, one a line. "
                    "Empty: everything.",
                ),
                io.String.Input(
                    "text_encoder",
                    default="sentence:all-MiniLM-L6-v2",
                    tooltip="Reads metadata and instructions: sentence:NAME, sentence:/folder, "
                    "clip:MODEL/WEIGHTS or clip:MODEL//file.safetensors.",
                ),
                io.String.Input(
                    "image_encoder",
                    default="none",
                    tooltip="Looks at previews and at your picture: clip:ViT-L-14/openai, or none.",
                ),
                io.Combo.Input(
                    "maturity",
                    options=list(_MATURITY),
                    default="PG",
                    tooltip="The most mature models that may be used. "
                    "Models that say nothing of it are let through.",
                ),
                io.Combo.Input(
                    "base_model",
                    options=["any", "sd15", "sd2", "sdxl", "sd3", "flux"],
                    default="any",
                    tooltip="Only models of this family, for instance because of your memory. "
                    "sdxl holds Pony, Illustrious and NoobAI.",
                ),
                io.Combo.Input(
                    "rescan",
                    options=["when folders change", "every run", "never"],
                    default="when folders change",
                    tooltip="Changing a metadata file in place does not change its folder: "
                    "use `every run` for that.",
                ),
                io.Combo.Input(
                    "licence",
                    options=list(_LICENCES),
                    default="any",
                    optional=True,
                    tooltip="Only models whose licence is known to allow this. "
                    "Models that say nothing of it are left out.",
                ),
                io.Boolean.Input(
                    "people",
                    default=True,
                    optional=True,
                    tooltip="Whether models of real persons' likeness may be used.",
                ),
                io.Combo.Input(
                    "where",
                    options=[_HERE, _ANYWHERE],
                    default=_HERE,
                    optional=True,
                    tooltip="Anywhere: also models that are known but not on this disk. They are "
                    "listed with where to get them; used are those that are here, or fetched.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
            outputs=[ZooIO.Output("zoo")],
        )

    @classmethod
    def fingerprint_inputs(cls, rescan: str, where: str = _HERE, **_: object) -> object:
        if rescan == "when folders change":
            imported = _host.store().key() if where == _ANYWHERE else ""
            return f"{_host.folders_state()} {imported}"
        return float("nan") if rescan == "every run" else ""  # NaN never equals the last one

    @classmethod
    def execute(
        cls,
        folders: str,
        text_encoder: str,
        image_encoder: str,
        maturity: str,
        base_model: str,
        rescan: str,
        licence: str = "any",
        people: bool = True,
        where: str = _HERE,
    ) -> io.NodeOutput:
        from polaris_core.catalogue.entry import BaseModel
        from polaris_core.retrieval.filters import Filters

        zoo = _host.open_zoo(text_encoder.strip(), image_encoder.strip())
        report = None
        if rescan != "never" or not zoo.store.columns().ids.size:
            report = zoo.update(_host.model_folders(), _host.progress())
        filters = Filters(
            max_maturity=_MATURITY[maturity],
            families=None if base_model == "any" else frozenset({BaseModel(base_model)}),
            folders=tuple(line.strip().strip("/") for line in folders.splitlines() if line.strip()),
            people=people,
            on_disk_only=where == _HERE,
            **_LICENCES[licence],
        )
        summary = report.summary() if report else "not scanned"
        return io.NodeOutput(HostZoo(zoo, filters), ui=_host.show(cls, summary))


NODES = [PolarisZoo]
