/* Random bytes of a program under test: for LD_PRELOAD. While the file is there that QUIETUS_TEST_NO_RANDOMNESS names, four of
 * them cannot be had, which is what the jitter of a pause takes, or as many as QUIETUS_TEST_NO_RANDOMNESS_BYTES says. Every other number of
 * them is left as it is. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t getrandom(void *into, size_t length, unsigned int flags) {
    const char *path = getenv("QUIETUS_TEST_NO_RANDOMNESS");
    const char *bytes = getenv("QUIETUS_TEST_NO_RANDOMNESS_BYTES");
    if (length == (bytes ? strtoul(bytes, NULL, 10) : 4) && path && access(path, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_getrandom, into, length, flags);
}
