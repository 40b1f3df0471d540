"""Which instructions the random programs are made of: a line a kind, `names | operands | sizes`.

Operands: `r` a register, `m` memory, `i` a number, all of the size of the instruction or, with a number behind them, of their
own; `q` a number of 64 bits, `b` one of 8, `n` one of 7,
`x` an XMM register, `a` memory at a multiple of its size. `lock` and `rep` are prefixes.
Whatever needs more than operands has a function of its own in `cpu_special`.
"""

from dataclasses import dataclass
from functools import cache

from emu.isa.carried_out import CONDITIONS

CMOV, SET = (" ".join(f"{kind}{each}" for each in CONDITIONS) for kind in ("cmov", "set"))
TABLE = f"""
mov                         | r,r r,m m,r r,i m,i        | 8 16 32 64
mov                         | r,q                        | 64
add or adc sbb and sub xor  | r,r r,m m,r r,i m,i        | 8 16 32 64
cmp                         | r,r r,m m,r r,i m,i        | 8 16 32 64
test                        | r,r m,r r,i m,i            | 8 16 32 64
inc dec neg not             | r m                        | 8 16 32 64
xchg xadd cmpxchg           | r,r                        | 8 16 32 64
xadd cmpxchg                | m,r                        | 8 16 32 64
xchg                        | a,r                        | 8 16 32 64
lock add or adc sbb and sub xor | a,r a,i                | 8 16 32 64
lock inc dec neg not        | a                          | 8 16 32 64
lock xadd cmpxchg           | a,r                        | 8 16 32 64
shl shr sar rol ror rcl rcr | r,b m,b r,cl m,cl r,1 m,1  | 8 16 32 64
shld shrd                   | r,r,b m,r,b r,r,cl m,r,cl  | 16 32 64
bt bts btr btc              | r,r r,n m,n                | 16 32 64
lock bts btr btc            | a,n                        | 16 32 64
bsf bsr popcnt lzcnt tzcnt  | r,r r,m                    | 16 32 64
imul                        | r,r r,m r,r,i r,m,i        | 16 32 64
mul imul                    | r m                        | 8 16 32 64
{CMOV}                      | r,r r,m                    | 16 32 64
{SET}                       | r8 m8                      | 8
movzx movsx                 | r,r8 r,m8                  | 16 32 64
movzx movsx                 | r,r16 r,m16                | 32 64
movsxd                      | r,r32 r,m32                | 64
movnti                      | m,r                        | 32 64
bswap                       | r                          | 32 64
cbw cwde cdqe cwd cdq cqo clc stc cmc cld std lahf sahf nop pause mfence lfence sfence | - | 64
prefetcht0 prefetcht1 prefetcht2 prefetchnta prefetchw clflush | m8 | 8
movaps movups movapd movupd movdqa movdqu movq movss movsd movhlps movlhps | x,x | 128
movups movupd movdqu lddqu  | x,m                        | 128
movaps movapd movdqa        | x,a                        | 128
movups movupd movdqu        | m,x                        | 128
movaps movapd movdqa movntps movntpd movntdq | a,x       | 128
movq movsd movlps movhps movlpd movhpd | x,m64 m64,x     | 64
movd movss                  | x,m32 m32,x                | 32
movd                        | x,r32 r32,x                | 32
movq                        | x,r64 r64,x                | 64
"""
FEATURES = {"popcnt": "popcnt", "lzcnt": "lzcnt", "tzcnt": "bmi1", "prefetchw": "prefetchw", "lddqu": "sse3",
            "cmpxchg16b": "cx16", "lahf": "lahf", "sahf": "lahf"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """An instruction with the kinds of its operands."""

    prefix: str
    name: str
    operands: tuple[str, ...]
    size: int  # in bits

    @property
    def feature(self) -> str:
        """What CPUID must have for it; nothing: every x86-64 processor knows it."""
        return FEATURES.get(self.name, "")


@cache
def forms() -> tuple[Form, ...]:
    """All forms of the table."""
    found = []
    for line in TABLE.strip().splitlines():
        names, operands, sizes = (part.split() for part in line.split("|"))
        prefix = names.pop(0) if names[0] in ("lock", "rep") else ""
        for name in names:
            for pattern in operands:
                kinds = () if pattern == "-" else tuple(pattern.split(","))
                found += [Form(prefix, name, kinds, int(size)) for size in sizes]
    return tuple(found)
