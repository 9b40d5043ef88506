"""Texts as sequences of codes, and models that write them."""

from skrnn.text.character_model import CharacterModel
from skrnn.text.token_model import TokenModel
from skrnn.text.token_sequences import TokenSequences

__all__ = ["CharacterModel", "TokenModel", "TokenSequences"]
