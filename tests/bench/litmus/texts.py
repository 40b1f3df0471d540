"""A few litmus tests as text, and folders of them."""

import os
from collections.abc import Sequence
from pathlib import Path

from emu.litmus import suite
from emu.runner.outcome import ShouldStop

SB = """X86 SB
{ x=0; y=0; }
 P0          | P1          ;
 MOV [x],$1  | MOV [y],$1  ;
 MOV EAX,[y] | MOV EAX,[x] ;
exists (0:EAX=0 /\\ 1:EAX=0)
"""
FENCED = SB.replace("X86 SB", "X86 SB+mfences").replace(" MOV EAX", " MFENCE | MFENCE ;\n MOV EAX", 1)
MP = """X86_64 MP
{ }
 P0          | P1            ;
 movl $1,(x) | movl (y),%eax ;
 movl $1,(y) | movl (x),%ebx ;
forall (1:rax=0 \\/ 1:rbx=1)
"""
UNKNOWN = "X86 bad\n{ }\n P0 ;\n FROB EAX,$1 ;\nexists (0:EAX=1)\n"
COUNTING = "X86 counting\n{ }\n P0 ;\n L0: INC [x] ;\n JMP L0 ;\nexists (0:EAX=1)\n"
# P1 waits for what nobody gives; P0 and P1 each hold what the other one wants.
NOBODY = "X86_64 nobody\n{ }\n P0 | P1 ;\n movl $1,(x) | L: cmpl $0,(y) ;\n | je L ;\nforall (x=1)\n"
ABBA = """X86_64 ABBA
{ }
 P0                  | P1                  ;
 A: lock btsl $0,(x) | A: lock btsl $0,(y) ;
 jc A                | jc A                ;
 B: lock btsl $0,(y) | B: lock btsl $0,(x) ;
 jc B                | jc B                ;
 movl $0,(y)         | movl $0,(x)         ;
 movl $0,(x)         | movl $0,(y)         ;
forall (x=0 /\\ y=0)
"""
INORDER = ABBA.replace("ABBA", "inorder").replace("(y) ;\n jc A", "(x) ;\n jc A").replace("(x) ;\n jc B", "(y) ;\n jc B")
THREE = "X86 three\n{ }\n P0 | P1 | P2 ;\n MOV [x],$1 | MOV [x],$2 | MOV EAX,[x] ;\n~exists (2:EAX=3)\n"


def write(folder: Path, **texts: str) -> Path:
    """Files NAME.litmus; a double underscore in a name is a folder."""
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.litmus"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def dying_batch(call: tuple[Sequence[Path], suite.Conditions], should_stop: ShouldStop) -> list[suite.Judged]:
    """A batch in whose process a test of the name `deadly` ends everything."""
    if any(path.stem == "deadly" for path in call[0]):
        os._exit(1)
    return suite.run_batch(call, should_stop)
