"""The search against a plain walk of the same sides: every state, every edge, every distance."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from plain_walk import PlainWalk

from session_fsm.explore.numbering import Numbering, Runs
from session_fsm.explore.products import Product, products
from session_fsm.explore.search import Found, walk
from session_fsm.session.building import shipped_charts

pytestmark = pytest.mark.slow

SMALL = {product.name: product for product in products(0) if not product.forked}


def states_of(found: Found) -> set[object]:
    """The states, with places and messages in place of their numbers."""
    books = [half.book for half in found.halves]
    states = set()
    for state in range(len(found)):
        standing = found.standing(state)
        places = tuple(book.places[place] for book, place in zip(books, standing.places, strict=True))
        sent = tuple(
            frozenset(book.messages[number] for number in book.sets.numbers_in(numbers))
            for book, numbers in zip(books, standing.sent, strict=True)
        )
        states.add((places, sent))
    return states


@pytest.fixture(scope="module", params=SMALL.values(), ids=SMALL)
def both(request) -> tuple[Found, PlainWalk]:
    """One product, walked in both ways."""
    product: Product = request.param
    charts = list(shipped_charts().values())
    found = product.begun(charts)
    walk(found)
    return found, PlainWalk(product.sides(charts), patient=product.patient)


def test_the_search_finds_every_state_and_no_other(both):
    """Vectors, hashes and shared books change nothing of what can be reached."""
    found, plain = both

    assert plain.states_in_full() == states_of(found)


def test_the_search_finds_every_edge(both):
    """Pairs of different states that follow each other."""
    found, plain = both

    assert plain.edges == found.edges


def test_the_run_to_each_state_is_a_shortest_one(both):
    """Breadth first: as many states at each distance as there are."""
    found, plain = both
    steps = [0]
    for parent in found.parents.all[1:].tolist():
        steps.append(steps[parent] + 1)

    assert Counter(plain.states.values()) == Counter(steps)


def test_rows_are_numbered_in_the_order_in_which_they_come():
    """Equal rows get one number, in one call and over several."""
    numbering = Numbering(2)
    dice = np.random.default_rng(1)
    known: dict[tuple[int, int], int] = {}
    for _ in range(20):
        rows = dice.integers(0, 60, size=(2, 500))
        numbers, fresh = numbering.of(rows[0], rows[1])
        assert sorted(set(numbers[fresh].tolist())) == list(range(len(known), len(known) + len(fresh)))
        for one, two, number in zip(*rows.tolist(), numbers.tolist(), strict=True):
            assert number == known.setdefault((one, two), number)

    assert len(numbering) == len(known) == len(set(known.values()))


def test_runs_are_spread_over_their_owners():
    """Positions and records, also for a number without any."""
    runs = Runs(1)
    runs.extend([2, 0, 1], [7, 8, 9])

    positions, records = runs.of(np.array([2, 1, 0, 2]))

    assert ([0, 2, 2, 3], [9, 7, 8, 9]) == (positions.tolist(), runs.columns[0].all[records].tolist())
