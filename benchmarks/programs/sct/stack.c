/* Two threads look without the lock whether there is something on a stack, and take it under the lock: what one saw the other may
 * have taken. Fixed: they look under the lock.
 */
#include "sct.h"

#define SLOTS 4

static volatile long slots[SLOTS], top, bad;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void push(void)
{
	pthread_mutex_lock(&lock);
	slots[top] = 7;
	top = top + 1;
	pthread_mutex_unlock(&lock);
}

static void pop(void)
{
#ifndef FIXED
	if (top == 0)
		return;
#endif
	pthread_mutex_lock(&lock);
#ifdef FIXED
	if (top > 0)
#endif
	{
		if (top == 0)
			bad = 1;
		else
			top = top - 1;
	}
	pthread_mutex_unlock(&lock);
}

int main(void)
{
	static const body bodies[] = { push, pop, pop };

	together(bodies, COUNT(bodies));
	finish(bad);
}
