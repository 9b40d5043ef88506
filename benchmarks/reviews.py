"""Film reviews: words to classes, from strings to answers, beside bags of words and Keras.

Of 25,000 reviews the last 5,000 are held out. Settings were chosen with ``--validation``, which
trains on the first 17,000 and tells of the 3,000 behind them; the others it never reads.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skrnn import DenseClassifier, RNNClassifier, TokenSequences

FILE = Path(__file__).parents[2] / "shared" / "data" / "reviews.parquet"
N_TRAIN, N_VALIDATION = 20_000, 3_000

NETWORK = {"embedding": 32, "epochs": 3, "learning_rate": 0.005, "random_state": 0}
RECURRENT = {"dropout": 0.5, "output_dropout": 0.5, **NETWORK}
BOTH_WAYS = {"bidirectional": True, **RECURRENT}
# An epoch in Keras takes long: it is one of so many reviews.
N_EPOCH = 4_000
WORDS = TokenSequences(20_000, max_length=400)


def recurrent(cell, units=32, **params):
    """A recurrent network that reads the words."""
    return make_pipeline(WORDS, RNNClassifier(cell, units, **params))


RUNGS = {
    "majority": make_pipeline(TfidfVectorizer(max_features=10), DummyClassifier()),
    "bag of words, logistic regression": make_pipeline(
        TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=3, max_iter=200)
    ),
    "average of words and pairs": make_pipeline(
        TokenSequences(100_000, ngram_range=(1, 2)),
        DenseClassifier((), pooling="average", **NETWORK),
    ),
    "LSTM": recurrent("lstm", **RECURRENT),
    "GRU, both directions": recurrent("gru", pooling="max", **BOTH_WAYS),
    "GRU, both directions, attention": recurrent("gru", pooling="attention", **BOTH_WAYS),
    "four GRUs, both directions": recurrent("gru", pooling="max", n_estimators=4, **BOTH_WAYS),
}
# In Keras they take long, too: without ``--rungs`` it is one of them.
IN_KERAS = ["LSTM"]


def load():
    """The texts, and whether each review is positive."""
    reviews = pd.read_parquet(FILE)
    return reviews["text"].tolist(), reviews["positive"].to_numpy()


def parts(texts, y, *, validation):
    """What is trained on, and what is told of."""
    n = N_TRAIN - N_VALIDATION if validation else N_TRAIN
    stop = N_TRAIN if validation else len(texts)
    return (texts[:n], y[:n]), (texts[n:stop], y[n:stop])


def warm_up(model, train):
    """Have the kernels compiled, which a machine waits for once."""
    small = clone(model)
    name = small.steps[-1][0]
    if hasattr(small[-1], "epochs"):
        small.set_params(**{f"{name}__epochs": 1, f"{name}__n_estimators": 1})
    small.fit(train[0][:100], train[1][:100])


def run(name, model, train, test):
    """Fit a rung, and print how many classes it tells and how long that took from strings on."""
    warm_up(model, train)
    worked = time.process_time()
    began = time.perf_counter()
    model = clone(model).fit(*train)
    fitted = time.perf_counter()
    told = model.predict(test[0])
    ended = time.perf_counter()
    accuracy = (told == test[1]).mean()
    print(
        f"{name:38}{accuracy:9.4f}{fitted - began:10.1f} s{ended - fitted:8.1f} s"
        f"{ended - began:8.1f} s{time.process_time() - worked:11.1f} s",
        flush=True,
    )


def show_ladder(texts, y, names, *, validation):
    """Print the accuracy of each rung."""
    train, test = parts(texts, y, validation=validation)
    print(f"{len(train[1])} reviews to learn from, {len(test[1])} to tell of")
    print(f"{'':38}{'accuracy':>9}{'fit':>12}{'predict':>10}{'in all':>10}{'processor':>13}")
    for name in names:
        run(name, RUNGS[name], train, test)


def show_keras(texts, y, names, *, validation):
    """Print the accuracy of the same networks in Keras."""
    train, test = parts(texts, y, validation=validation)
    for name in names:
        model = clone(RUNGS[name])
        if hasattr(model[-1], "engine"):
            model[-1].set_params(engine="keras")
            run(f"{name}, in Keras", model, train, test)


def show_words(texts):
    """Print how long it takes to turn all reviews into codes, on one core."""
    for words in (TokenSequences(), TokenSequences(100_000, ngram_range=(1, 2))):
        began = time.process_time()
        words.fit_transform(texts)
        seconds = time.process_time() - began
        print(f"{len(texts)} reviews as codes, {words}: {seconds:.1f} s")


def show_epoch(texts, y):
    """Print the time of an epoch of an embedding of 32 and an LSTM of 32, beside Keras."""
    texts, y = texts[:N_EPOCH], y[:N_EPOCH]
    X = WORDS.fit_transform(texts)
    seconds = {}
    for engine in ("fused", "keras"):
        model = RNNClassifier("lstm", 32, engine=engine, **NETWORK)
        model.partial_fit(X[:512], y[:512])
        model = clone(model)
        times = []
        for _ in range(3):
            began = time.perf_counter()
            model.partial_fit(X, y)
            times.append(time.perf_counter() - began)
        seconds[engine] = min(times)
    print(
        f"an epoch of {N_EPOCH} reviews: fused {seconds['fused']:.2f} s, "
        f"Keras {seconds['keras']:.2f} s, {seconds['keras'] / seconds['fused']:.1f} times"
    )


def main():
    """Print what is asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    choices = ("words", "ladder", "epoch", "keras")
    parser.add_argument("--only", choices=choices, action="append")
    parser.add_argument("--rungs", nargs="+", choices=list(RUNGS))
    parser.add_argument("--validation", action="store_true")
    arguments = parser.parse_args()
    if not FILE.exists():
        raise SystemExit(f"{FILE} is not there: skrnn.datasets.fetch_reviews gives such reviews")
    only = arguments.only or choices
    texts, y = load()
    if "words" in only:
        show_words(texts)
    if "ladder" in only:
        show_ladder(texts, y, arguments.rungs or RUNGS, validation=arguments.validation)
    if "epoch" in only:
        show_epoch(texts, y)
    if "keras" in only:
        show_keras(texts, y, arguments.rungs or IN_KERAS, validation=arguments.validation)


if __name__ == "__main__":
    main()
