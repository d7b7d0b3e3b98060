/* A disk whose syncs take long: for LD_PRELOAD. Each sync of a file does what it always does, and then takes QUIETUS_BENCH_SYNC_MS
 * more. Syncs that are asked for at once do not wait for one another, as on a disk with a queue. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int slowly(int done) {
    const char *text = getenv("QUIETUS_BENCH_SYNC_MS");
    long pause_ms = text ? atol(text) : 0;
    struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
    return done;
}

int fsync(int fd) { return slowly((int)syscall(SYS_fsync, fd)); }

int fdatasync(int fd) { return slowly((int)syscall(SYS_fdatasync, fd)); }
