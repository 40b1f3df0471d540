// static u64 __calc_delta(u64 delta_exec, unsigned long weight, struct load_weight *lw)
// Source: Linux 4.8, kernel/sched/fair.c, __calc_delta with __update_inv_weight inlined (51 instructions with the inverse to be computed)
// Entry: rdi delta_exec, rsi weight, rdx lw
// Exit:  rax delta_exec * weight / lw->weight
// Clobbers: rcx rdx rsi rdi r8 r9
// Lock: rq->lock held
//@ state scheduler
__calc_delta:
    shr rsi, 0xa                                            // fact: scale_load_down(weight)
    mov r8, rdx                                             // lw
    mov ecx, dword ptr [rdx + SE_load_inv_weight - SE_load_weight]
    test ecx, ecx
    jnz .Linverse_known
    mov r9, qword ptr [rdx]
    shr r9, 0xa
    mov ecx, 0x1
    mov eax, WMULT_CONST
    cmp r9, rax
    jae .Linverse                                           // heavier than the constant
    mov ecx, eax
    test r9, r9
    jz .Linverse                                            // nothing at all
    xor edx, edx
    div r9
    mov ecx, eax
.Linverse:
    mov dword ptr [r8 + SE_load_inv_weight - SE_load_weight], ecx
.Linverse_known:
    mov r9d, 0x20                                           // shift
.Lfit_weight:
    mov rax, rsi
    shr rax, 0x20
    jz .Lweight_fits
    shr rsi, 0x1
    dec r9d
    jmp .Lfit_weight
.Lweight_fits:
    imul rsi, rcx                                           // fact * inv_weight
.Lfit:
    mov rax, rsi
    shr rax, 0x20
    jz .Lfits
    shr rsi, 0x1
    dec r9d
    jmp .Lfit
.Lfits:
    mov rax, rdi
    mul rsi
    mov ecx, r9d
    shrd rax, rdx, cl                                       // mul_u64_u32_shr
    ret
