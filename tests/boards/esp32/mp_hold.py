"""What the board of an ESP32 keeps from the heap: real threads, whose stacks are what is held; of
the port only the sizes of its free memory are played."""

import sys
import time

import _thread

sys.path.insert(0, "boards/esp32")

scratch = None
KB = 1024


class Port:
    """Modules of the port, as far as the board needs them here."""

    Pin = object
    HEAP_DATA = STA_IF = 0
    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(5)
    pieces = []

    most_hz = 240000000

    def freq(self, hz):
        if hz > self.most_hz:
            raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz or 160MHz")
        self.hz = hz

    def idf_heap_info(self, kind):
        return [(size, size, size, size) for size in self.pieces]

    def __getattr__(self, name):
        return lambda *args: 0


class Threads:
    """Stands around _thread: which stacks were asked for, and how many are in use."""

    def __init__(self):
        self.size = 0
        self.stacks = []
        self.running = 0
        self.room = True

    allocate_lock = staticmethod(_thread.allocate_lock)

    def stack_size(self, size):
        self.size = size

    def start_new_thread(self, call, args):
        if not self.room:
            raise OSError("can't create thread")
        self.stacks.append(self.size)
        self.running += 1

        def body():
            call(*args)
            self.running -= 1

        _thread.start_new_thread(body, ())


port = Port()
sys.modules.update({"machine": port, "network": port, "esp32": port})
import board as esp32_board


def fresh(*pieces):
    port.pieces = pieces
    threads = esp32_board._thread = Threads()
    return esp32_board.Board(), threads


def wait_for(threads, running):
    for _ in range(500):
        if threads.running == running:
            return
        time.sleep_ms(10)
    raise AssertionError("%d threads, expected %d" % (threads.running, running))


def test_all_but_what_the_heap_may_take_is_held_until_it_is_let_go_of():
    board, threads = fresh(30 * KB, 110 * KB)
    board.hold(46 * KB)
    assert threads.stacks == [64 * KB] and threads.running == 1
    assert threads.size == 0  # other threads get what the port gives
    board.let_go()
    wait_for(threads, 0)
    board.let_go()  # a second time changes nothing


def test_held_anew_is_held_once():
    board, threads = fresh(110 * KB)
    board.hold(46 * KB)
    board.hold(60 * KB)
    wait_for(threads, 1)
    assert threads.stacks == [64 * KB, 50 * KB]
    board.let_go()
    wait_for(threads, 0)


def test_little_is_not_held():
    board, threads = fresh(50 * KB)
    board.hold(46 * KB)
    assert not threads.stacks
    board.let_go()


def test_with_psram_nothing_is_held():
    board, threads = fresh(4096 * KB, 110 * KB)
    board.hold(46 * KB)
    assert not threads.stacks


def test_no_room_for_the_thread():
    board, threads = fresh(110 * KB)
    threads.room = False
    board.hold(46 * KB)
    assert not threads.running and threads.size == 0
    board.let_go()


def test_what_is_told_of_the_memory():
    board, _ = fresh(10 * KB, 4 * KB)
    told = board.memory()
    assert told["idf"] == 14 * KB and told["block"] == 10 * KB
    assert told["heap"] >= 0


def test_a_chip_with_less_than_240_mhz_starts_all_the_same():
    fresh(100 * KB)
    assert port.hz == 240000000
    port.hz, port.most_hz = 0, 160000000
    try:
        fresh(100 * KB)
    finally:
        port.most_hz = 240000000
    assert port.hz == 160000000
