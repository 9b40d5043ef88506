"""Texts as sequences of codes."""

from skrnn.text.token_sequences import TokenSequences

__all__ = ["TokenSequences"]
