"""Words in their order: reviews that a bag of words cannot tell apart.

Each review names a good and a bad thing about a film, in the same words whichever of them wins:
what stands behind "but" decides. Networks read the words as codes, from strings to answers in one
pipeline; an average of vectors is a bag of words, too.
"""

import argparse

from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skrnn import ConvClassifier, DenseClassifier, RNNClassifier, TokenSequences
from skrnn.datasets import make_reviews

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument(
    "--quick", action="store_true", help="few reviews and few epochs, to see that it runs"
)
args = parser.parse_args()

n_reviews = 200 if args.quick else 2000
texts, positive = make_reviews(n_reviews, random_state=0)
n_train = n_reviews // 2

options = {"embedding": 16, "epochs": 2 if args.quick else 15, "random_state": 0}
models = {
    "naive: the majority": (CountVectorizer(), DummyClassifier()),
    "bag of words, logistic": (CountVectorizer(), LogisticRegression()),
    "bag of words and pairs": (CountVectorizer(ngram_range=(1, 2)), LogisticRegression()),
    "average of vectors": (
        TokenSequences(),
        DenseClassifier((), pooling="average", **options),
    ),
    "convolutions": (TokenSequences(), ConvClassifier(16, 5, pooling="max", **options)),
    "LSTM": (TokenSequences(), RNNClassifier("lstm", 16, **options)),
    "GRU, attention": (
        TokenSequences(),
        RNNClassifier("gru", 16, bidirectional=True, pooling="attention", **options),
    ),
}

print(f'"{texts[0]}": {positive[0]}\n')
print(f"{n_train} reviews to learn from, {n_reviews - n_train} to tell of\n")
print(f"{'':26}accuracy")
for name, steps in models.items():
    model = make_pipeline(*steps).fit(texts[:n_train], positive[:n_train])
    print(f"{name:26}{model.score(texts[n_train:], positive[n_train:]):8.3f}")
