/* Pairs of processes that play ping-pong over one System V message queue, for `emu boot`:
 *
 *     cc -O2 -static -o messages benchmarks/programs/messages.c
 *     emu boot VMLINUZ -p 4 --from work_begin --per 800 -- ./messages PAIRS ROUNDS
 *
 * One token a pair goes to and fro, ROUNDS times each way; so PAIRS x ROUNDS x 2 messages are sent. The two of a pair are on
 * different CPUs, half of all CPUs apart. The region that emu looks at is between the two marks (gem5's m5ops). Ends with 1 if a
 * message was lost or changed.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORK_BEGIN ".byte 0x0f, 0x04, 0x5a, 0x00"
#define WORK_END ".byte 0x0f, 0x04, 0x5b, 0x00"
#define MARK(bytes) __asm__ volatile(bytes : : "D"(0), "S"(0) : "memory")

struct token {
	long type;
	long round;
};

static void pin(long cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* One half of a pair: `side` 0 begins. */
static int play(int queue, long pair, long side, long rounds)
{
	struct token token = { .type = 2 * pair + 2, .round = 0 };
	long round;

	for (round = 0; round < rounds; round++) {
		if (side == 0) {
			token.type = 2 * pair + 2;
			token.round = round;
			if (msgsnd(queue, &token, sizeof(token.round), 0))
				return 1;
		}
		if (msgrcv(queue, &token, sizeof(token.round), 2 * pair + 1 + side, 0) < 0 || token.round != round)
			return 1;
		if (side == 1) {
			token.type = 2 * pair + 1;
			if (msgsnd(queue, &token, sizeof(token.round), 0))
				return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	long pairs = argc > 1 ? atol(argv[1]) : 4, rounds = argc > 2 ? atol(argv[2]) : 100;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), each, bad = 0;
	int queue = msgget(IPC_PRIVATE, 0600), status;
	volatile long *gate = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (queue < 0 || gate == MAP_FAILED)
		return 1;
	for (each = 0; each < 2 * pairs; each++)
		if (fork() == 0) {
			pin(each / 2 + each % 2 * (cpus / 2));
			__sync_fetch_and_add(&gate[0], 1);
			while (!gate[1])
				sched_yield();
			_exit(play(queue, each / 2, each % 2, rounds));
		}
	while (gate[0] < 2 * pairs)
		sched_yield();
	MARK(WORK_BEGIN);
	gate[1] = 1;
	for (each = 0; each < 2 * pairs; each++)
		bad += wait(&status) < 0 || status != 0;
	MARK(WORK_END);
	msgctl(queue, IPC_RMID, 0);
	printf("%ld pairs, %ld messages, %ld bad\n", pairs, 2 * pairs * rounds, bad);
	return bad != 0;
}
