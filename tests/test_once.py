"""Things made once."""

import threading
import time

from deblur.once import once


def test_threads_that_ask_at_once_share_what_one_of_them_makes():
    made = []

    @once(4)
    def slow(name: str) -> object:
        """Documented."""
        made.append(name)
        time.sleep(0.05)
        return object()

    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(slow("one"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["one"]
    assert len(got) == 4 and len(set(got)) == 1
    assert slow.__doc__ == "Documented."


def test_the_last_things_are_kept_until_they_are_to_be_forgotten():
    made = []

    @once(2)
    def double(number: int, times: int = 2) -> int:
        made.append(number)
        return times * number

    assert [double(number) for number in (1, 2, 1, 3, 2, 3)] == [2, 4, 2, 6, 4, 6]
    assert made == [1, 2, 3, 2]  # 3 pushed out 2, which had been asked for longest ago
    assert double(3, 2) == double(number=3, times=2) == 6
    assert made == [1, 2, 3, 2]
    double.forget()
    assert double(3) == 6
    assert made == [1, 2, 3, 2, 3]
