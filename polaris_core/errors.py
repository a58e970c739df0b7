"""Every error Polaris raises on purpose.

    PolarisError
    ├── InvalidInput                 a value from outside cannot be used
    │   ├── InvalidIntent            … the JSON of an intent
    │   ├── InvalidPlan              … the JSON of a plan
    │   ├── InvalidWorkflow          … an API workflow
    │   └── UnusualAttention         … a language model that attends in a way of its own
    ├── FileProblem                  one file is at fault; scans collect these and go on
    │   ├── BrokenHeader             … its safetensors header
    │   ├── BrokenSidecar            … the metadata file beside it
    │   └── BrokenPreview            … a preview picture
    ├── StoreProblem                 the catalogue's database cannot be used
    ├── IndexProblem                 an index on disk cannot be used
    │   ├── IndexMismatch            … it was built by another encoder
    │   └── IndexUnreachable         … the database that serves it does not answer
    ├── MissingDependency            a package is not installed
    ├── MissingWeights               a model's weights are not on this machine
    ├── LanguageModelProblem         a language model could not answer
    │   ├── UnreadableReply          … its reply is not what was asked for
    │   └── LanguageServerProblem    … its server failed, or not in time
    ├── SourceProblem                a catalogue of models elsewhere cannot be read
    ├── UnknownModel                 a pin, ban or pick names a model that is not in the zoo
    ├── IncompatibleAdapter          a LoRA belongs to another base model family
    ├── UnsupportedModel             a checkpoint that the standalone engine cannot run
    ├── NothingFits                  the zoo holds no entry that may be used
    ├── MaskRequired                 a local edit without a mask
    ├── PictureRequired              an edit of a picture without the picture
    ├── Busy                         something else has to finish first
    ├── FetchProblem                 a file could not be fetched
    │   ├── AddressRefused           … its address, or one it leads to, may not be asked
    │   ├── AccessDenied             … the site wants a token, terms accepted or a purchase
    │   ├── NotOffered               … the site has no such file
    │   ├── AskedTooOften            … the site wants to be asked later
    │   ├── SourceUnreachable        … nothing answers, or it breaks off again and again
    │   ├── WrongContent             … what came is not the file that was asked for
    │   ├── NoRoom                   … the disk cannot hold it
    │   └── NameTaken                … another file has its name
    ├── ServerProblem                a ComfyUI server could not do what was asked
    │   ├── ServerUnreachable
    │   ├── WorkflowRejected         … it refused the workflow
    │   └── WorkflowFailed           … a node failed
    └── Cancelled                    the user stopped it

Each says what was wrong, with the value, and in `hint` what to do about it.
"""

from __future__ import annotations

from polaris_core.shown import printable, shortened

__all__ = [
    "AccessDenied",
    "AddressRefused",
    "AskedTooOften",
    "BrokenHeader",
    "BrokenPreview",
    "BrokenSidecar",
    "Busy",
    "Cancelled",
    "FetchProblem",
    "FileProblem",
    "IncompatibleAdapter",
    "IndexMismatch",
    "IndexProblem",
    "IndexUnreachable",
    "InvalidInput",
    "InvalidIntent",
    "InvalidPlan",
    "InvalidWorkflow",
    "LanguageModelProblem",
    "LanguageServerProblem",
    "MaskRequired",
    "MissingDependency",
    "MissingWeights",
    "NameTaken",
    "NoRoom",
    "NotOffered",
    "NothingFits",
    "PictureRequired",
    "PolarisError",
    "ServerProblem",
    "ServerUnreachable",
    "SourceProblem",
    "SourceUnreachable",
    "StoreProblem",
    "UnknownModel",
    "UnreadableReply",
    "UnsupportedModel",
    "UnusualAttention",
    "WorkflowFailed",
    "WorkflowRejected",
    "WrongContent",
]


class PolarisError(Exception):
    """Something that the person using Polaris can understand and mend.

    Attributes:
        problem: What was wrong, one sentence without a full stop.
        value: The offending value, shortened for display; empty where there is none.
        hint: What to do about it; empty where nothing can be done.
    """

    def __init__(self, problem: str, *, value: object = "", hint: str = "") -> None:
        self.problem = printable(problem)
        self.value = shortened(value)
        self.hint = printable(hint)
        super().__init__(problem)

    def __str__(self) -> str:
        shown = f": {self.value}" if self.value else ""
        return f"{self.problem}{shown}" + (f". {self.hint}" if self.hint else "")


class InvalidInput(PolarisError, ValueError):
    """A value from outside cannot be used."""


class InvalidIntent(InvalidInput):
    """The JSON of an intent is malformed."""


class InvalidPlan(InvalidInput):
    """The JSON of a plan is malformed or of a newer version."""


class InvalidWorkflow(InvalidInput):
    """A workflow is not in ComfyUI's API form, or lacks what is to be filled in."""


class UnusualAttention(InvalidInput):
    """This language model's attention cannot be exchanged; it is read in plain batches instead."""


class FileProblem(PolarisError):
    """One file is at fault; `path` names it. Scans collect these and go on."""

    def __init__(self, problem: str, *, path: str = "", value: object = "", hint: str = "") -> None:
        super().__init__(problem, value=value, hint=hint)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: {super().__str__()}" if self.path else super().__str__()


class BrokenHeader(FileProblem):
    """A safetensors header is truncated, lies about lengths, or is not what it claims."""


class BrokenSidecar(FileProblem):
    """A metadata file beside a model cannot be read."""


class BrokenPreview(FileProblem):
    """A preview picture cannot be read."""


class StoreProblem(PolarisError):
    """The catalogue's database cannot be used."""


class IndexProblem(PolarisError):
    """An index on disk cannot be used."""


class IndexMismatch(IndexProblem):
    """An index was built by another encoder, or for another catalogue."""


class IndexUnreachable(IndexProblem):
    """The database that serves an index does not answer."""


class MissingDependency(PolarisError, ImportError):
    """A package that this operation needs is not installed."""


class MissingWeights(PolarisError):
    """A model's weights are not on this machine."""


class LanguageModelProblem(PolarisError):
    """A language model could not answer."""


class UnreadableReply(LanguageModelProblem):
    """A language model's reply is not what was asked for; `reply` holds all of it."""

    def __init__(self, problem: str, *, reply: str, hint: str = "") -> None:
        super().__init__(problem, value=reply, hint=hint)
        self.reply = reply


class LanguageServerProblem(LanguageModelProblem):
    """A language model's server failed, refused, or did not answer in time."""


class SourceProblem(PolarisError):
    """A catalogue of models elsewhere cannot be read, now or at all."""


class UnknownModel(PolarisError):
    """A pin, ban or pick names a model that is not in the zoo."""


class IncompatibleAdapter(PolarisError):
    """A LoRA belongs to another base model family than the checkpoint."""


class UnsupportedModel(PolarisError):
    """A checkpoint that the standalone engine cannot run; ComfyUI may."""


class NothingFits(PolarisError):
    """The zoo holds no entry that may be used."""


class MaskRequired(PolarisError):
    """A local edit was asked for and there is no mask."""


class PictureRequired(PolarisError):
    """An edit of a picture was asked for and there is no picture."""


class Busy(PolarisError):
    """Something else has to finish first, or to be there."""


class FetchProblem(PolarisError):
    """A file could not be fetched; what came of it is kept where it can be gone on with."""


class AddressRefused(FetchProblem, InvalidInput):
    """An address, or one that it leads to, may not be asked."""


class AccessDenied(FetchProblem):
    """The site gives this file only to some; `reason` says what it wants.

    `reason` is "token" (it wants one), "other token" (not the one it got), "terms" (they have to
    be accepted), "early access" (it is sold at first) or "forbidden".
    """

    def __init__(self, problem: str, *, reason: str, value: object = "", hint: str = "") -> None:
        super().__init__(problem, value=value, hint=hint)
        self.reason = reason


class NotOffered(FetchProblem):
    """The site has no such file, or not any more."""


class AskedTooOften(FetchProblem):
    """The site wants to be asked later."""


class SourceUnreachable(FetchProblem):
    """Nothing answers, or it breaks off again and again."""


class WrongContent(FetchProblem):
    """What came is not the file that was asked for; nothing of it is kept."""


class NoRoom(FetchProblem):
    """The disk cannot hold the file, or not be written to."""


class NameTaken(FetchProblem):
    """Another file has the name; it stays as it is."""


class ServerProblem(PolarisError):
    """A ComfyUI server could not do what was asked."""


class ServerUnreachable(ServerProblem):
    """Nothing answers at the server's address."""


class WorkflowRejected(ServerProblem):
    """The server refused the workflow before running it."""


class WorkflowFailed(ServerProblem):
    """A node of the workflow failed while running."""


class Cancelled(PolarisError):
    """The user stopped the operation."""

    def __init__(self, problem: str = "stopped by the user") -> None:
        super().__init__(problem)
