"""Rank a shortlist with a language model: what the node and the command line call.

shortlist, intent ─▶ topics ─▶ a judge reads ─▶ allocation ─▶ ranked shortlist, report
                               tree: a local model
                               listwise: any other
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, TypeAlias, get_args

from polaris_core.errors import InvalidInput
from polaris_core.instructions.intent import EditIntent
from polaris_core.llm.base import ChatModel
from polaris_core.progress import Progress, silent
from polaris_core.rerank.judging import Judge, LocalModel
from polaris_core.rerank.listwise import ListwiseJudge
from polaris_core.rerank.prompt import Form
from polaris_core.rerank.ranked import rank_with
from polaris_core.rerank.report import RerankReport
from polaris_core.rerank.rounds import SHARE, BackendName
from polaris_core.rerank.tree_judge import TreeJudge
from polaris_core.retrieval.shortlist import Shortlist, SlotName

__all__ = ["Method", "judge_of", "rerank_shortlist"]

Method: TypeAlias = Literal["auto", "tree", "listwise"]

_LORAS = (SlotName.STYLE, SlotName.OBJECT)


def rerank_shortlist(
    shortlist: Shortlist,
    intent: EditIntent,
    model: ChatModel,
    *,
    keep: int = 3,
    rounds: int = 2,
    threshold: float = 0.5,
    token_budget: int | None = None,
    share: float = SHARE,
    method: Method = "auto",
    form: Form = "auto",
    backend: BackendName = "auto",
    slots: Collection[SlotName] = _LORAS,
    progress: Progress = silent,
) -> tuple[Shortlist, RerankReport]:
    """Let a language model read every candidate, and keep those that fit.

    Each topic of the intent, its style and each object, is asked about by itself. Every LoRA is
    kept for one topic at the most, and a topic for which nothing fits gets nothing. What the user
    pinned stays in front, as it was. Where a picture asked, and no phrase, candidates stay in
    their order, and the first of them are kept.

    Args:
        shortlist: The candidates.
        intent: What is wanted.
        model: A local one, such as `TransformersModel`, is read in a tree; it must not be used
            otherwise meanwhile. Any other, such as `ServerModel`, is asked to put groups in order,
            which is slower.
        keep: Candidates per topic at the most, ≥ 1, but for pinned ones.
        rounds: From 1 to 3: how often a tree reads those that are left, with growing texts.
        threshold: In [0, 1]. Below it nothing is kept; 0.5 is where the model says rather yes than
            no. Where groups are put in order the model says itself what fits, and this is unused.
        token_budget: Tokens per forward pass of a tree; None leaves it to the device.
        share: Of the candidates of a round this share is read again, in (0, 1].
        method: "auto" takes "tree" for local models and "listwise" for others.
        form: How a tree asks; "auto" leaves it to the model.
        backend: Which reads the tree; see `rank`.
        slots: Which slots are ranked. Of CHECKPOINT the best is kept below the threshold too, as
            some checkpoint is always needed.
        progress: Told per pack, or per question.

    Returns:
        The shortlist with those that were kept, best first, their `topic` and reason, and a
        source "rerank" with score and place; and a report, which `report.describe` puts into words.

    Raises:
        InvalidInput: An argument is out of range, or the model cannot be read in a tree.
        LanguageModelProblem: The model could not answer, or none of its replies could be read.
        Cancelled: `progress` raised it; whatever else it raises passes through as well.
    """
    judge = judge_of(
        model,
        method,
        rounds=rounds,
        share=share,
        token_budget=token_budget,
        form=form,
        backend=backend,
    )
    return rank_with(
        judge,
        shortlist,
        intent,
        keep=keep,
        threshold=threshold,
        slots=slots,
        progress=progress,
    )


def judge_of(
    model: ChatModel,
    method: Method = "auto",
    *,
    rounds: int = 2,
    share: float = SHARE,
    token_budget: int | None = None,
    form: Form = "auto",
    backend: BackendName = "auto",
) -> Judge:
    """The judge that a model makes; see `rerank_shortlist`.

    Raises:
        InvalidInput: There is no such method, or the weights that a tree needs are not here.
    """
    if method not in get_args(Method):
        hint = f"One of {', '.join(get_args(Method))}"
        raise InvalidInput("no such method", value=method, hint=hint)
    if method != "listwise" and isinstance(model, LocalModel):
        return TreeJudge(model, rounds, share, token_budget, backend, form)
    if method == "tree":
        raise InvalidInput(
            "a tree needs a model on this machine",
            value=model.name,
            hint='Choose a local model, or the method "auto"',
        )
    return ListwiseJudge(model)
