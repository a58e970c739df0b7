"""A language model for the nodes that ask one: on this machine, or behind a server."""

from __future__ import annotations

from comfy_api.latest import io

from . import _host, _language_models
from ._types import LanguageModelIO


class LanguageModel(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisLanguageModel",
            display_name="Polaris Language Model",
            category="Polaris",
            description="A chat model, with or without vision: from this machine's folders, or "
            "from any server that speaks OpenAI's protocol (Ollama, llama.cpp, vLLM …).",
            search_aliases=["llm", "vlm", "qwen", "ollama", "openai", "chat model"],
            inputs=[
                io.Combo.Input(
                    "source",
                    options=["local", "server"],
                    default="local",
                    tooltip="local: loaded here, in ComfyUI's memory. server: asked over HTTP.",
                ),
                io.String.Input(
                    "model",
                    default="Qwen/Qwen2.5-VL-7B-Instruct",
                    tooltip="local: a folder in models/LLM, or owner/name on the Hugging Face "
                    "Hub. server: the name by which the server knows it.",
                ),
                io.String.Input(
                    "server",
                    default="http://127.0.0.1:11434/v1",
                    optional=True,
                    tooltip="Its address, for source `server`. Keys never stand here: see the "
                    "help page.",
                ),
                io.Boolean.Input(
                    "download",
                    default=False,
                    optional=True,
                    tooltip="Whether a hub model that is not on this machine may be fetched.",
                ),
                io.Combo.Input(
                    "precision",
                    options=["auto", "bfloat16", "float16", "float32"],
                    default="auto",
                    optional=True,
                    advanced=True,
                    tooltip="Of a local model's weights.",
                ),
                io.Boolean.Input(
                    "send_pictures",
                    default=True,
                    optional=True,
                    advanced=True,
                    tooltip="Whether a server's model is shown the picture. Turn it off for "
                    "models without vision.",
                ),
                io.Int.Input(
                    "timeout",
                    default=120,
                    min=1,
                    max=3600,
                    optional=True,
                    advanced=True,
                    tooltip="Seconds after which a server's answer is given up.",
                ),
            ],
            outputs=[LanguageModelIO.Output("language_model")],
        )

    @classmethod
    def fingerprint_inputs(cls, **_: object) -> object:
        return _language_models.keys_state()

    @classmethod
    def execute(
        cls,
        source: str,
        model: str,
        server: str = "http://127.0.0.1:11434/v1",
        download: bool = False,
        precision: str = "auto",
        send_pictures: bool = True,
        timeout: int = 120,
    ) -> io.NodeOutput:
        model, server = _host.given(model), _host.given(server)
        if source == "server":
            return io.NodeOutput(
                _language_models.server_model(server, model, send_pictures, timeout)
            )
        return io.NodeOutput(_language_models.local_model(model, precision, download))


NODES = [LanguageModel]
