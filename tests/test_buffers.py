import threading

import numpy as np

from gdviz.buffers import Buffers


def test_a_name_gets_the_same_memory_again():
    buffers = Buffers()
    large = buffers("z", (3, 5))
    small = buffers("z", (2, 4))
    assert (large.shape, small.shape) == ((3, 5), (2, 4))
    assert np.shares_memory(large, small)
    assert buffers("z", ()).shape == ()
    assert buffers("z", (3, 0)).shape == (3, 0)


def test_memory_grows_where_more_is_asked_for():
    buffers = Buffers()
    small = buffers("z", (2, 2))
    small[...] = 1
    large = buffers("z", (2, 3))
    large[...] = 2
    assert (small == 1).all()
    assert np.shares_memory(large, buffers("z", (6,)))


def test_names_and_threads_have_memory_of_their_own():
    buffers = Buffers()
    z, log = buffers("z", (4,)), buffers("log", (4,))
    assert not np.shares_memory(z, log)
    of_thread = []
    thread = threading.Thread(target=lambda: of_thread.append(buffers("z", (4,))))
    thread.start()
    thread.join()
    assert not np.shares_memory(z, of_thread[0])
