/* A host of a few lines, and what the plugin says to it. Run with an empty folder as its argument. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "quietus_plugin.h"

static char said[512], logged[512];
static int replies, cancels;
static const char *folder;

static int32_t on_reply(void *ctx, uint64_t call, quietus_bytes json) {
  (void)ctx, (void)call;
  replies++;
  snprintf(said, sizeof said, "%.*s", (int)json.len, (const char *)json.ptr);
  return 0;
}

static void on_log(void *ctx, uint64_t call, int32_t level, quietus_bytes text) {
  (void)ctx, (void)call, (void)level;
  snprintf(logged, sizeof logged, "%.*s", (int)text.len, (const char *)text.ptr);
}

static int32_t on_cancelled(void *ctx, uint64_t call) { return (void)ctx, (void)call, cancels; }
static int64_t on_remaining(void *ctx, uint64_t call) { return (void)ctx, (void)call, 1000; }

static int32_t on_checkpoint(void *ctx, uint64_t call, quietus_bytes value) {
  return (void)ctx, (void)call, (void)value, 2;
}

static const quietus_host_v1 host = {sizeof host,  QUIETUS_ABI_MAJOR, QUIETUS_ABI_MINOR, NULL,         on_reply,
                                     on_log,       on_cancelled,      on_remaining,      on_checkpoint};

static quietus_bytes bytes(const char *text) {
  quietus_bytes all = {(const uint8_t *)text, strlen(text)};
  return all;
}

static void check(int line, int right, const char *what) {
  if (right) return;
  fprintf(stderr, "test.c:%d: %s; it said %s\n", line, what, said);
  exit(1);
}
#define CHECK(right) check(__LINE__, (right), #right)

static char *path(const char *name) {
  static char all[4096];
  snprintf(all, sizeof all, "%s/%s", folder, name);
  return all;
}

static void put(const char *name) {
  FILE *file = fopen(path(name), "w");
  if (file) fclose(file);
}

static int there(const char *name) { return access(path(name), F_OK) == 0; }

/* Makes one call and compares the answer, of which there must be exactly one. */
static int answers(void *p, const char *method, const char *request, const char *expected) {
  replies = 0;
  int32_t code = quietus_plugin_entry_v1()->call(p, 7, bytes(method), bytes(request));
  return code == 0 && replies == 1 && strcmp(said, expected) == 0;
}

#define ABOUT(more, ids) "{\"erasure\":\"e\",\"idempotency_key\":\"k\",\"scope\":\"guest\"" more ",\"identifiers\":[" ids "]}"
#define ID(value) "{\"kind\":\"guest_id\",\"value\":\"" value "\"}"
#define RESULT(result) "{\"type\":\"result\",\"result\":" result "}"
#define ABSENT RESULT("{\"outcome\":\"absent\"}")
#define FILES(outcome, n) RESULT("{\"outcome\":\"" outcome "\",\"counts\":{\"files\":" n "}}")

int main(int argc, char **argv) {
  const quietus_plugin_v1 *table = quietus_plugin_entry_v1();
  void *p = NULL;
  char config[4096];
  folder = argc > 1 ? argv[1] : ".";

  /* The manifest is JSON, and the table what the header says. */
  json manifest = json_of(table->manifest.ptr, table->manifest.len);
  json_skip(&manifest);
  CHECK(json_end(&manifest));
  CHECK(table->magic == QUIETUS_MAGIC && table->struct_size == sizeof *table && table->max_concurrency >= 1);

  /* A wrong configuration is refused, on call 0. */
  const char *wrong[] = {"", "{}", "{\"config\":{}}", "{\"config\":{\"folder\":7}}", "{\"config\":{\"folder\":\"a\\u0000b\"}}"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    replies = 0;
    CHECK(table->create(&host, bytes(wrong[i]), &p) != 0 && replies == 1 && strstr(said, "needs_operator"));
  }
  snprintf(config, sizeof config, "{\"later\":[{}],\"config\":{\"folder\":\"%s\"},\"secrets\":{}}", folder);
  CHECK(table->create(&host, bytes(config), &p) == 0);
  CHECK(answers(p, "health", "{}", RESULT("{}")));

  /* A dry run counts, erasing deletes, looking again finds nothing. Unknown fields are passed over. */
  put("g-7.json"), put("g_8.json"), put("other.json");
  CHECK(answers(p, "erase", ABOUT(",\"dry_run\":true,\"new\":{\"a\":[1.5e3,null]}", ID("g-7") "," ID("g_8")), FILES("residual", "2")));
  CHECK(answers(p, "verify", ABOUT("", ID("g-7")), FILES("residual", "1")));
  CHECK(there("g-7.json"));
  CHECK(answers(p, "erase", ABOUT(",\"dry_run\":false", ID("g-7") "," ID("\\u0067_8") "," ID("none")), FILES("erased", "2")));
  CHECK(!there("g-7.json") && !there("g_8.json") && there("other.json"));
  CHECK(strcmp(logged, "deleted 2 files") == 0);
  CHECK(answers(p, "erase", ABOUT("", ID("g-7")), ABSENT));
  CHECK(answers(p, "verify", ABOUT("", ID("g-7")), ABSENT));

  /* Whatever a stranger types stays in the folder. */
  CHECK(answers(p, "erase", ABOUT("", ID("../other") "," ID("") "," ID("other\\u0000") "," ID("\\ud83d\\ude00")), ABSENT));
  CHECK(answers(p, "erase", ABOUT("", "{\"kind\":\"email\",\"value\":\"other\"}"), ABSENT));
  CHECK(there("other.json"));

  /* A call that is cancelled, a method of later, a request that is none. */
  cancels = 1;
  CHECK(answers(p, "erase", ABOUT("", ID("other")), "{\"type\":\"error\",\"error\":{\"class\":\"cancelled\",\"message\":\"cancelled\"}}"));
  cancels = 0;
  CHECK(there("other.json"));
  CHECK(answers(p, "dance", "{}", "{\"type\":\"unsupported\"}"));
  const char *garbage[] = {"", "[]", "{\"identifiers\":[" ID("other") "]", "{\"identifiers\":[" ID("other") ",]}",
                           "{\"dry_run\":tru,\"identifiers\":[" ID("other") "]}", "{\"identifiers\":[" ID("\\ud800") "]}"};
  for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
    CHECK(answers(p, "erase", garbage[i], "{\"type\":\"error\",\"error\":{\"class\":\"permanent\",\"message\":\"the request is not one\"}}"));
  CHECK(there("other.json"));

  unlink(path("other.json"));
  table->destroy(p);

  /* Where nobody can look, nothing is absent. */
  snprintf(config, sizeof config, "{\"config\":{\"folder\":\"%s/none\"},\"secrets\":{}}", folder);
  CHECK(table->create(&host, bytes(config), &p) == 0);
  const char *methods[] = {"erase", "verify", "health"};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    replies = 0;
    CHECK(table->call(p, 7, bytes(methods[i]), bytes(ABOUT("", ID("g-7")))) == 0 && replies == 1);
    CHECK(strstr(said, "needs_operator") != NULL);
  }
  table->destroy(p);
  puts("ok");
  return 0;
}
