"""Texts letter by letter and word by word: what comes next, how sure is it, and what is written.

Made film reviews follow a grammar. Networks tell each letter, or word, from all that came before it
in the same text; how often letters came behind others is beside them.
"""

import argparse
from collections import Counter

import numpy as np

from skrnn import CharacterModel, TokenModel
from skrnn.datasets import make_reviews

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument(
    "--quick", action="store_true", help="few reviews and few epochs, to see that it runs"
)
args = parser.parse_args()

n_reviews = 60 if args.quick else 1000
texts, _ = make_reviews(n_reviews, random_state=0)
n_train = n_reviews * 4 // 5
train, test = texts[:n_train], texts[n_train:]
n_letters = sum(map(len, test))


def counted_bits(order):
    """Bits a letter costs by how often it came behind so many others, each once more than that."""
    alphabet = set("".join(texts))
    counts = Counter()
    contexts = Counter()
    begin = " " * order
    for text in (begin + text for text in train):
        for i in range(order, len(text)):
            counts[text[i - order : i + 1]] += 1
            contexts[text[i - order : i]] += 1
    told = [
        (counts[text[i - order : i + 1]] + 1) / (contexts[text[i - order : i]] + len(alphabet))
        for text in (begin + text for text in test)
        for i in range(order, len(text))
    ]
    return -np.log2(told).mean()


options = {"epochs": 2 if args.quick else 15, "learning_rate": 0.01, "random_state": 0}
letters = CharacterModel(units=48, length=32, batch_size=32, **options).fit(train)
words = TokenModel(units=32, embedding=16, length=16, batch_size=32, **options)
words.fit([text.split() for text in train])
split = [text.split() for text in test]
bits_of_words = words.bits_per_token(split) * sum(map(len, split)) / n_letters

print(f"{n_train} reviews to learn from, {n_reviews - n_train} to tell of\n")
print(f"{'':34}bits a letter")
print(f"{'naive: how often each letter comes':34}{counted_bits(0):10.3f}")
print(f"{'behind the letter before':34}{counted_bits(1):10.3f}")
print(f"{'behind the four letters before':34}{counted_bits(4):10.3f}")
print(f"{'LSTM, letter by letter':34}{letters.bits_per_character(test):10.3f}")
print(f"{'LSTM, word by word':34}{bits_of_words:10.3f}")
print("\nletters:", letters.generate("the plot", 60, temperature=0.7, random_state=0))
print("words:  ", " ".join(words.generate(["the", "plot"], 12, temperature=0.7, random_state=0)))
