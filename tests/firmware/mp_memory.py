"""Memory on a board: what is loaded for one use is let go of, and where memory lacks the board
says so and restarts."""

import errno
import json
import sys

import main
import mp_logger
from board import Stop
from late import forget
from mp_logger import Rig

scratch = None


def rig_named(name):
    mp_logger.scratch = scratch
    return Rig(name)


def replies(rig):
    """Those that wait to be sent; the broker is not there."""
    link = rig.logger.link
    told = [json.loads(text) for text in link._replies]
    link._replies.clear()
    return told


def test_a_module_that_is_forgotten_is_loaded_anew():
    from health import boot_counter as first

    forget("health.boot_counter", "health.not_there")
    assert "health.boot_counter" not in sys.modules
    from health import boot_counter as second

    assert second is not first and second.MOST == first.MOST


def test_after_a_start_only_what_is_needed_stays():
    rig = rig_named("stays")
    gone = ("starting", "settings", "settings.config", "sensors.build", "spool.recovery")
    gone += ("firmware_hash", "sensors.calibration_start", "update.ab_slots", "update.updater")
    for name in gone:
        assert name not in sys.modules, name
    rig.close()


def test_a_board_that_sleeps_holds_memory_too_while_modules_load():
    rig = rig_named("sleeps")
    sleeper = dict(mp_logger.CONFIG, power={"mode": "cycle"})
    sleeper["channels"] = [{"id": "c1", "kind": "temperature", "pin": 4}]
    with open("/flash/config.json", "w") as f:
        json.dump(sleeper, f)
    told = []
    rig.board.thermometer = lambda n: None
    rig.board.hold = told.append
    rig.board.let_go = lambda: told.append("cycle" in sys.modules)
    forget("cycle")
    cycle = main.start(rig.board)
    assert type(cycle).__name__ == "Cycle"
    # What the heap may take; then it is let go of when the modules are there, and once.
    assert told and told[0] <= 40 * 1024 and told[1:] == [True], told
    rig.close()


def test_commands_are_let_go_of_a_minute_after_the_last_one():
    rig = rig_named("commands")
    ask = b'{"id": "i1", "do": "interval", "s": 120}'
    rig.logger._hear(ask)
    rig.run(5)
    assert replies(rig) == [{"id": "i1", "ok": True, "result": {"every_s": 120}}]
    assert "commands.dispatcher" in sys.modules
    rig.run(50)
    rig.logger._hear(b'{"id": "z1", "do": "zero", "channel": "w9"}')  # another minute
    rig.run(50)
    assert "commands.calibration" in sys.modules and not replies(rig)[0]["ok"]
    rig.run(15)
    for name in ("commands.dispatcher", "commands.calibration", "settings.overrides"):
        assert name not in sys.modules, name
    assert rig.logger.commands is None
    rig.logger._hear(ask)  # what was done is known from the flash
    rig.run(5)
    assert replies(rig) == [{"id": "i1", "ok": True, "result": "done before"}]
    assert rig.run(400) is None  # and the watchdog is fed
    rig.close()


def test_commands_that_wait_while_a_packet_takes_a_minute_are_done():
    rig = rig_named("waits")
    for n in (1, 2, 3):
        rig.logger._hear(b'{"id": "m%d", "do": "read"}' % n)
    rig.board.hal.sleep_ms(61000)
    rig.run(5)
    assert [r["id"] for r in replies(rig)] == ["m1", "m2", "m3"]
    rig.close()


def test_an_update_begins_without_the_modules_of_commands():
    rig = rig_named("update")
    sha = "0123456789abcdef" * 4
    ask = {"id": "u1", "do": "update", "bundle": sha[:16], "sha256": sha, "size": 9, "version": "0"}
    rig.logger._hear(json.dumps(ask).encode())
    rig.logger._hear(b'{"id": "r1", "do": "read"}')
    rig.run(5)
    told = {reply["id"]: reply for reply in replies(rig)}
    assert told["r1"]["ok"] and not told["u1"]["ok"], told
    assert "version: expected three numbers" in told["u1"]["error"]
    for name in ("commands.dispatcher", "update.updater", "update.installer"):
        assert name not in sys.modules, name
    rig.close()


def test_an_update_without_room_for_it_takes_nothing_but_a_restart():
    rig = rig_named("no_room")
    sha = "0123456789abcdef" * 4
    ask = {"id": "u1", "do": "update", "bundle": sha[:16], "sha256": sha, "size": 9, "version": "0"}
    for heap, idf in ((30000, 13800), (9000, 90000)):
        rig.board.memory = lambda: {"heap": heap, "idf": idf, "block": 4864}
        ask["id"] = "u%d" % heap
        rig.logger._hear(json.dumps(ask).encode())
        rig.run(5)
        (told,) = replies(rig)
        assert not told["ok"] and "version" in told["error"], told
    made = rig.logger.spool.state.next_seq
    rig.board.memory = lambda: {"heap": 21168, "idf": 9000, "block": 4864}
    rig.logger._hear(json.dumps(dict(ask, id="u2")).encode())
    rig.run(5)
    (told,) = replies(rig)
    assert told == {"id": "u2", "ok": True, "result": {"state": "restart"}}
    assert not [name for name in sys.modules if name.startswith("update")]
    assert rig.run(5) == "hard_reset"
    assert job()["state"] == "asked" and job()["alone"] == 0
    started(rig)
    assert type(rig.logger).__name__ == "Alone" and job()["alone"] == 1
    # The version is none: it ends at once, and what was sampled is there.
    assert ended(rig.logger) == "hard_reset"
    assert job()["state"] == "failed" and "expected three numbers" in job()["why"]
    started(rig)
    assert rig.logger.spool.state.next_seq == made + 1  # a last reading before the pause
    assert [r[1] for r in rig.logger.spool.peek(64)] == list(range(made + 1))
    assert rig.logger._about["update"]["state"] == "failed" and rig.logger.updates is None
    assert "update.known" not in sys.modules
    rig.close()


def test_birth_and_state_tell_what_is_free():
    rig = rig_named("tells")
    rig.logger.link._board.memory = lambda: {"heap": 25000, "idf": 20000, "block": 16000}
    birth = json.loads(bytes(rig.logger.link._birth_text()))
    assert (birth["heap"], birth["idf"], birth["block"]) == (25000, 20000, 16000)
    assert "net.birth" not in sys.modules
    rig.logger.link.state._memory = rig.logger.link._board.memory
    rig.run(20)
    state = json.loads(rig.logger.link.state.text(rig.logger.spool.peek(1)[0][5]))
    assert (state["heap"], state["idf"], state["block"]) == (25000, 20000, 16000)
    rig.close()


def lacking(*args):
    raise MemoryError("memory allocation failed")


def test_when_memory_lacks_again_and_again_the_board_restarts_and_loses_nothing():
    rig = rig_named("lacks")
    rig.run(10)
    rig.logger.link.mqtt.connect = lacking
    rig.logger.link.reply('{"id": "r1"}')  # it waits for this to be sent, for a while
    made = rig.logger.spool.state.next_seq
    assert rig.run(3600) == "hard_reset"
    assert len([x for x in rig.lines if "not enough memory" in x]) == 5
    assert len([x for x in rig.lines if "memory lacks: restarting" in x]) == 1  # said once
    rig.board.unmount()
    rig.board.power_up("hard_reset")
    rig.logger = main.start(rig.board)
    assert rig.logger.spool.state.next_seq >= made
    kept = [r[1] for r in rig.logger.spool.peek(64)]
    assert kept == list(range(rig.logger.spool.state.next_seq))
    rig.close()


def without_updates():
    """As after a reset."""
    for name in list(sys.modules):
        if name.split(".")[0] == "update":
            del sys.modules[name]


def started(rig):
    rig.board.unmount()
    rig.board.power_up("hard_reset")
    without_updates()
    rig.logger = main.start(rig.board)


def job():
    with open("/flash/update.json") as f:
        return json.load(f)


def ended(alone):
    """How a start ends that does nothing but an update."""
    try:
        alone.run()
    except Stop as stop:
        return stop.how


def test_an_update_that_leaves_no_memory_for_a_session_goes_on_alone():
    rig = rig_named("gives_up")
    sha = "0123456789abcdef" * 4
    job_ = {"id": "u1", "bundle": sha[:16], "sha256": sha, "size": 9000, "version": "9.9.9"}
    job_.update({"older": False, "state": "fetching", "why": ""})
    rig.logger.stop()
    with open("/flash/update.json", "w") as f:
        json.dump(job_, f)
    started(rig)
    rig.logger.link.liveness.stranded = True  # no network: it is gone on with after a restart
    assert rig.run(60) == "hard_reset"
    assert job()["state"] == "fetching"
    started(rig)
    rig.logger.updates.update.fetched = True  # it needs no network any more
    rig.logger.link.liveness.stranded = True
    assert rig.run(30) != "hard_reset"
    rig.logger.updates.update.fetched = rig.logger.link.liveness.stranded = False
    rig.logger.link.mqtt.connect = lacking
    assert rig.run(3600) == "hard_reset"
    assert job()["state"] == "fetching" and job()["alone"] == 0
    started(rig)
    begun = rig.clock.ms()
    assert ended(rig.logger) == "hard_reset"  # no broker is there
    assert 300 <= (rig.clock.ms() - begun) // 1000 <= 320
    assert job()["state"] == "failed" and "no session for 300 s" in job()["why"]
    started(rig)
    assert rig.logger.updates is None and "update.installer" not in sys.modules
    assert rig.run(100) is None and rig.logger.sampler.made
    rig.close()


def given(state, size):
    """An update that the next start does alone; it is on the flash."""
    sha = "0123456789abcdef" * 4
    job_ = {"id": "u1", "bundle": sha[:16], "sha256": sha, "size": size, "version": "9.9.9"}
    job_.update({"older": False, "state": state, "why": "", "alone": 0})
    with open("/flash/update.json", "w") as f:
        json.dump(job_, f)
    return job_


def test_starts_for_an_update_alone_are_counted_before_anything_else_is_loaded():
    rig = rig_named("counted")
    rig.logger.stop()
    job_ = given("asked", 9000)
    for n in (1, 2, 3):
        started(rig)
        assert type(rig.logger).__name__ == "Alone" and job()["alone"] == n
    started(rig)  # as after three losses of power
    assert job()["state"] == "failed" and "did not come to an end" in job()["why"]
    assert rig.run(100) is None and rig.logger.sampler.made
    job_.update({"state": "trial", "alone": 3, "to": rig.board.firmware_dir[-1:]})
    with open("/flash/update.json", "w") as f:
        json.dump(job_, f)
    started(rig)  # one more, in which the trial that was good is settled
    begun = rig.clock.ms()
    assert ended(rig.logger) == "hard_reset" and rig.clock.ms() - begun < 1000
    assert job()["state"] == "good" and "alone" not in job()
    started(rig)
    assert rig.logger._about["update"]["state"] == "good" and rig.logger.updates is None
    rig.close()


def test_an_update_alone_ends_after_twenty_minutes_of_slow_chunks():
    rig = rig_named("slow")
    rig.logger.stop()
    given("fetching", 90000)
    started(rig)
    begun = rig.clock.ms()
    installer = rig.logger._installer

    def slow():
        installer.chunk = (rig.clock.ms() - begun) // 100000
        return False

    installer.poll = slow
    assert ended(rig.logger) == "hard_reset"
    assert 1200 <= (rig.clock.ms() - begun) // 1000 <= 1220
    assert "not done within 1200 s" in job()["why"]
    without_updates()
    rig.close()


def late(*args):
    raise OSError(errno.ETIMEDOUT)


def signed_by_somebody_else(*args):
    raise ValueError("The certificate is not correctly signed by the trusted CA")


def what_ends(rig, block, how=late):
    """What a session ends with that fails while this is the largest piece."""
    mqtt = rig.logger.link.mqtt
    mqtt._board.memory = lambda: {"block": block, "idf": 25000}
    try:
        mqtt._run(how)
    except OSError as e:
        return e
    raise AssertionError("went on")


def test_an_answer_lost_for_want_of_memory_is_no_time_out():
    rig = rig_named("late")
    assert what_ends(rig, 20000).errno == errno.ETIMEDOUT
    short = what_ends(rig, 3000)
    assert short.errno == errno.ENOMEM and "memory" in str(short)
    wrong = what_ends(rig, 3000, signed_by_somebody_else)
    assert wrong.errno == errno.ENOMEM and "trusted CA" in str(wrong)
    wrong = what_ends(rig, 20000, signed_by_somebody_else)
    assert "memory" not in str(wrong) and "trusted CA" in str(wrong)
    rig.logger.link.mqtt._starting = True  # within a handshake, with less than one takes
    wrong = what_ends(rig, 20000, signed_by_somebody_else)
    assert wrong.errno == errno.ENOMEM and "trusted CA" in str(wrong)
    for _ in range(5):
        assert not rig.logger.link.liveness.stranded
        text = rig.logger.link.mqtt.why(short)
        rig.logger.link.liveness.failed(short, text, False)
    assert rig.logger.link.liveness.stranded
    rig.close()
