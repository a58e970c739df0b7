"""What is known about one model file."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

__all__ = [
    "UNKNOWN_TERMS",
    "AdapterType",
    "BaseModel",
    "Entry",
    "Kind",
    "Maturity",
    "Preview",
    "Refined",
    "Role",
    "Terms",
]


class Kind(str, enum.Enum):
    """What a file is, as its header tells."""

    CHECKPOINT = "checkpoint"
    LORA = "lora"
    """A LoRA or one of its kin (LoCon, LoHa, LoKr, DoRA)."""
    OTHER = "other"
    """A VAE, a text encoder, an embedding, a ControlNet, …: listed, never retrieved."""


class AdapterType(str, enum.Enum):
    """The parametrisation of an adapter."""

    LORA = "lora"
    LOCON = "locon"
    LOHA = "loha"
    LOKR = "lokr"
    DORA = "dora"


class BaseModel(str, enum.Enum):
    """The base model an entry belongs to. Pony, Illustrious and NoobAI are SDXL by architecture."""

    SD15 = "sd15"
    SD2 = "sd2"
    SDXL = "sdxl"
    PONY = "pony"
    ILLUSTRIOUS = "illustrious"
    NOOBAI = "noobai"
    SD3 = "sd3"
    FLUX = "flux"
    UNKNOWN = "unknown"

    @property
    def family(self) -> BaseModel:
        """The architecture: a LoRA fits a checkpoint only within one family."""
        return BaseModel.SDXL if self in _SDXL_KIN else self

    def fits(self, other: BaseModel) -> bool:
        """Whether an adapter of this base model may be applied to a checkpoint of `other`.

        False whenever either is unknown: only the user can allow that.
        """
        return self is not BaseModel.UNKNOWN and self.family is other.family


_SDXL_KIN = frozenset({BaseModel.PONY, BaseModel.ILLUSTRIOUS, BaseModel.NOOBAI})


class Role(str, enum.Enum):
    """What an adapter is for. A checkpoint carries STYLE, the look it gives."""

    STYLE = "style"
    OBJECT = "object"
    CHARACTER = "character"
    PERSON = "person"
    """A real person's likeness."""
    CLOTHING = "clothing"
    POSE = "pose"
    CONCEPT = "concept"
    BACKGROUND = "background"
    TOOL = "tool"
    """Sliders, detail and speed adapters: no look of their own."""
    UNKNOWN = "unknown"


class Maturity(enum.IntEnum):
    """How mature an entry's pictures are; larger is more so. The bits are Civitai's."""

    UNKNOWN = 0
    PG = 1
    PG13 = 2
    R = 4
    X = 8
    XXX = 16
    BLOCKED = 32


@dataclass(frozen=True, slots=True)
class Terms:
    """What an entry's licence allows, as far as anybody says; None where nobody does."""

    commercial: bool | None = None
    """Whether pictures made with it may be sold or used in business."""
    credit: bool | None = None
    """Whether its maker has to be named."""
    derivatives: bool | None = None
    """Whether what is merged with it or trained on it may be shared."""

    def __bool__(self) -> bool:
        return (self.commercial, self.credit, self.derivatives) != (None, None, None)


UNKNOWN_TERMS = Terms()
"""Nobody says anything."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture that shows what an entry makes."""

    path: str
    """Absolute path of the file on disk; empty for a picture known only by `url`."""
    url: str = ""
    maturity: Maturity = Maturity.UNKNOWN
    prompt: str = ""
    """The prompt the picture was made with; empty if unknown."""


@dataclass(frozen=True, slots=True)
class Refined:
    """What an entry says of itself, put into a few clear words; kept beside what was written."""

    what: str = ""
    """What it is, as a phrase; at most 200 characters."""
    purpose: str = ""
    """What it is for, in a sentence or a few; at most 400 characters."""
    shows: tuple[str, ...] = ()
    """Things and looks for which it may be sought, at most 12 of at most 60 characters."""
    role: Role = Role.UNKNOWN
    trigger_words: tuple[str, ...] = ()
    """Those that are needed, at most 8; each stands in the entry's own words."""
    strength: float | None = None
    """Recommended strength, in [-10, 10]; None if nobody recommends one."""
    by: str = ""
    """The name of the refiner that wrote it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One checkpoint or adapter of the zoo: everything retrieval, planning and people need."""

    name: str
    """The title people know it by; never empty."""
    kind: Kind
    base_model: BaseModel = BaseModel.UNKNOWN
    role: Role = Role.UNKNOWN
    id: int = 0
    """The catalogue's number for it, > 0; 0 before it is stored."""
    adapter_type: AdapterType | None = None
    trigger_words: tuple[str, ...] = ()
    strength: float | None = None
    """Recommended strength, in [-10, 10]; None if nobody recommends one."""
    tags: tuple[str, ...] = ()
    training_tags: tuple[str, ...] = ()
    """The commonest captions of the training set, commonest first, at most 64."""
    description: str = ""
    """Plain text, paragraphs divided by newlines."""
    negative: str = ""
    """Negative prompt recommended by the uploader."""
    example_prompts: tuple[str, ...] = ()
    """Prompts of the uploader's own pictures, at most 16."""
    previews: tuple[Preview, ...] = ()
    maturity: Maturity = Maturity.UNKNOWN
    licence: str = ""
    terms: Terms = UNKNOWN_TERMS
    """What the licence allows, for filters."""
    real_person: bool = False
    """Whether it shows the likeness of a real person."""
    creator: str = ""
    source: str = ""
    """Where it came from: a web address, or empty."""
    download: str = ""
    """The address of the file itself, of `size_bytes` and `sha256` as far as these are known; empty
    if nobody says."""
    origins: tuple[str, ...] = ()
    """Names of the catalogues it was imported from, most trusted first."""
    root: str = ""
    """The model folder it was found in, absolute."""
    file: str = ""
    """Its path relative to `root` with `/`, as ComfyUI lists it; empty if not on disk."""
    size_bytes: int = 0
    modified_ns: int = 0
    sha256: str = ""
    """64 lower-case hex digits of the whole file; empty until computed or told by a sidecar."""
    autov3: str = ""
    """12 lower-case hex digits, the hash of the tensors alone; empty if unknown."""
    unsafe: bool = False
    """A pickled file (.ckpt, .pt, .bin, .pth): listed, never opened."""
    extra: dict[str, str] = field(default_factory=dict[str, str], hash=False)
    """What a sidecar said beyond the fields above (clip_skip, version_id, usage_hint, …)."""
    refined: Refined | None = None
    """What a refiner made of it, if one did since it last said something else. The catalogue keeps
    it apart: adding the entry again neither writes nor removes it."""

    @property
    def autov2(self) -> str:
        """The first ten digits of `sha256`; empty if that is unknown."""
        return self.sha256[:10]

    @property
    def on_disk(self) -> bool:
        """Whether there is a file to load."""
        return bool(self.file)
