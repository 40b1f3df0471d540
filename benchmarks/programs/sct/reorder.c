/* Two setters store to `a` and then to `b`; a checker wants to see both stores or none. Fixed: all three hold a lock. */
#include "sct.h"

static volatile long a, b, bad;

#ifdef FIXED
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
#define ENTER pthread_mutex_lock(&lock)
#define LEAVE pthread_mutex_unlock(&lock)
#else
#define ENTER
#define LEAVE
#endif

static void set(void)
{
	ENTER;
	a = 1;
	b = -1;
	LEAVE;
}

static void check(void)
{
	long a_seen, b_seen;

	ENTER;
	a_seen = a;
	b_seen = b;
	LEAVE;
	bad = a_seen != -b_seen;
}

int main(void)
{
	static const body bodies[] = { set, set, check };

	together(bodies, COUNT(bodies));
	finish(bad);
}
