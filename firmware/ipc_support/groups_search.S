// int groups_search(const struct group_info *group_info, kgid_t grp)
// Source: Linux 4.8, kernel/groups.c, groups_search with GROUP_AT
// Entry: rdi group_info, may be NULL; esi grp
// Exit:  eax 1 if grp is one of them, else 0
// Clobbers: rax rcx rdx r8 r9 r10
// Lock: any
//@ state kernel
.set .LNGROUPS_PER_BLOCK_LOG, 0xa
.set .LNGROUPS_MASK, 0x3ff
groups_search:
    xor eax, eax
    test rdi, rdi
    je .Lout
    xor ecx, ecx                                            // left
    mov r8d, dword ptr [rdi + GROUPS_ngroups]               // right
.Lhalve:
    cmp ecx, r8d
    jae .Lout
    lea r9d, [rcx + r8]
    shr r9d, 0x1                                            // mid
    mov edx, r9d
    shr edx, .LNGROUPS_PER_BLOCK_LOG
    mov rdx, qword ptr [rdi + rdx*8 + GROUPS_blocks]
    mov r10d, r9d
    and r10d, .LNGROUPS_MASK
    cmp esi, dword ptr [rdx + r10*4]                        // GROUP_AT(group_info, mid)
    ja .Labove
    jae .Lmember
    mov r8d, r9d
    jmp .Lhalve
.Labove:
    lea ecx, [r9 + 0x1]
    jmp .Lhalve
.Lmember:
    mov eax, 0x1
.Lout:
    ret
