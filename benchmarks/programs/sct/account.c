/* Money is paid in under the account's lock, and taken out without it: one of the two can be lost. Fixed: both hold the lock. */
#include "sct.h"

static volatile long balance = 100;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void deposit(void)
{
	pthread_mutex_lock(&lock);
	balance = balance + 30;
	pthread_mutex_unlock(&lock);
}

static void withdraw(void)
{
#ifdef FIXED
	pthread_mutex_lock(&lock);
#endif
	balance = balance - 20;
#ifdef FIXED
	pthread_mutex_unlock(&lock);
#endif
}

int main(void)
{
	static const body bodies[] = { deposit, withdraw };

	together(bodies, COUNT(bodies));
	finish(balance != 110);
}
