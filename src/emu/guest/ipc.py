"""placeholder"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ipc:
    queue: int

    def check_empty(self, kernel):
        pass


def build_ipc(kernel, workload, cores, idle, tasks):
    return Ipc(0)
