"""Small chat models with random weights, in the form in which transformers saves real ones.

They answer nonsense, but through all the code that a real one runs through: its tokenizer, its
chat template, its picture tokens. They are made in less than a second and hold under a megabyte.
Their words are those of the question that the Instruction Parser asks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from polaris_core.encoders.checks import required
from polaris_core.instructions.prompt import question_for

__all__ = ["make_text_model", "make_vision_model"]

_SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
_WORDS = 1500
"""Of the tokenizer's vocabulary, at the most; 256 of them are single bytes."""

_TEMPLATE = """\
{% for turn in messages %}<|im_start|>{{ turn.role }}
{% if turn.content is string %}{{ turn.content }}{% else %}{% for part in turn.content %}\
{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>\
{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

_SIZE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 8192,
    "initializer_range": 0.7,  # so large that what is asked changes what is answered
}
_VISION = {
    "depth": 1,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_heads": 2,
    "out_hidden_size": 32,
    "fullatt_block_indexes": [0],
    "initializer_range": 0.7,
}


def make_text_model(
    folder: Path,
    seed: int = 0,
    architecture: Literal["qwen2", "llama"] = "qwen2",
    width: int = 32,
) -> None:
    """Write a chat model that sees no pictures.

    Args:
        folder: Made if it is not there.
        seed: Different seeds give different answers.
        architecture: As transformers calls it.
        width: Of its one layer, a multiple of 4; its weights take 36 bytes times the square.

    Raises:
        MissingDependency: torch or transformers is not installed.
    """
    transformers = required("transformers", "transformers")
    tokenizer = _tokenizer(transformers)
    size = {**_SIZE, "hidden_size": width, "intermediate_size": 2 * width}
    config = transformers.AutoConfig.for_model(architecture, **size, **_ids(tokenizer))
    _save(transformers.AutoModelForCausalLM, config, seed, folder)
    tokenizer.save_pretrained(str(folder))


def make_vision_model(folder: Path, seed: int = 0) -> None:
    """Write a Qwen2.5-VL that sees pictures.

    Args:
        folder: Made if it is not there.
        seed: Different seeds give different answers.

    Raises:
        MissingDependency: torch, torchvision or transformers is not installed.
    """
    transformers = required("transformers", "transformers")
    required("torchvision", "torchvision")
    tokenizer = _tokenizer(transformers)
    text = {**_SIZE, **_ids(tokenizer)}
    text["rope_parameters"] = {
        "rope_type": "default",
        "rope_theta": 10000.0,
        "mrope_section": [2, 3, 3],
    }
    marks = {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{token}|>")
        for name, token in (
            ("vision_start", "vision_start"),
            ("vision_end", "vision_end"),
            ("image", "image_pad"),
            ("video", "video_pad"),
        )
    }
    config = transformers.Qwen2_5_VLConfig(text_config=text, vision_config=_VISION, **marks)
    _save(transformers.AutoModelForImageTextToText, config, seed, folder)
    transformers.Qwen2_5_VLProcessor(
        transformers.Qwen2VLImageProcessor(),
        tokenizer,
        transformers.Qwen2VLVideoProcessor(),
        chat_template=_TEMPLATE,
    ).save_pretrained(str(folder))


def _save(auto: Any, config: Any, seed: int, folder: Path) -> None:  # noqa: ANN401
    torch = required("torch", "torch")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = auto.from_config(config)
    model.save_pretrained(str(folder))
    sampling = {"do_sample": True, "temperature": 0.7, "top_p": 0.8, "repetition_penalty": 1.05}
    stops = {"eos_token_id": [config.get_text_config().eos_token_id, 0], "pad_token_id": 0}
    (folder / "generation_config.json").write_text(json.dumps({**sampling, **stops}), "utf-8")


def _tokenizer(transformers: Any) -> Any:  # noqa: ANN401
    tokenizers = required("tokenizers", "tokenizers")
    bytes_of = tokenizers.pre_tokenizers.ByteLevel
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    model.pre_tokenizer = bytes_of(add_prefix_space=False)
    model.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=_WORDS,
        initial_alphabet=bytes_of.alphabet(),
        special_tokens=list(_SPECIAL),
        show_progress=False,
    )
    question = question_for("Replace the cat with a watercolor fox", None)
    model.train_from_iterator([message.text for message in question.messages], trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=model,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=list(_SPECIAL[3:]),
        chat_template=_TEMPLATE,
    )


def _ids(tokenizer: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "vocab_size": len(tokenizer) + 9,  # padded, as real ones are
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
