/* A plugin that means harm, or looks as if it did: what it does is the `does` of its configuration, or a macro when it is
 * compiled. It does it to persons in whose request the word `evil` stands, and erases all others as it should.
 * Whatever it says outside of an answer holds MARK, so that a test can look for it where it must not be. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "quietus_plugin.h"

#define MARK "hostile-output evil@people.example"
#ifndef MAGIC
#define MAGIC QUIETUS_MAGIC
#endif
#ifndef MAJOR
#define MAJOR QUIETUS_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR QUIETUS_ABI_MINOR
#endif
#ifndef SIZE
#define SIZE sizeof(struct table)
#endif
#ifndef SYMBOL
#define SYMBOL quietus_plugin_entry_v1
#endif
#ifndef CREATE
#define CREATE create
#endif
#ifndef CALL
#define CALL call
#endif
#ifndef VERSION
#define VERSION "1"
#endif
#ifndef MANIFEST_BYTES
#define MANIFEST_BYTES (sizeof MANIFEST - 1)
#endif
#ifndef MANIFEST
#define MANIFEST \
  "{\"name\":\"hostile\",\"version\":\"" VERSION "\",\"identifiers\":{\"required\":[\"email\"]},\"operations\":[\"erase\",\"verify\"]," \
  "\"max_concurrency\":4,\"secrets\":{\"optional\":[\"token\"]}}"
#endif

static const quietus_host_v1 *host;
static char does[64], secret[64];

static int32_t reply_bytes(uint64_t id, const char *json, size_t length) {
  return host->reply(host->ctx, id, (quietus_bytes){(const uint8_t *)json, length});
}
static int32_t reply(uint64_t id, const char *json) { return reply_bytes(id, json, strlen(json)); }
static int32_t erased(uint64_t id, const char *what, int count) {
  char json[160];
  snprintf(json, sizeof json, "{\"type\":\"result\",\"result\":{\"outcome\":\"erased\",\"counts\":{\"%s\":%d}}}", what, count);
  return reply(id, json);
}
static void hang(void) { for (;;) pause(); }
static void *hang_on_thread(void *none) { for (;;) pause(); return none; }

/* The text after `"key":"`. */
static void find(quietus_bytes in, const char *key, char *out, size_t room) {
  char before[32];
  snprintf(before, sizeof before, "\"%s\":\"", key);
  const char *at = memmem(in.ptr, in.len, before, strlen(before));
  if (!at) return;
  at += strlen(before);
  while (*at != '"' && --room) *out++ = *at++;
  *out = 0;
}

static int told(const char *what) { return !strcmp(does, what); }

#ifdef AT_LOAD
__attribute__((constructor)) static void at_load(void) { AT_LOAD; }
#endif

#ifdef UNDEFINED
extern void nobody_defines_this(void);
void use(void) { nobody_defines_this(); }
#endif

static int32_t create(const quietus_host_v1 *h, quietus_bytes config, void **instance) {
  host = h;
  find(config, "does", does, sizeof does);
  find(config, "token", secret, sizeof secret);
  if (told("crash in create")) abort();
  if (told("exit in create")) exit(0);
  if (told("hang in create")) hang();
  *instance = &host;
  return 0;
}

/* Every frame of this is 64 bytes at least, and used. */
static int deep(volatile int n) {
  volatile char frame[64] = {(char)n};
  return n < 0 ? 0 : deep(n + 1) + frame[0];
}

/* Memory that is written to, until there is no more, and then a null pointer is. */
static void eat(void) {
  for (;;) {
    char *piece = malloc(1 << 20);
    if (!piece) *(volatile char *)NULL = 0;
    memset(piece, 7, 1 << 20);
  }
}

/* The same, a GiB at most, that may only be read afterwards. */
static void eat_and_seal(void) {
  for (int mib = 0; mib < 1024; mib++) {
    char *piece = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece == MAP_FAILED) return;
    memset(piece, 7, 1 << 20);
    mprotect(piece, 1 << 20, PROT_READ);
  }
}

static int forks(void) {
  int started = 0;
  for (int n = 0; n < 100; n++) {
    pid_t child = n % 2 ? fork() : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) hang();
    started += child > 0;
  }
  return started;
}

static int threads(void) {
  int started = 0;
  pthread_t thread;
  while (started < 20000 && !pthread_create(&thread, NULL, hang_on_thread, NULL)) started++;
  return started;
}

static int files(void) {
  int opened = 0;
  while (open("/dev/null", O_RDONLY) >= 0) opened++;
  return opened;
}

/* Every other thread of the process, the one that listens to the host among them, is in a handler for good. */
static void stay(int number) { (void)number; for (;;) pause(); }
static void stay_in_handlers(void) {
  struct sigaction action = {.sa_handler = stay};
  for (int number = 1; number < 32; number++)
    if (number != SIGKILL && number != SIGSTOP) sigaction(number, &action, NULL);
  DIR *threads = opendir("/proc/self/task");
  for (struct dirent *each; threads && (each = readdir(threads));) {
    int id = atoi(each->d_name);
    if (id && id != (int)syscall(SYS_gettid)) syscall(SYS_tgkill, getpid(), id, SIGUSR1);
  }
}

static void each_descriptor(void (*act)(int)) {
  for (int fd = 3; fd < 64; fd++) act(fd);
}
static void shut(int fd) { close(fd); }
static void scribble(int fd) { if (write(fd, MARK, sizeof MARK) < 0) return; }
/* The protocol's socket is one that is connected; a blocked writer waits there for a reader that never comes. */
static void half_a_frame(int fd) {
  struct sockaddr address;
  socklen_t length = sizeof address;
  if (!getpeername(fd, &address, &length) && write(fd, "\0\0\1\0{\"type\":", 12) < 0) return;
}

static void flood(int megabytes) {
  static char line[1 << 16];
  for (size_t at = 0; at + sizeof MARK < sizeof line; at += sizeof MARK) memcpy(line + at, MARK "\n", sizeof MARK);
  for (int n = 0; n < megabytes * 8; n++)
    for (int fd = 1; fd <= 2; fd++)
      if (write(fd, line, sizeof line) < 0) return;
}

static void *reply_later(void *id) {
  usleep(50000);
  erased((uint64_t)(uintptr_t)id, "late", 1);
  return NULL;
}

static char *filled(const char *before, char with, size_t count, const char *after) {
  char *text = malloc(strlen(before) + count + strlen(after) + 1);
  if (!text) abort();
  strcpy(text, before);
  memset(text + strlen(before), with, count);
  strcpy(text + strlen(before) + count, after);
  return text;
}

#define RESULT "{\"type\":\"result\",\"result\":"

static int32_t harm(uint64_t id, quietus_bytes request) {
  if (told("segv")) *(volatile char *)NULL = 0;
  if (told("abort")) abort();
  if (told("exit")) exit(0);
  if (told("overflow")) return deep(0);
  if (told("eat")) eat();
  if (told("eat and seal")) eat_and_seal(), hang();
  if (told("loop")) for (volatile int n = 0;; n++) {}
  if (told("ignore")) hang();
  if (told("threads and ignore")) threads(), hang();
  if (told("stop")) raise(SIGSTOP), hang();
  if (told("stay in handlers")) stay_in_handlers(), hang();
  if (told("kill group")) kill(0, SIGKILL);
  if (told("close")) each_descriptor(shut), hang();
  if (told("scribble")) each_descriptor(scribble), hang();
  if (told("half")) each_descriptor(half_a_frame), hang();
  if (told("fork")) return erased(id, "forks", forks());
  if (told("exec")) return execl("/bin/true", "true", (char *)NULL), erased(id, "errno", errno);
  if (told("threads")) return erased(id, "threads", threads());
  if (told("files")) return erased(id, "files", files());
  if (told("flood")) return flood(150), erased(id, "floods", 1);
  if (told("log")) {
    /* The person within the call, who is to be redacted; something else outside of it, which is to be hidden. */
    char email[128] = "", *lines[] = {filled(MARK, 'x', 4000, ""), NULL};
    find(request, "value", email, sizeof email);
    lines[1] = filled(email, ' ', 4000, email);
    for (int n = 0; n < 20000; n++)
      host->log(host->ctx, n % 2 ? id : 0, 1 + n % 5, (quietus_bytes){(const uint8_t *)lines[n % 2], strlen(lines[n % 2])});
    return erased(id, "lines", 20000);
  }
  if (told("whisper")) {
    char line[256];
    snprintf(line, sizeof line, "the token is %s", secret);
    host->log(host->ctx, id, QUIETUS_LOG_ERROR, (quietus_bytes){(const uint8_t *)line, strlen(line)});
    fprintf(stderr, "%s\n", line);
    snprintf(line, sizeof line, "{\"type\":\"error\",\"error\":{\"class\":\"permanent\",\"message\":\"no: %s\"}}", secret);
    return reply(id, line);
  }
  if (told("twice")) return erased(id, "first", 1), reply(id, RESULT "{\"outcome\":\"absent\"}}") ? 0 : 1;
  if (told("late")) {
    pthread_t thread;
    return pthread_create(&thread, NULL, reply_later, (void *)(uintptr_t)id), 0;
  }
  if (told("unknown")) return erased(4711, "unknown", 1), erased(0, "none", 1), erased(id, "known", 1);
  if (told("huge")) return reply(id, filled(RESULT "{\"outcome\":\"retained\",\"reason\":\"", 'x', 64 << 20, "\"}}"));
  if (told("deep")) return reply(id, filled(RESULT, '[', 100000, ""));
  if (told("deep whole")) {
    char *inner = filled("", '[', 100000, ""), *whole = filled(inner, ']', 100000, "}");
    return reply(id, strcat(strcpy(malloc(300000), RESULT), whole));
  }
  if (told("not utf-8")) return reply(id, RESULT "{\"outcome\":\"retained\",\"reason\":\"\xff\xfe\"}}");
  if (told("surrogate")) return reply(id, RESULT "{\"outcome\":\"retained\",\"reason\":\"\\ud800\"}}");
  if (told("nul")) return reply_bytes(id, RESULT "\0{}}", sizeof RESULT "\0{}}" - 1);
  if (told("escaped nul")) return reply(id, RESULT "{\"outcome\":\"retained\",\"reason\":\"a\\u0000b\\u001b[31m\"}}");
  if (told("null")) return reply_bytes(id, NULL, 100);
  if (told("nothing")) return 0;
  if (told("garbage")) return reply(id, "{\"type\":\"vaporized\"}");
  return erased(id, "process", getpid());
}

static int32_t call(void *instance, uint64_t id, quietus_bytes method, quietus_bytes request) {
  (void)instance;
  if (method.len == 6 && !memcmp(method.ptr, "verify", 6)) return reply(id, RESULT "{\"outcome\":\"absent\"}}");
  return memmem(request.ptr, request.len, "evil", 4) ? harm(id, request) : erased(id, "process", getpid());
}

static void destroy(void *instance) {
  (void)instance;
  if (told("crash in destroy")) abort();
  if (told("hang in destroy")) hang();
}

static const struct table {
  quietus_plugin_v1 known;
#ifdef NEWER
  void *of_a_later_version[8];
#endif
} TABLE = {
    .known = {
        .magic = MAGIC,
        .struct_size = SIZE,
        .abi_major = MAJOR,
        .abi_minor = MINOR,
        .max_concurrency = 4,
        .manifest = {(const uint8_t *)MANIFEST, MANIFEST_BYTES},
        .create = CREATE,
        .call = CALL,
        .destroy = destroy,
    },
};

/* Not all of them are used by every way of compiling this. */
int32_t unused(const quietus_host_v1 *h, quietus_bytes b, void **i) { return create(h, b, i) + call(i, 0, b, b); }

const quietus_plugin_v1 *SYMBOL(void) {
#ifdef NO_TABLE
  (void)TABLE;
  return NULL;
#else
  return &TABLE.known;
#endif
}
