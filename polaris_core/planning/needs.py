"""What an edit needs before anything can be decided."""

from __future__ import annotations

from polaris_core.errors import InvalidIntent, MaskRequired, PictureRequired
from polaris_core.instructions.intent import EditIntent, InstructionType

__all__ = ["check_needs"]


def check_needs(intent: EditIntent, *, has_picture: bool, has_mask: bool) -> None:
    """Make sure that an intent can be carried out with what there is.

    Raises:
        InvalidIntent: The sentence was no edit (the intent's explanation is passed on), or it is no
            removal and its generation prompt is empty.
        PictureRequired: The edit changes a picture and there is none.
        MaskRequired: The edit changes a region and there is no mask.
    """
    kind = intent.instruction_type
    if kind is InstructionType.OTHER:
        raise InvalidIntent(
            "the instruction asks for nothing that can be done",
            value=intent.instruction,
            hint=intent.explanation or "Say what to replace, add, remove or restyle",
        )
    if kind is not InstructionType.REMOVE and not intent.generation_prompt.strip():
        raise InvalidIntent(
            f"the intent of kind {kind.value} does not say what is to be seen",
            value=intent.instruction,
            hint="Its generation_prompt is empty: name the thing or the look, like “a red fox”",
        )
    what = kind.value.replace("_", " ")
    if kind.edits_picture and not has_picture:
        raise PictureRequired(
            f"a {what} changes a picture, and there is no picture",
            value=intent.instruction,
            hint="Give one, or describe a new picture, like “a watercolor fox in a forest”",
        )
    if kind.is_local and not has_mask:
        raise MaskRequired(
            f"a {what} changes a region of the picture, and there is no mask",
            value=intent.subject,
            hint="Connect the mask of the Polaris Region Masker or of any other node, or draw one "
            "on the picture in Load Image",
        )
