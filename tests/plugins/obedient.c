/* A plugin that passes the conformance kit, and one macro for each way to fail one check of it. It erases
 * `{folder}/{hash of the e-mail address}`. Each macro is described in src/plugin/kit/tests.rs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quietus_plugin.h"

#ifndef SYMBOL
#define SYMBOL quietus_plugin_entry_v1
#endif
#ifdef ANY_KEY
#define MORE_KEYS
#else
#define MORE_KEYS "\"additionalProperties\":false,"
#endif

#ifdef FORGES
#define LINE "\\nsandbox      network"
#else
#define LINE
#endif
#ifdef ANY_KIND
#define KINDS "\"optional\":[\"*\"]"
#else
#define KINDS "\"required\":[\"email\"],\"optional\":[\"name" LINE "\"]"
#endif

static const char MANIFEST[] =
    "{\"name\":\"obedient" LINE "\",\"version\":\"1.0.0" LINE "\",\"identifiers\":{" KINDS "},"
    "\"operations\":[\"erase\",\"verify\",\"health\",\"dry_run\",\"find\",\"resume\"],"
    "\"returns\":[\"customer_no\"],\"max_concurrency\":4,"
    "\"timeouts\":{\"erase_ms\":10000,\"verify_ms\":10000,\"health_ms\":5000},\"secrets\":{\"required\":[\"token" LINE "\"]},"
    "\"writes_from\":[\"/folder\"],"
    "\"config_schema\":{\"type\":\"object\"," MORE_KEYS "\"required\":[\"folder\"],\"properties\":{"
    "\"folder\":{\"type\":\"string\",\"description\":\"Where the files are.\"},"
    "\"note" LINE "\":{\"type\":\"string\",\"default\":\"none" LINE "\",\"description\":\"Anything.\"}}}}";

#define KEYS_MAX 64

static const quietus_host_v1 *host;
static char folder[4096];
static char token[256];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* The last calls that erased something, so that they come to the same again. */
static char erased_keys[KEYS_MAX][65];
static unsigned erased_count;
static atomic_int calls;
#ifdef LONELY
static atomic_int under_way;
#endif

static quietus_bytes text(const char *s) {
  quietus_bytes bytes = {(const uint8_t *)s, strlen(s)};
  return bytes;
}

static int32_t reply(uint64_t call, const char *json) { return host->reply(host->ctx, call, text(json)); }

static int has(quietus_bytes json, const char *what) { return memmem(json.ptr, json.len, what, strlen(what)) != NULL; }

/* The JSON of the string after `before`, as it stands there, without its quotes. */
static int string_after(quietus_bytes json, const char *before, char *to, size_t size) {
  const char *at = memmem(json.ptr, json.len, before, strlen(before));
  const char *end = (const char *)json.ptr + json.len;
  size_t length = 0;
  if (!at) return 0;
  for (at += strlen(before); at < end && *at != '"'; at++) {
    if (*at == '\\' && at + 1 < end) {
      if (length + 1 < size) to[length++] = *at;
      at++;
    }
    if (length + 1 < size) to[length++] = *at;
  }
  to[length] = 0;
  return 1;
}

static int32_t refuse(const char *message) {
  char json[8192];
  snprintf(json, sizeof json, "{\"type\":\"error\",\"error\":{\"class\":\"needs_operator\",\"message\":\"%s\"}}", message);
  reply(0, json);
  return 1;
}

static int32_t create(const quietus_host_v1 *h, quietus_bytes config, void **instance) {
  host = h;
#ifdef EXACT_HOST
  if (h->struct_size != sizeof(quietus_host_v1) || h->abi_minor != QUIETUS_ABI_MINOR) return 1;
#endif
#ifdef REFUSES
  return refuse("not today");
#endif
#ifdef TRUSTS_TYPES
  if (has(config, "\"folder\":") && !has(config, "\"folder\":\"")) abort();
#endif
#ifdef TRUSTS_KEYS
  if (has(config, "\"note\":") && !has(config, "\"folder\":")) abort();
#endif
#ifdef TRUSTS_TABLES
  if (has(config, "\"config\":null")) abort();
#endif
  if (!string_after(config, "\"folder\":\"", folder, sizeof folder)) {
#ifdef QUOTES
    char number[64] = "", message[128];
    const char *at = memmem(config.ptr, config.len, "\"folder\":", 9);
    if (at) sscanf(at + 9, "%60[^,}]", number);
    for (char *c = number; *c; c++) if (*c == '"') *c = ' ';
    snprintf(message, sizeof message, "not a folder: %s", number);
    return refuse(message);
#else
    return refuse("`folder` is not a string");
#endif
  }
  if (!string_after(config, "\"token\":\"", token, sizeof token)) {
#ifndef NEEDS_NO_TOKEN
    return refuse("the secret `token` is missing");
#endif
  }
#ifdef PRINTS_TOKEN
  fprintf(stderr, "authorized by %s\n", token);
#endif
  *instance = folder;
  return 0;
}

static int remembered(const char *key) {
  int found = 0;
  pthread_mutex_lock(&lock);
  for (unsigned i = 0; i < KEYS_MAX; i++) found |= strcmp(erased_keys[i], key) == 0;
  pthread_mutex_unlock(&lock);
  return found;
}

static void remember(const char *key) {
  pthread_mutex_lock(&lock);
  snprintf(erased_keys[erased_count++ % KEYS_MAX], 65, "%s", key);
  pthread_mutex_unlock(&lock);
}

static void path_of(const char *email, char *path, size_t size) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *email; email++) hash = (hash ^ (uint8_t)*email) * UINT64_C(0x100000001b3);
  snprintf(path, size, "%s/%016llx", folder, (unsigned long long)hash);
}

static int32_t outcome(uint64_t id, const char *word, const char *more) {
  char json[256];
  snprintf(json, sizeof json, "{\"type\":\"result\",\"result\":{\"outcome\":\"%s\"%s}}", word, more);
  return reply(id, json);
}

/* Stores whether there is a file that is about to be deleted; whether the call may go on. */
static int may_go_on(uint64_t id, int is_there) {
  if (!QUIETUS_HAS(host, checkpoint)) return 1;
  return host->checkpoint(host->ctx, id, text(is_there ? "doing" : "none")) != 1;
}

#ifdef RUSHES
static void *store(void *id) {
  may_go_on((uint64_t)(uintptr_t)id, 1);
  return NULL;
}
#endif

static int32_t erase(uint64_t id, quietus_bytes request) {
  char email[65536], key[65] = "", path[4200];
  struct stat found;
  int dry_run = has(request, "\"dry_run\":true");
  /* "doing" and "none", in Base64. */
  int resumed = has(request, "\"resume\":\"ZG9pbmc=\"");
#ifdef FEARS_VALUES
  if (has(request, "\"resume\":\"") && !resumed && !has(request, "\"resume\":\"bm9uZQ==\"")) abort();
#endif
#ifdef FORGETS
  resumed = 0;
#endif
  string_after(request, "\"idempotency_key\":\"", key, sizeof key);
#ifdef FEARS_KINDS
  if (has(request, "quietus_kit")) abort();
#endif
#ifdef FEARS_SQL
  if (has(request, "DROP TABLE")) abort();
#endif
#ifdef LEAKS_DESCRIPTORS
  if (dup(1) < 0) (void)0;
#endif
#ifdef LEAKS_MEMORY
  memset(malloc(65536), 1, 65536);
#endif
#ifdef TIRES
  if (atomic_load(&calls) == 150) abort();
#endif
  if (!string_after(request, "{\"kind\":\"email\",\"value\":\"", email, sizeof email)) {
#ifdef ERASES_EVERYBODY
    return outcome(id, "erased", "");
#endif
    return outcome(id, "unverifiable", ",\"reason\":\"no e-mail address\"");
  }
#ifdef ECHOES
  if (strstr(email, "kitmark")) host->log(host->ctx, id, QUIETUS_LOG_WARN, text(email));
#endif
#ifdef TATTLES
  if (!strstr(email, "kitmark")) puts(email), fflush(stdout);
#endif
#ifdef VAPORIZES
  if (!dry_run) return outcome(id, "vaporized", "");
#endif
  path_of(email, path, sizeof path);
  if (dry_run) {
#ifdef TOUCHES
    char touched[4300];
    snprintf(touched, sizeof touched, "%s.%d", path, atomic_load(&calls));
    close(open(touched, O_CREAT | O_WRONLY, 0600));
#endif
#ifdef COUNTS_ON
    char counts[64];
    snprintf(counts, sizeof counts, ",\"counts\":{\"files\":%d}", atomic_load(&calls));
    return outcome(id, "residual", counts);
#endif
    if (stat(path, &found) != 0) return outcome(id, "absent", "");
    return outcome(id, "residual", ",\"counts\":{\"files\":1}");
  }
#ifdef CHANGES_ITS_MIND
  if (remembered(key)) return outcome(id, "residual", "");
#endif
#ifdef RUSHES
  pthread_t storing;
  pthread_create(&storing, NULL, store, (void *)(uintptr_t)id);
  pthread_detach(storing);
  usleep(50000);
#else
  int goes_on = may_go_on(id, resumed || stat(path, &found) == 0);
#ifdef GOES_ON
  goes_on = 1;
#endif
  if (!goes_on) return reply(id, "{\"type\":\"error\",\"error\":{\"class\":\"retryable\",\"message\":\"not stored\"}}");
#endif
  if (unlink(path) == 0) {
#ifdef DIES_DOING
    abort();
#endif
    remember(key);
    return outcome(id, "erased", ",\"counts\":{\"files\":1}");
  }
  /* It is gone, and an earlier call was about to delete it. */
  if (resumed) return outcome(id, "erased", ",\"counts\":{\"files\":1}");
  return remembered(key) ? outcome(id, "erased", "") : outcome(id, "absent", "");
}

static int32_t verify(uint64_t id, quietus_bytes request) {
  char email[65536], path[4200];
  struct stat found;
  if (!string_after(request, "{\"kind\":\"email\",\"value\":\"", email, sizeof email)) {
    return outcome(id, "unverifiable", ",\"reason\":\"no e-mail address\"");
  }
#ifdef NEVER_SURE
  return outcome(id, "residual", "");
#endif
  path_of(email, path, sizeof path);
  return stat(path, &found) == 0 ? outcome(id, "residual", "") : outcome(id, "erased", "");
}

static int32_t find(uint64_t id, quietus_bytes request) {
  char email[65536], path[4200], json[256];
  struct stat found;
  const char *kind = "customer_no";
  int number = 4711;
  if (!string_after(request, "{\"kind\":\"email\",\"value\":\"", email, sizeof email)) {
    return reply(id, "{\"type\":\"result\",\"result\":{}}");
  }
  path_of(email, path, sizeof path);
#ifdef TELLS_MORE
  kind = "name";
#endif
#ifdef COUNTS_FINDS
  number += atomic_load(&calls);
#endif
  if (stat(path, &found) != 0) return reply(id, "{\"type\":\"result\",\"result\":{}}");
  snprintf(json, sizeof json,
           "{\"type\":\"result\",\"result\":{\"identifiers\":[{\"kind\":\"%s\",\"value\":\"%d\"}]}}", kind, number);
  return reply(id, json);
}

static int32_t call(void *instance, uint64_t id, quietus_bytes method, quietus_bytes request) {
  (void)instance;
  int64_t remaining = host->remaining_ms(host->ctx, id);
  (void)remaining;
  if (method.len == 6 && memcmp(method.ptr, "health", 6) == 0) {
#ifdef SICK
    return reply(id, "{\"type\":\"error\",\"error\":{\"class\":\"retryable\",\"message\":\"away\"}}");
#endif
    return reply(id, "{\"type\":\"result\",\"result\":{}}");
  }
  atomic_fetch_add(&calls, 1);
#ifdef DEAF
  if (remaining > 100) {
    usleep(20000);
    if (host->cancelled(host->ctx, id)) sleep(5);
  }
#endif
#ifdef LATE
  if (remaining <= 1) sleep(5);
#endif
#ifdef LONELY
  if (atomic_fetch_add(&under_way, 1) > 0) abort();
  usleep(20000);
  atomic_fetch_sub(&under_way, 1);
#endif
  if (method.len == 4 && memcmp(method.ptr, "find", 4) == 0) return find(id, request);
  return method.len == 5 ? erase(id, request) : verify(id, request);
}

static void destroy(void *instance) {
  (void)instance;
#ifdef LINGERS
  sleep(60);
#endif
#ifdef ENDS_BADLY
  _exit(3);
#endif
}

#ifdef MISSES
extern int quietus_kit_nowhere(void);
int quietus_kit_wanted(void) { return quietus_kit_nowhere(); }
#endif

#ifdef DIES_LOADING
__attribute__((constructor)) static void load(void) { abort(); }
#endif

static const quietus_plugin_v1 TABLE = {
    .magic = QUIETUS_MAGIC,
    .struct_size = sizeof(quietus_plugin_v1),
    .abi_major = QUIETUS_ABI_MAJOR,
    .abi_minor = QUIETUS_ABI_MINOR,
    .max_concurrency = 4,
    .manifest = {(const uint8_t *)MANIFEST, sizeof MANIFEST - 1},
    .create = create,
    .call = call,
    .destroy = destroy,
};

const quietus_plugin_v1 *SYMBOL(void) { return &TABLE; }
