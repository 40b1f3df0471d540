"""What the names of instructions say: sizes, prefixes, other names for the same."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PREFIXES = _words("lock rep repe repz repne repnz")
IGNORED_PREFIXES = _words("xacquire xrelease")  # a processor without transactional memory takes no notice of them
OTHER_PREFIXES = _words("data16 data32 addr16 addr32 rex rex64 bnd notrack cs ds es fs gs ss wait fwait")
CONDITIONS = _words("a ae b be c e g ge l le na nae nb nbe nc ne ng nge nl nle no np ns nz o p pe po s z")
# Instructions on general registers and memory: a letter behind their name is the size of the access.
SIZED = _words(
    "mov movabs movnti add sub adc sbb and or xor cmp test inc dec neg not xchg xadd cmpxchg lea shl shr sal sar rol ror rcl rcr "
    "shld shrd bt bts btr btc bsf bsr mul imul div idiv push pop bswap popcnt lzcnt tzcnt"
) | {f"cmov{condition}" for condition in CONDITIONS}
SUFFIXES = {"b": 1, "w": 2, "l": 4, "q": 8}
EXTENSION = re.compile(r"mov([sz])([bwl])([wlq])")
SHIFTS = _words("shl shr sal sar rol ror rcl rcr shld shrd")  # cl is a count to them
LOCKED = _words("add adc and btc btr bts cmpxchg cmpxchg8b cmpxchg16b dec inc neg not or sbb sub xor xadd xchg")
# The only place that memory can have in these, or of no matter: some tools write them in the other order than all the rest.
MEMORY_FIRST = _words("xchg xadd cmpxchg test")
# What these change or show is no part of a state that a search compares.
OF_A_KERNEL = _words(
    "syscall sysret sysretl sysretq sysenter sysexit iret iretw iretl iretd iretq swapgs rdmsr wrmsr invlpg lgdt lidt lldt ltr "
    "sgdt sidt in inb inw inl out outb outw outl int "
    "fxsave fxsave64 fxsaveq fxrstor fxrstor64 fxrstorq ldmxcsr stmxcsr fnclex emms fild"
)
NO_OPERATION = _words("nop nopw nopl nopq")
RETURN = _words("ret retw retl retq")
OTHER_NAMES = {  # AT&T's, herd's
    "jlt": "jl",
    "jgt": "jg",
    "cbtw": "cbw",
    "cwtl": "cwde",
    "cltq": "cdqe",
    "cwtd": "cwd",
    "cltd": "cdq",
    "cqto": "cqo",
    "stosl": "stosd",
    "lodsl": "lodsd",
    "scasl": "scasd",
}
# Without operands, Keystone does not know these.
REPEAT_BYTES = {"rep": "0xf3", "repe": "0xf3", "repz": "0xf3", "repne": "0xf2", "repnz": "0xf2", "lock": "0xf0"}
BYTES = {"endbr64": "0xf3, 0xf, 0x1e, 0xfa", "movsd": "0xa5", "movsl": "0xa5", "cmpsl": "0xa7"}
# Sizes that no operand shows.
ACCESS = {"movd": 4, "movss": 4, "movq": 8, "movsd": 8, **{f"set{condition}": 1 for condition in CONDITIONS}}
