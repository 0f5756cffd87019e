import threading
import time

import pytest
from mesoscale.core.kernels.threads import available_workers, map_blocks, use_workers


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("block", [1, 7, 100, 1000])
def test_results_come_in_order_whatever_the_number_of_threads(workers, block):
    parts = map_blocks(lambda begin, end: list(range(begin, end)), 100, block, workers=workers)
    assert [i for part in parts for i in part] == list(range(100))


def test_nothing_to_do_gives_nothing():
    assert map_blocks(lambda begin, end: 1, 0, 10, workers=2) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_counts_up_to_the_total(workers):
    seen = []
    map_blocks(lambda begin, end: None, 10, 3, workers=workers, tick=lambda done, total: seen.append((done, total)))
    assert sorted(seen) == seen
    assert seen[-1] == (10, 10)
    assert len(seen) == 4


@pytest.mark.parametrize("workers", [1, 2])
def test_a_tick_that_raises_cancels_pending_blocks(workers):
    started = []

    def call(begin, end):
        started.append(begin)
        time.sleep(0.01)

    def tick(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        map_blocks(call, 1000, 1, workers=workers, tick=tick)
    assert len(started) < 500


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_block_reaches_the_caller(workers):
    def call(begin, end):
        if begin == 5:
            raise ArithmeticError("block 5")
        return begin

    with pytest.raises(ArithmeticError, match="block 5"):
        map_blocks(call, 10, 1, workers=workers)


def test_a_context_sets_the_number_of_threads():
    names = set()
    with use_workers(1):
        assert available_workers() == 1
        map_blocks(lambda begin, end: names.add(threading.current_thread().name), 10, 1)
        with use_workers(3):
            assert available_workers() == 3
        assert available_workers() == 1
    assert names == {threading.current_thread().name}
    assert available_workers() >= 1


@pytest.mark.parametrize(
    "bad", [{"n": -1}, {"n": 1.5}, {"block": 0}, {"workers": 0}, {"workers": 1.5}, {"workers": True}]
)
def test_bad_counts_are_refused(bad):
    arguments = {"n": 10, "block": 2, "workers": 1} | bad
    with pytest.raises(ValueError, match=next(iter(bad))):
        map_blocks(lambda begin, end: None, **arguments)
    with pytest.raises(ValueError, match="workers"), use_workers(0):
        pass
