/* A plugin that misbehaves as it is told: by the `name` in a call, or by a macro when it is compiled. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quietus_plugin.h"

#ifndef MAGIC
#define MAGIC QUIETUS_MAGIC
#endif
#ifndef MAJOR
#define MAJOR QUIETUS_ABI_MAJOR
#endif
#ifndef SYMBOL
#define SYMBOL quietus_plugin_entry_v1
#endif
#ifndef VERSION
#define VERSION "1"
#endif
#ifndef IDEMPOTENT
#define IDEMPOTENT "true"
#endif

static const char MANIFEST[] =
    "{\"name\":\"wayward\",\"version\":\"" VERSION "\",\"identifiers\":{\"required\":[\"name\"],\"optional\":[\"guest_id\"]},"
    "\"operations\":[\"erase\",\"verify\",\"health\"],\"idempotent\":" IDEMPOTENT ",\"max_concurrency\":4,"
    "\"timeouts\":{\"erase_ms\":60000,\"verify_ms\":60000,\"health_ms\":1000},\"secrets\":{\"optional\":[\"token\"]},"
    "\"config_schema\":{\"type\":\"object\",\"properties\":{\"mood\":{\"enum\":[\"good\",\"sick\",\"slow\",\"bad\"]}}}}";

static const quietus_host_v1 *host;
static int sick;

static quietus_bytes text(const char *s) {
  quietus_bytes bytes = {(const uint8_t *)s, strlen(s)};
  return bytes;
}

static int32_t reply(uint64_t call, const char *json) { return host->reply(host->ctx, call, text(json)); }

static int told(quietus_bytes request, const char *what) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"value\":\"%s\"", what);
  return memmem(request.ptr, request.len, quoted, strlen(quoted)) != NULL;
}

static int32_t create(const quietus_host_v1 *h, quietus_bytes config, void **instance) {
  host = h;
  if (memmem(config.ptr, config.len, "\"bad\"", 5)) {
    reply(0, "{\"type\":\"error\",\"error\":{\"class\":\"permanent\",\"message\":\"in a bad mood, hunter2\"}}");
    return 1;
  }
  if (memmem(config.ptr, config.len, "\"slow\"", 6)) sleep(1);
  sick = memmem(config.ptr, config.len, "\"sick\"", 6) != NULL;
  *instance = &host;
  return 0;
}

static int32_t call(void *instance, uint64_t id, quietus_bytes method, quietus_bytes request) {
  (void)instance;
  int health = method.len == 6 && memcmp(method.ptr, "health", 6) == 0;
  if (health && sick) {
    return reply(id, "{\"type\":\"error\",\"error\":{\"class\":\"retryable\",\"message\":\"feeling sick\"}}");
  }
  if (health) return reply(id, "{\"type\":\"result\",\"result\":{}}");
  if (told(request, "crash")) abort();
  if (told(request, "hang")) for (;;) pause();
  if (told(request, "linger")) sleep(1);
  if (told(request, "wait")) {
    host->log(host->ctx, id, QUIETUS_LOG_INFO, text("waiting"));
    while (!host->cancelled(host->ctx, id)) usleep(1000);
    return reply(id, "{\"type\":\"error\",\"error\":{\"class\":\"cancelled\"}}");
  }
  if (told(request, "fork")) {
    if (fork() < 0) return reply(id, "{\"type\":\"result\",\"result\":{\"outcome\":\"absent\"}}");
    for (;;) pause();
  }
  if (told(request, "silent")) return 0;
  if (told(request, "twice")) {
    reply(id, "{\"type\":\"result\",\"result\":{\"outcome\":\"erased\",\"counts\":{\"first\":1}}}");
    return reply(id, "{\"type\":\"result\",\"result\":{\"outcome\":\"absent\"}}") != 0 ? 0 : 1;
  }
  if (told(request, "garbage")) return reply(id, "{\"type\":\"result\",\"result\":{\"outcome\":\"vaporized\"}}");
  if (told(request, "nonsense")) return reply(id, "[1,2");
  if (told(request, "huge")) {
    static char huge[(1 << 20) + 64];
    int begun = sprintf(huge, "{\"type\":\"result\",\"result\":{\"reason\":\"");
    memset(huge + begun, 'x', 1 << 20);
    strcpy(huge + begun + (1 << 20), "\"}}");
    return reply(id, huge);
  }
  if (told(request, "tattle")) {
    puts("tattle");
    return reply(id, "{\"type\":\"result\",\"result\":{\"outcome\":\"retained\",\"reason\":\"Tattle said hunter2\","
        "\"looked_at\":[\"notes of Tattle\"],\"not_looked_at\":[\"hunter2\"],\"keeps\":[\"Tattle\"]}}");
  }
  if (told(request, "environment")) {
    extern char **environ;
    char json[160];
    const char *answer = environ[0] ? "residual" : "absent";
    snprintf(json, sizeof json, "{\"type\":\"result\",\"result\":{\"outcome\":\"%s\"}}", answer);
    return reply(id, json);
  }
  if (told(request, "limited")) {
    return reply(id, "{\"type\":\"error\",\"error\":{\"class\":\"rate_limited\",\"retry_after_ms\":1500}}");
  }
  char json[160];
  snprintf(json, sizeof json, "{\"type\":\"result\",\"result\":{\"outcome\":\"erased\",\"counts\":{\"process\":%d}}}", getpid());
  return reply(id, json);
}

static const quietus_plugin_v1 TABLE = {
    .magic = MAGIC,
    .struct_size = sizeof(quietus_plugin_v1),
    .abi_major = MAJOR,
    .abi_minor = QUIETUS_ABI_MINOR,
    .max_concurrency = 4,
    .manifest = {(const uint8_t *)MANIFEST, sizeof MANIFEST - 1},
    .create = create,
    .call = call,
};

const quietus_plugin_v1 *SYMBOL(void) { return &TABLE; }
