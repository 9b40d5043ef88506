"""Shakespeare letter by letter: nats and bits after some minutes, beside an n-gram model.

The first 90 % of the text are learned, the last 10 % told. How many epochs fit into the time is
measured first. Time is the processor's, shared out to its cores: what else runs changes nothing.
"""

import argparse
import math
import time
from collections import defaultdict
from pathlib import Path

from skrnn import CharacterModel
from skrnn.neural.fused.threads import allowed_threads

TEXT = Path(__file__).parents[2] / "shared" / "data" / "tinyshakespeare.txt"
# What is trained in so many minutes at most.
SETTINGS = {
    1: {"units": (128,), "learning_rate": 0.01, "length": 32},
    10: {"units": (512,), "length": 64, "dropout": 0.2},
    math.inf: {"units": (512, 512), "dropout": 0.4},
}


def settings_of(minutes):
    """The parameters of a training that takes so long."""
    return next(settings for most, settings in SETTINGS.items() if minutes <= most)


# ---------------------------------------------------------------------- the baseline


def counted(text, order):
    """How often each letter follows each context of 0 … order letters.

    Of shorter contexts it is before how many different letters that was (Kneser and Ney, 1995):
    what backs off has not been seen behind the longer one.
    """
    follows = [defaultdict(lambda: defaultdict(int)) for _ in range(order + 1)]
    for i, letter in enumerate(text):
        for n in range(min(order, i), -1, -1):
            counts = follows[n][text[i - n : i]]
            counts[letter] += 1
            if counts[letter] > 1:
                break  # its shorter contexts have counted it
    return follows


def ngram_nats(train, test, order, discount=0.8):
    """Mean -log of the probability of each letter, backed off by absolute discounting."""
    follows = counted(train, order)
    totals = [
        {context: sum(counts.values()) for context, counts in of_order.items()}
        for of_order in follows
    ]
    floor = 1 / (len(set(train)) + 1)
    whole = train + test
    nats = 0.0
    for i in range(len(train), len(whole)):
        p = floor
        for n in range(order + 1):
            context = whole[i - n : i]
            counts = follows[n].get(context)
            if counts is None:
                break
            total = totals[n][context]
            p = (max(counts.get(whole[i], 0) - discount, 0) + discount * len(counts) * p) / total
        nats -= math.log(p)
    return nats / len(test)


# ---------------------------------------------------------------------- the network


def clock():
    """Seconds of the processor, if all cores that may be used were busy."""
    return time.process_time() / allowed_threads()


def letters_a_second(train, params):
    """How fast it learns, once its kernels are compiled."""
    model = CharacterModel(**params, epochs=1, random_state=0)
    some = train[: 10 * 128 * 64]
    model.fit(some)
    start = clock()
    model.fit(some)
    return len(some) / (clock() - start)


def show(name, nats, seconds, more=""):
    print(f"{name:34} {nats:6.3f} {nats / math.log(2):6.3f} {seconds:8.1f} s  {more}", flush=True)


def network(train, test, minutes, params):
    """Train for about so long."""
    speed = letters_a_second(train, params)
    epochs = args.epochs or max(1, round(60 * minutes * speed / len(train)))
    model = CharacterModel(**params, epochs=epochs, random_state=0, verbose=args.verbose)
    start = clock()
    model.fit(train, validation_text=test if args.validate else None)
    seconds = clock() - start
    nats = model.bits_per_character(test) * math.log(2)
    units = "-".join(map(str, params["units"]))
    speed = len(train) * epochs / seconds
    show(f"LSTM {units}, {epochs} epochs", nats, seconds, f"{speed:,.0f} letters/s")
    return model


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--minutes", type=float, nargs="+", default=[0.5, 5])
parser.add_argument("--set", nargs="*", default=[], help="other parameters, as units=(128,)")
parser.add_argument("--epochs", type=int, help="so many, however long that takes")
parser.add_argument("--order", type=int, default=6, help="letters that the n-grams look back")
parser.add_argument("--validate", action="store_true", help="learn and tell the first 90 %% alone")
parser.add_argument("--only", action="store_true", help="the network, without n-grams")
parser.add_argument("--sample", action="store_true", help="what the last network writes")
parser.add_argument("--verbose", type=int, default=0)
parser.add_argument("--quick", action="store_true", help="a little of it, to see that it runs")
args = parser.parse_args()

text = TEXT.read_text()
cut = len(text) * 9 // 10
train, test = text[:cut], text[cut:]
if args.validate:
    cut = len(train) * 9 // 10
    train, test = train[:cut], train[cut:]
if args.quick:
    train, test, args.minutes = train[:100_000], test[:5_000], [0.01]
print(f"{'':34} {'nats':>6} {'bits':>6}")
if not args.only:
    for order in sorted({2, 4, args.order}):
        start = time.perf_counter()
        nats = ngram_nats(train, test, order)
        show(f"{order + 1}-grams", nats, time.perf_counter() - start)
for minutes in args.minutes:
    params = dict(settings_of(minutes))
    for pair in args.set:
        name, _, value = pair.partition("=")
        params[name] = eval(value)
    model = network(train, test, minutes, params)
if args.sample:
    print()
    print(model.generate("\n", 500, temperature=0.8, random_state=0))
