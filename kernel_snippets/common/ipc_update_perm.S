// int ipc_update_perm(struct ipc64_perm *in, struct kern_ipc_perm *out)
// Source: Linux 4.8, ipc/util.c, ipc_update_perm with make_kuid and make_kgid, which in init_user_ns change nothing
// Entry: rdi in, rsi out
// Exit:  eax 0, or -EINVAL for a user or group that cannot be
// Clobbers: rax rcx rdx
// Lock: out->lock is held
//@ state kernel
.set .LNO_ID, -0x1
ipc_update_perm:
    mov ecx, dword ptr [rdi + IPC64_uid]
    cmp ecx, .LNO_ID
    je .Linvalid
    mov edx, dword ptr [rdi + IPC64_gid]
    cmp edx, .LNO_ID
    je .Linvalid
    mov dword ptr [rsi + IPCP_uid], ecx
    mov dword ptr [rsi + IPCP_gid], edx
    mov eax, dword ptr [rdi + IPC64_mode]
    xor ax, word ptr [rsi + IPCP_mode]
    and eax, S_IRWXUGO
    xor word ptr [rsi + IPCP_mode], ax                      // the permissions, and no other bit
    xor eax, eax
    ret
.Linvalid:
    mov eax, -EINVAL
    ret
