// struct cpuidle_driver *cpuidle_get_cpu_driver(struct cpuidle_device *dev)
// Source: Linux 4.8, drivers/cpuidle/driver.c, cpuidle_get_cpu_driver (4 instructions)
// Entry: rdi dev
// Exit:  rax driver, 0 for none
// Clobbers: none else
// Lock: none held
//@ state idle
cpuidle_get_cpu_driver:
    xor eax, eax
    test rdi, rdi
    jz .Lout
    mov rax, qword ptr [cpuidle_curr_driver]
.Lout:
    ret
