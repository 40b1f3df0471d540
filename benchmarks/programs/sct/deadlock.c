/* Two threads take two locks in opposite orders, and may wait for each other for good. Fixed: both take them in the same order. */
#include "sct.h"

static pthread_mutex_t lock1 = PTHREAD_MUTEX_INITIALIZER, lock2 = PTHREAD_MUTEX_INITIALIZER;
static volatile long data;

static void add(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
	pthread_mutex_lock(outer);
	pthread_mutex_lock(inner);
	data = data + 1;
	pthread_mutex_unlock(inner);
	pthread_mutex_unlock(outer);
}

static void forwards(void)
{
	add(&lock1, &lock2);
}

static void backwards(void)
{
#ifdef FIXED
	add(&lock1, &lock2);
#else
	add(&lock2, &lock1);
#endif
}

int main(void)
{
	static const body bodies[] = { forwards, backwards };

	together(bodies, COUNT(bodies));
	finish(data != 2);
}
