"""Streams: texts as codes, and the windows that a network reads them in, one behind the other.

text       to be or
told       t  o     b  e     o  r       what comes: the target of each step
read       ·  t  o     b  e     o       what came before it; in front of a text nothing
windows   [0        ][1        ][2 ]    the state goes on from each to the next
"""

import heapq
import math
import time
from dataclasses import dataclass

import numpy as np

from skrnn.neural.training import Course

# Windows that a lane has at least: a step of training behind each.
FEWEST = 10


@dataclass(frozen=True)
class Stream:
    """Texts behind each other, as codes 1 …; 0 is what has none, or nothing.

    At each position ``told`` is what comes, and ``read`` what came before it in the same text. The
    texts begin at ``starts``, whose last is the end of all.
    """

    told: np.ndarray
    read: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, texts: list[np.ndarray]) -> "Stream":
        """Texts of codes; those of no letter are left out."""
        texts = [text for text in texts if len(text)]
        starts = np.cumsum([0, *map(len, texts)])
        told = np.concatenate([np.zeros(0, np.int64), *texts])
        read = np.zeros_like(told)
        read[1:] = told[:-1]
        read[starts[:-1]] = 0
        return cls(told=told, read=read, starts=starts)

    def __len__(self) -> int:
        return len(self.told)

    @property
    def longest(self) -> int:
        """Letters of the longest text."""
        return int(np.diff(self.starts).max())

    def halves(self) -> tuple["Stream", "Stream"]:
        """About half of the texts, and the others."""
        middle = len(self.starts) // 2
        cut = self.starts[middle]
        return (
            Stream(self.told[:cut], self.read[:cut], self.starts[: middle + 1]),
            Stream(self.told[cut:], self.read[cut:], self.starts[middle:] - cut),
        )

    def windows(self, length: int, cuts: np.ndarray | None = None) -> "Windows":
        """Windows of at most ``length`` steps over each text, which is also cut at some places."""
        begins = self.starts[:-1]
        pieces = begins if cuts is None else np.union1d(begins, cuts)
        sizes = np.diff(pieces, append=len(self))
        counts = -(-sizes // length)
        piece = np.repeat(np.arange(len(pieces)), counts)
        within = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
        first = pieces[piece] + within * length
        size = np.minimum(length, (pieces + sizes)[piece] - first)
        return Windows(first=first, size=size, piece=piece, begins=within == 0)


@dataclass(frozen=True)
class Windows:
    """Windows of a stream, in its order.

    The position of the first step of each, how many steps it has, which piece of the stream it
    belongs to, and whether that begins with it.
    """

    first: np.ndarray
    size: np.ndarray
    piece: np.ndarray
    begins: np.ndarray


class StreamFeed:
    """A stream in lanes, which are trained side by side: a batch is the next window of each.

    A text is cut where it is too long for a lane, each epoch at other places. The state is carried
    from window to window, and begins anew with each text, and where one was cut.

    Parameters
    ----------
    stream : Stream
        The texts.
    length : int
        Steps of a window, at most as many as the longest text has.
    batch_size : int
        Lanes; fewer where the stream is so short that they had fewer windows than ``FEWEST``.
    seed : int or None
        Draws where texts are cut, and the order of short ones.
    """

    varies = False

    def __init__(self, stream: Stream, *, length: int, batch_size: int, seed: int | None):
        self.stream = stream
        self.length = min(length, stream.longest)
        self._random = np.random.default_rng(seed)
        n_windows = len(stream.windows(self.length).first)
        self.batch_size = max(1, min(batch_size, n_windows // FEWEST))
        self.capacity = -(-len(stream) // (self.batch_size * self.length)) * self.length

    def __len__(self) -> int:
        return self.capacity // self.length

    def most_steps(self) -> int:
        """How many steps a batch has at most."""
        return self.batch_size * self.length

    def shuffle(self) -> None:
        """The epoch is over: the next draws its own lanes."""

    def lanes(self) -> tuple[Windows, np.ndarray]:
        """The windows of an epoch, and which are read when: (batches, lanes), -1 for none."""
        windows = self.stream.windows(self.length, self._cuts())
        counts = np.bincount(windows.piece)
        begins = np.cumsum(counts) - counts
        order = self._random.permutation(len(counts))
        order = order[np.argsort(-counts[order], kind="stable")]
        shortest = [(0, lane) for lane in range(self.batch_size)]
        pieces = [[] for _ in shortest]
        for piece in order:
            load, lane = heapq.heappop(shortest)
            pieces[lane].append(np.arange(begins[piece], begins[piece] + counts[piece]))
            heapq.heappush(shortest, (load + int(counts[piece]), lane))
        table = np.full((max(load for load, _ in shortest), self.batch_size), -1)
        for lane, which in enumerate(pieces):
            self._random.shuffle(which)
            which = np.concatenate([np.zeros(0, np.int64), *which])
            table[: len(which), lane] = which
        return windows, table

    def _cuts(self):
        """Where texts are cut, so that lanes have about as much to read each."""
        if self.batch_size == 1:
            return np.zeros(0, np.int64)
        offset = int(self._random.integers(self.capacity))
        return np.arange(offset, len(self.stream), self.capacity)

    def state(self) -> dict:
        """What draws, for a training that goes on."""
        return {"shuffle": self._random.bit_generator.state}

    def restore(self, generators: dict) -> None:
        """Go on drawing from there."""
        self._random.bit_generator.state = generators["shuffle"]


class StreamCourse(Course):
    """The course of a training on a stream, which tells bits, and letters or tokens a second."""

    symbols = "letters"
    n_told = 0

    def told(self, losses: dict) -> str:
        """Losses in bits a symbol, and the speed."""
        names = {"loss": "bits", "val_loss": "val_bits"}
        bits = [f"{names[name]}: {nats / math.log(2):.3f}" for name, nats in losses.items()]
        seconds = time.perf_counter() - self._began
        return " ".join([*bits, f"{self.n_told / max(seconds, 1e-9):,.0f} {self.symbols}/s"])
