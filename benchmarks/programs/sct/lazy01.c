/* Three threads under one lock: two add, and the third takes it for granted that not both have. Fixed: it allows for both. */
#include "sct.h"

#ifdef FIXED
#define MOST 3
#else
#define MOST 2
#endif

static long data, bad;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void check(void)
{
	pthread_mutex_lock(&lock);
	bad = data > MOST;
	pthread_mutex_unlock(&lock);
}

static void add_one(void)
{
	pthread_mutex_lock(&lock);
	data += 1;
	pthread_mutex_unlock(&lock);
}

static void add_two(void)
{
	pthread_mutex_lock(&lock);
	data += 2;
	pthread_mutex_unlock(&lock);
}

int main(void)
{
	static const body bodies[] = { check, add_one, add_two };

	together(bodies, COUNT(bodies));
	finish(bad);
}
