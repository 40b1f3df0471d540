// bool cpuidle_not_available(struct cpuidle_driver *drv, struct cpuidle_device *dev)
// Source: Linux 4.8, drivers/cpuidle/cpuidle.c, cpuidle_not_available (8 instructions)
// Entry: rdi drv, rsi dev
// Exit:  eax 1: no driver chooses idle states
// Clobbers: none else
// Lock: none held
//@ state idle
cpuidle_not_available:
    mov eax, 0x1
    cmp dword ptr [cpuidle_off], 0x0
    jne .Lout
    cmp dword ptr [cpuidle_initialized], 0x0
    je .Lout
    test rdi, rdi
    jz .Lout
    test rsi, rsi
    jz .Lout
    xor eax, eax
.Lout:
    ret
