/* A driver is stopped while a request comes in: the request sees that nobody stops it, and counts itself too late. Fixed: it
 * counts itself first, and then looks.
 */
#include "sct.h"

static volatile long stopping, stopped, all_gone, bad;
static long pending = 1; /* requests, and the driver itself */

static void leave(void)
{
	if (__atomic_sub_fetch(&pending, 1, __ATOMIC_SEQ_CST) == 0)
		all_gone = 1;
}

static void stop(void)
{
	stopping = 1;
	leave();
	while (!all_gone)
		relax();
	stopped = 1;
}

static void request(void)
{
#ifdef FIXED
	__atomic_add_fetch(&pending, 1, __ATOMIC_SEQ_CST);
	if (!stopping)
		bad = stopped;
#else
	if (stopping)
		return;
	__atomic_add_fetch(&pending, 1, __ATOMIC_SEQ_CST);
	bad = stopped;
#endif
	leave();
}

int main(void)
{
	static const body bodies[] = { stop, request };

	together(bodies, COUNT(bodies));
	finish(bad);
}
