/* A bounded queue whose slots have a lock, and whose count of items is kept outside of it. Fixed: the count is under the lock. */
#include "sct.h"

#define SLOTS 2
#define ITEMS 3

static volatile long slots[SLOTS], head, tail, count, bad;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int put(long item)
{
	int room;

	pthread_mutex_lock(&lock);
	room = tail - head < SLOTS;
	if (room) {
		slots[tail % SLOTS] = item;
		tail = tail + 1;
	}
#ifdef FIXED
	count = count + room;
	pthread_mutex_unlock(&lock);
#else
	pthread_mutex_unlock(&lock);
	count = count + room;
#endif
	return room;
}

static int take(long *item)
{
	int some;

	pthread_mutex_lock(&lock);
	some = tail - head > 0;
	if (some) {
		*item = slots[head % SLOTS];
		head = head + 1;
	}
#ifdef FIXED
	count = count - some;
	pthread_mutex_unlock(&lock);
#else
	pthread_mutex_unlock(&lock);
	count = count - some;
#endif
	return some;
}

static void produce(void)
{
	long item;

	for (item = 1; item <= ITEMS; item++)
		put(item);
}

static void consume(void)
{
	long tries, item, last = 0;

	for (tries = 0; tries < ITEMS; tries++)
		if (take(&item)) {
			bad |= item <= last;
			last = item;
		}
}

int main(void)
{
	static const body bodies[] = { produce, consume };

	together(bodies, COUNT(bodies));
	finish(bad || count != tail - head);
}
