/* Empties the kernel's own books of its locks, lets emu look at another program, and prints the books:
 *     lock_stat PROGRAM ARGS...
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK(code) __asm__ volatile(".byte 0x0f, 0x04, " code ", 0x00" : : "D"(0), "S"(0) : "memory")

int main(int argc, char **argv)
{
	static char books[1 << 20];
	int file = open("/proc/lock_stat", O_WRONLY), status, size = 0, more;
	pid_t child;

	if (argc < 2 || file < 0 || write(file, "0", 1) != 1)
		return 3;
	close(file);
	MARK("0x5a");
	child = fork();
	if (child == 0) {
		execv(argv[1], argv + 1);
		_exit(9);
	}
	waitpid(child, &status, 0);
	MARK("0x5b");
	file = open("/proc/lock_stat", O_RDONLY);
	while ((more = read(file, books + size, sizeof(books) - size)) > 0)
		size += more;
	while (size > 0 && (more = write(1, books, size)) > 0)
		size = 0;
	return status != 0;
}
