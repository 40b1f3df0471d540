/* What the programs of this folder share: threads on CPUs of their own that begin together, in a region that begins with a mark.
 *
 * Each is a small race of a well-known shape, written anew, for `emu boot --explore` (docs/explore-kernel.md):
 *
 *     cc -O1 -static -pthread -o reorder benchmarks/programs/sct/reorder.c
 *     emu boot KERNEL -p 3 --from work_begin --to work_end --explore random:2000 -- ./reorder
 *
 * It ends with 1 if the race had its effect; otherwise it comes to the second mark, and ends with 0. With -DFIXED it always does.
 * Nothing but the race lies in the region: the threads are there and wait for the gate before it begins, and none ends before
 * the process does.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#define WORK_BEGIN ".byte 0x0f, 0x04, 0x5a, 0x00"
#define WORK_END ".byte 0x0f, 0x04, 0x5b, 0x00"
#define MARK(bytes) __asm__ volatile(bytes : : "D"(0), "S"(0) : "memory")
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef void (*body)(void);

static volatile long gate_open;
static long arrived, done;

static void relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static void pin(long cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(2);
}

struct start {
	body body;
	long cpu;
};

static __attribute__((noreturn)) void *started(void *argument)
{
	struct start *start = argument;

	pin(start->cpu);
	__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
	while (!gate_open)
		relax();
	start->body();
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) > 0)
		relax(); /* for good */
	_exit(2);
}

/* Runs each body on a CPU of its own, the first one on the caller's, and returns when all have. */
static void together(const body *bodies, long count)
{
	struct start *starts = calloc(count, sizeof(*starts));
	pthread_t thread;
	long each;

	pin(0);
	for (each = 1; each < count; each++) {
		starts[each].body = bodies[each];
		starts[each].cpu = each;
		if (pthread_create(&thread, NULL, started, &starts[each]))
			_exit(2);
	}
	while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < count - 1)
		sched_yield();
	MARK(WORK_BEGIN);
	gate_open = 1;
	bodies[0]();
	while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < count - 1)
		relax();
}

/* The end of the program: of the region too, if nothing went wrong. */
static __attribute__((noreturn)) void finish(int bad)
{
	if (bad)
		_exit(1);
	MARK(WORK_END);
	_exit(0);
}
