r"""Tree Rerank: a language model reads every candidate, each as if it were alone, in a few passes.

Any model and tokenizer of transformers will do, and any question with a yes or a no to it:

    from polaris_core.rerank import rank, tree_of_texts

    tree = tree_of_texts(tokenizer, question, descriptions, closing="\nDoes it fit? Answer: ")
    print(rank(model, tree, keep=5).kept)

Inside, `tree` holds the tokens, `rounds` the public function, `ranking` its
result; `cascade`, `flex` and `reference` are the ways to read a tree, held to one law.
"""

from polaris_core.rerank.ranking import Ranking, Round
from polaris_core.rerank.rounds import rank
from polaris_core.rerank.texts import tokens_of, tree_of_texts
from polaris_core.rerank.tree import Tokens, Tree

__all__ = ["Ranking", "Round", "Tokens", "Tree", "rank", "tokens_of", "tree_of_texts"]
