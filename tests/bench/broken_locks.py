"""Locks that are none, for what is to find that out."""

# It looks whether the lock is free, and takes it a moment later.
NOT_ATOMIC = """acquire:
    mov eax, dword ptr [rdi]
    test eax, eax
    jne acquire
    mov dword ptr [rdi], 0x1
    ret
release:
    mov dword ptr [rdi], 0x0
    ret
"""
