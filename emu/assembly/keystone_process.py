"""The program of the process that Keystone works in: it gets texts by stdin and gives machine code by stdout.

Keystone aborts on some instructions, has directives that never come to an end, and takes what memory it wants. Here that ends
no more than this process, and at a bound. It is started as a file of its own and imports nothing of emu: it must be there at once.
"""

import os
import resource
import struct
import sys

REQUEST = struct.Struct("<QQ")  # where the text begins to run, its bytes
ANSWER = struct.Struct("<BQ")  # one of the kinds below, bytes that follow
READY, CODE, REFUSED = range(3)
SECONDS_MAX = 10  # of this process, for one text: the whole kernel takes 0.1
MEMORY_BYTES_MAX = 1 << 30


def serve() -> None:
    """Answer requests until there are no more."""
    import keystone

    engine = keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64)
    answers = os.dup(1)
    os.dup2(2, 1)  # what Keystone prints is no answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    _answer(answers, READY, b"")
    while len(head := sys.stdin.buffer.read(REQUEST.size)) == REQUEST.size:
        base, size = REQUEST.unpack(head)
        text = sys.stdin.buffer.read(size)
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + SECONDS_MAX
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        try:
            code, _ = engine.asm(text, base, True)
        except keystone.KsError as error:
            _answer(answers, REFUSED, str(error).encode())
        else:
            _answer(answers, CODE, code or b"")


def _answer(answers: int, kind: int, data: bytes) -> None:
    rest = memoryview(ANSWER.pack(kind, len(data)) + data)
    while rest:
        rest = rest[os.write(answers, rest) :]


if __name__ == "__main__":
    sys.path.append(sys.argv[1])  # where keystone is
    serve()
