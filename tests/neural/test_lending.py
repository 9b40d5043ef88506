"""Memory that chunks go through, which is kept for the next."""

import threading

import numpy as np

from skrnn.neural.fused.lending import LINE, PIECES, Lender


def test_what_is_given_back_is_lent_again():
    """Who needs as much, or half as much, has the same memory; others have other."""
    lender = Lender(10_000)
    memory = lender.take(1000)
    lender.give_back(memory)

    less = lender.take(400)
    more = lender.take(1001)
    again = lender.take(500)

    assert not np.shares_memory(less, memory)
    assert not np.shares_memory(more, memory)
    assert np.shares_memory(again, memory)


def test_nobody_shares_what_is_lent():
    """Memory is lent to one at a time."""
    lender = Lender(10_000)
    lender.give_back(lender.take(1000))

    first, second = lender.take(1000), lender.take(1000)

    assert not np.shares_memory(first, second)


def test_begins_with_a_line_of_the_cache():
    """No vector lies in two lines."""
    for size in (64, 1000, 12_345):
        assert Lender(0).take(size).ctypes.data % LINE == 0


def test_keeps_no_more_than_it_may():
    """What was given back longest ago goes first, and what is too large at once."""
    lender = Lender(2500)
    pieces = [lender.take(1000) for _ in range(3)]
    for piece in pieces:
        lender.give_back(piece)

    assert lender.n_bytes == 2000
    assert np.shares_memory(lender.take(1000), pieces[2])
    lender.give_back(np.empty(3000, np.uint8))
    assert lender.n_bytes == 0


def test_keeps_few_pieces():
    """Small ones, too, are only so many."""
    lender = Lender(10**6)
    for piece in [lender.take(100) for _ in range(2 * PIECES)]:
        lender.give_back(piece)

    assert lender.n_bytes == 100 * PIECES


def test_threads_may_lend_at_once():
    """Each has its own."""
    lender = Lender(10**6)
    wrong = []

    def work(number):
        for _ in range(300):
            memory = lender.take(800)
            memory[:] = number
            if (memory != number).any():
                wrong.append(number)
            lender.give_back(memory)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
