/* The disk under the ledger of a program under test: for LD_PRELOAD. What is written to and synced of the ledger's file
 * (QUIETUS_TEST_LEDGER) and of its log beside it is written down in the journal (QUIETUS_TEST_JOURNAL), so that a test can say
 * what a power cut may have left; and calls go wrong as the orders say (QUIETUS_TEST_ORDERS). Every other file is left as it is. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What goes wrong. The numbers are those of the test's `Fault`. */
enum { NOTHING, WRITE_EIO, WRITE_ENOSPC, WRITE_SHORT, WRITE_TORN, WRITE_TORN_KILL, SYNC_EIO, SYNC_LIES, SYNC_KILL, SYNC_SLOW, READ_EIO };

struct orders {
    int64_t fault;
    int64_t after;  /* so many calls of its kind go well first */
    int64_t times;  /* so many then go wrong */
    int64_t amount; /* bytes that are written, or milliseconds */
    int64_t hits;   /* so many have gone wrong, of all orders */
};

static struct orders *orders;
static const char *ledger;
static int journal = -1;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void open_disk(void) {
    const char *path = getenv("QUIETUS_TEST_ORDERS");
    const char *notes = getenv("QUIETUS_TEST_JOURNAL");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0 || !notes) {
        return;
    }
    void *shared = mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (shared == MAP_FAILED) {
        return;
    }
    journal = open(notes, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    orders = shared;
    ledger = getenv("QUIETUS_TEST_LEDGER");
}

/* Which file a path is: 0 the ledger, 1 its log, -1 another one. */
static int file_at(const char *path, size_t length) {
    size_t own = strlen(ledger);
    if (length < own || memcmp(path, ledger, own)) {
        return -1;
    }
    return length == own ? 0 : length == own + 4 && !memcmp(path + own, "-wal", 4) ? 1 : -1;
}

static int file_of(int fd) {
    if (!ledger || fd == journal) {
        return -1;
    }
    char name[32], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    int before = errno;
    ssize_t length = readlink(name, path, sizeof path);
    errno = before;
    return length < 0 ? -1 : file_at(path, (size_t)length);
}

/* Whether this call is to go wrong, of those between these two kinds. Holds the lock. */
static int64_t wrong(int64_t from, int64_t to) {
    if (orders->fault < from || orders->fault > to || orders->times <= 0 || orders->after-- > 0) {
        return NOTHING;
    }
    orders->times--;
    orders->hits++;
    return orders->fault;
}

static void note(char what, int file, uint64_t offset, const void *bytes, size_t length) {
    char *record = malloc(16 + length);
    uint32_t count = (uint32_t)length;
    memset(record, 0, 4);
    record[0] = what;
    record[1] = (char)file;
    memcpy(record + 4, &count, 4);
    memcpy(record + 8, &offset, 8);
    memcpy(record + 16, bytes, length);
    if (syscall(SYS_write, journal, record, 16 + length) != (ssize_t)(16 + length)) {
        abort();
    }
    free(record);
}

static ssize_t write_at(int file, int fd, const void *bytes, size_t length, off_t offset, int moves) {
    pthread_mutex_lock(&one_at_a_time);
    int64_t fault = wrong(WRITE_EIO, WRITE_TORN_KILL);
    size_t reach = length;
    int error = 0;
    if (fault != NOTHING) {
        reach = (size_t)orders->amount < length ? (size_t)orders->amount : length;
        error = fault == WRITE_ENOSPC ? ENOSPC : fault == WRITE_SHORT && reach > 0 ? 0 : EIO;
        reach = fault == WRITE_EIO || fault == WRITE_ENOSPC ? 0 : reach;
    }
    ssize_t written = 0;
    if (reach > 0) {
        note('W', file, (uint64_t)offset, bytes, reach);
        written = syscall(SYS_pwrite64, fd, bytes, reach, offset);
    }
    if (fault == WRITE_TORN_KILL) {
        kill(getpid(), SIGKILL);
    }
    if (moves && written > 0) {
        lseek(fd, offset + written, SEEK_SET);
    }
    pthread_mutex_unlock(&one_at_a_time);
    if (error) {
        errno = error;
        return -1;
    }
    return written;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    int file = file_of(fd);
    if (file < 0) {
        return syscall(SYS_write, fd, bytes, length);
    }
    return write_at(file, fd, bytes, length, lseek(fd, 0, SEEK_CUR), 1);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    int file = file_of(fd);
    return file < 0 ? syscall(SYS_pwrite64, fd, bytes, length, offset) : write_at(file, fd, bytes, length, offset, 0);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

static int read_fails(int fd) {
    if (file_of(fd) < 0 || orders->fault != READ_EIO) {
        return 0;
    }
    pthread_mutex_lock(&one_at_a_time);
    int fails = wrong(READ_EIO, READ_EIO) != NOTHING;
    pthread_mutex_unlock(&one_at_a_time);
    return fails;
}

ssize_t read(int fd, void *into, size_t length) {
    if (ledger && orders->fault == READ_EIO && read_fails(fd)) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_read, fd, into, length);
}

ssize_t pread64(int fd, void *into, size_t length, off64_t offset) {
    if (ledger && orders->fault == READ_EIO && read_fails(fd)) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, into, length, offset);
}

ssize_t pread(int fd, void *into, size_t length, off_t offset) { return pread64(fd, into, length, offset); }

static int sync_file(int file, int fd, long call) {
    pthread_mutex_lock(&one_at_a_time);
    int64_t fault = wrong(SYNC_EIO, SYNC_SLOW);
    if (fault == SYNC_KILL) {
        kill(getpid(), SIGKILL);
    }
    int failed = 0;
    if (fault == SYNC_EIO) {
        /* As Linux does it: what was not written counts as written from now on, and no later call says so again. */
        note('F', file, 0, "", 0);
        errno = EIO;
        failed = -1;
    } else if (fault != SYNC_LIES) {
        failed = (int)syscall(call, fd);
        if (!failed) {
            note('S', file, 0, "", 0);
        }
    }
    int64_t pause_ms = fault == SYNC_SLOW ? orders->amount : 0;
    pthread_mutex_unlock(&one_at_a_time);
    if (pause_ms) {
        struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};
        nanosleep(&pause, NULL);
    }
    return failed;
}

int fsync(int fd) {
    int file = file_of(fd);
    return file < 0 ? (int)syscall(SYS_fsync, fd) : sync_file(file, fd, SYS_fsync);
}

int fdatasync(int fd) {
    int file = file_of(fd);
    return file < 0 ? (int)syscall(SYS_fdatasync, fd) : sync_file(file, fd, SYS_fdatasync);
}

int ftruncate64(int fd, off64_t length) {
    int file = file_of(fd);
    if (file < 0) {
        return (int)syscall(SYS_ftruncate, fd, length);
    }
    pthread_mutex_lock(&one_at_a_time);
    note('T', file, (uint64_t)length, "", 0);
    int failed = (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_unlock(&one_at_a_time);
    return failed;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int unlink(const char *path) {
    int file = ledger ? file_at(path, strlen(path)) : -1;
    if (file >= 0) {
        note('U', file, 0, "", 0);
    }
    return (int)syscall(SYS_unlink, path);
}
