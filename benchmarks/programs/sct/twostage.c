/* `data1` is set under one lock, and `data2` = data1 + 1 under another one later; a reader who finds the first wants the second.
 * Fixed: the first lock is held until both are set.
 */
#include "sct.h"

static long data1, data2, bad;
static pthread_mutex_t lock1 = PTHREAD_MUTEX_INITIALIZER, lock2 = PTHREAD_MUTEX_INITIALIZER;

static void write_both(void)
{
	long first;

	pthread_mutex_lock(&lock1);
	first = data1 = 1;
#ifndef FIXED
	pthread_mutex_unlock(&lock1);
#endif
	pthread_mutex_lock(&lock2);
	data2 = first + 1;
	pthread_mutex_unlock(&lock2);
#ifdef FIXED
	pthread_mutex_unlock(&lock1);
#endif
}

static void read_both(void)
{
	long first, second;

	pthread_mutex_lock(&lock1);
	first = data1;
	pthread_mutex_unlock(&lock1);
	if (first == 0)
		return;
	pthread_mutex_lock(&lock2);
	second = data2;
	pthread_mutex_unlock(&lock2);
	bad = second != first + 1;
}

int main(void)
{
	static const body bodies[] = { write_both, read_both };

	together(bodies, COUNT(bodies));
	finish(bad);
}
