"""One message from core 0 to core 1 by the real system calls, in every order of their instructions, drains and interrupts.

The guest boots and runs in simulated time up to a moment just before the hand-off; from there the explorer takes over.
"""

from collections.abc import Callable
from typing import NamedTuple

from emu.engine import records as rec
from emu.explore.explorer import Bounds, Exploration, Explorer, Rules
from emu.explore.flat import for_search
from emu.memory.store_buffer import drain_all
from emu.native import address_of
from emu.run.experiment import Setup, prepare
from emu.run.experiment_spec import Experiment

FAR = 1 << 49  # no interrupt arrives by itself: the search takes it at every moment that it can
PAYLOAD = 0x1234567  # the sequence number that the sender is told to send


class Outcome(NamedTuple):
    """What both system calls gave and what they left behind."""

    sent: int
    received: int
    payload: int
    messages_queued: int
    bytes_queued: int
    receivers_waiting: bool
    lock: int


RIGHT = Outcome(sent=0, received=8, payload=PAYLOAD, messages_queued=0, bytes_queued=0, receivers_waiting=False, lock=0)


def at_user_text(setup: Setup, core: int) -> bool:
    base = int(setup.machine.record["text"]["user_base"][0])
    return base <= int(setup.machine.cores[core]["pc"]) < base + int(setup.machine.record["text"]["user_bytes"][0])


def run_until(setup: Setup, condition: Callable[[], bool], *, slice_cycles: int = 20) -> None:
    """Advance the timed machine slice by slice until a condition holds, then let all stores drain."""
    setup.machine.record["slice_cycles"] = slice_cycles
    for _ in range(200_000):
        if condition():
            drain_all(address_of(setup.bus.record))
            return
        assert setup.machine.run() == rec.SLICE_DONE
    raise AssertionError("the moment never came")


def stop_time(setup: Setup) -> None:
    """Events, stalls, locks and timers are the timed machine's: a search needs none of them."""
    for_search(setup.machine.text)
    setup.machine.record["locking"]["count"] = 0
    setup.machine.counts("locking.of_line")[:] = -1
    setup.machine.record["costs"]["ipi_flight"] = FAR


def receiver_sleeps(setup: Setup) -> bool:
    (queue,) = setup.guest.ipc.queues
    waiting = queue["q_receivers.next"] != queue.address("q_receivers")
    return waiting and setup.machine.cores[1]["status"] == rec.HALTED and at_user_text(setup, 0)


def both_in_user_text(setup: Setup) -> bool:
    return all(at_user_text(setup, core) for core in range(2))


MOMENTS = {"receiver asleep": (receiver_sleeps, (20_000, 0)), "both about to call": (both_in_user_text, (20_000, 20_000))}


def explore(variant: str, moment: str, bounds: Bounds, *, reduced: bool = True) -> Exploration:
    """Search from a moment on."""
    condition, delays = MOMENTS[moment]
    setup = prepare(Experiment(variant=variant, cores=2, threads=2, messages=1))
    for task, delay in zip(setup.guest.tasks, delays, strict=True):
        setup.guest.kernel.record("user_page", task.page)["task.start_delay"] = delay
    sender, receiver = (setup.guest.kernel.record("user_page", task.page) for task in setup.guest.tasks)
    sender["task.sequence_to_send"] = PAYLOAD
    run_until(setup, lambda: condition(setup))
    stop_time(setup)
    (queue,) = setup.guest.ipc.queues
    explorer = Explorer(setup.machine, [end_of_call(setup)] * 2, Rules(reduced=reduced, devices=True), bounds)

    def observe() -> Outcome:
        return Outcome(
            sent=explorer.register(0, "RAX"),
            received=explorer.register(1, "RAX"),
            payload=receiver["receive_buffer.mtext"],
            messages_queued=queue["q_qnum"],
            bytes_queued=queue["q_cbytes"],
            receivers_waiting=queue["q_receivers.next"] != queue.address("q_receivers"),
            lock=queue["q_perm.lock"],
        )

    return explorer.run(observe)


def end_of_call(setup: Setup) -> int:
    """The return to the program behind a system call that went well."""
    wrapper = setup.image.symbols["syscall_ret"]
    return min(address for address, each in setup.text.decoded.items() if address >= wrapper and each.mnemonic == "ret")
