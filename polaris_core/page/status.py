"""What the zoo holds and how it fares, for the head of the sidebar."""

from __future__ import annotations

from polaris_core.catalogue.store import Store
from polaris_core.page.cards import Json
from polaris_core.retrieval.zoo import RETRIEVED, Zoo

__all__ = ["status_of_zoo"]

_PROBLEMS = 200


def status_of_zoo(store: Store, zoo: Zoo | None) -> Json:
    """Entries by kind, family and role; the indices; what was wrong with files.

    Args:
        store: The catalogue.
        zoo: The zoo of the encoders that are set, if it is open; it is only looked at.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    key, counts, problems = store.key(), store.counts(), store.problems()
    state = zoo.loaded() if zoo else None
    index: Json = {"state": "unknown" if state is None else "stale"}
    if state is not None and state.key == key:
        index["state"] = "ready"
    for kind in RETRIEVED:
        total = sum(count for (of, _, _), count in counts.items() if of is kind)
        indexed = len(state.kinds[kind].ids) if state else None
        index[kind.value] = {"entries": total, "indexed": indexed}
    return {
        "total": sum(counts.values()),
        "counts": [
            {
                "kind": kind.value,
                "family": base.family.value,
                "base_model": base.value,
                "role": role.value,
                "count": count,
            }
            for (kind, base, role), count in sorted(counts.items())
        ],
        "key": key,
        "index": index,
        "problems": {
            "total": len(problems),
            "rows": [
                {
                    "path": problem.path.encode("utf-8", "replace").decode("utf-8"),
                    "problem": problem.problem,
                    "value": problem.value,
                    "hint": problem.hint,
                    "kind": type(problem).__name__,
                }
                for problem in problems[:_PROBLEMS]
            ],
        },
    }
