/* A plugin for quietus: deletes {folder}/{guest_id}.json. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "quietus_plugin.h"

#define FOLDER_MAX 3072
#define ID_MAX 200
#define CONCURRENCY 4

static const char MANIFEST[] =
    "{\"name\":\"folder-c\",\"version\":\"1.0.0\","
    "\"identifiers\":{\"required\":[\"guest_id\"]},"
    "\"operations\":[\"erase\",\"verify\",\"health\",\"dry_run\"],"
    "\"writes_from\":[\"/folder\"],"
    "\"max_concurrency\":4,"
    "\"config_schema\":{\"type\":\"object\",\"required\":[\"folder\"],\"additionalProperties\":false,"
    "\"properties\":{\"folder\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1000}}}}";

typedef struct {
  const quietus_host_v1 *host;
  char folder[FOLDER_MAX];
} plugin;

/* Whom a call is about. */
typedef struct {
  int dry_run;
  size_t count;
  char (*ids)[ID_MAX + 1];
} request;

static quietus_bytes bytes(const char *text) {
  quietus_bytes all = {(const uint8_t *)text, strlen(text)};
  return all;
}

static int32_t reply(const quietus_host_v1 *host, uint64_t call, const char *json) {
  return host->reply(host->ctx, call, bytes(json));
}

/* Classes are the protocol's; the message is plain text without quotes, and about nobody. */
static int32_t reply_error(const quietus_host_v1 *host, uint64_t call, const char *class, const char *message) {
  char json[256];
  snprintf(json, sizeof json, "{\"type\":\"error\",\"error\":{\"class\":\"%s\",\"message\":\"%s\"}}", class, message);
  return reply(host, call, json);
}

static int32_t reply_errno(const quietus_host_v1 *host, uint64_t call, const char *what, int error) {
  char message[96];
  snprintf(message, sizeof message, "%s: error %d of the system", what, error);
  return reply_error(host, call, "retryable", message);
}

static int32_t reply_answer(const quietus_host_v1 *host, uint64_t call, const char *outcome, unsigned long files) {
  char json[128];
  if (files == 0) return reply(host, call, "{\"type\":\"result\",\"result\":{\"outcome\":\"absent\"}}");
  snprintf(json, sizeof json, "{\"type\":\"result\",\"result\":{\"outcome\":\"%s\",\"counts\":{\"files\":%lu}}}", outcome,
           files);
  return reply(host, call, json);
}

/* An id that can name a file here: nothing that leads out of the folder. */
static int is_plain(const char *id, size_t length) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return length > 0 && length <= ID_MAX && strspn(id, plain) == length;
}

static void read_identifier(json *j, request *r) {
  char kind[16] = "", id[ID_MAX + 1] = "";
  size_t length = 0;
  for (int n = json_open(j, '{'); json_more(j, '}', &n);) {
    char key[8];
    json_key(j, key, sizeof key);
    if (strcmp(key, "kind") == 0) {
      if (json_text(j, kind, sizeof kind) >= sizeof kind) kind[0] = 0;
    } else if (strcmp(key, "value") == 0) length = json_text(j, id, sizeof id);
    else json_skip(j);
  }
  if (j->bad || strcmp(kind, "guest_id") != 0 || !is_plain(id, length)) return;
  void *grown = realloc(r->ids, (r->count + 1) * sizeof *r->ids);
  if (!grown) {
    j->bad = 1;
    return;
  }
  r->ids = grown;
  memcpy(r->ids[r->count++], id, sizeof id);
}

/* Reads all of a request before anything is done about it. */
static int read_request(quietus_bytes text, request *r) {
  json j = json_of(text.ptr, text.len);
  for (int n = json_open(&j, '{'); json_more(&j, '}', &n);) {
    char key[16];
    json_key(&j, key, sizeof key);
    if (strcmp(key, "dry_run") == 0) r->dry_run = json_bool(&j);
    else if (strcmp(key, "identifiers") == 0)
      for (int m = json_open(&j, '['); json_more(&j, ']', &m);) read_identifier(&j, r);
    else json_skip(&j);
  }
  return json_end(&j);
}

/* Deletes the files, or only counts them. */
static int32_t go_through(const plugin *p, uint64_t call, const request *r, int deletes, const char *outcome) {
  unsigned long files = 0;
  for (size_t i = 0; i < r->count; i++) {
    char path[FOLDER_MAX + ID_MAX + 8];
    struct stat found;
    if (p->host->cancelled(p->host->ctx, call)) return reply_error(p->host, call, "cancelled", "cancelled");
    snprintf(path, sizeof path, "%s/%s.json", p->folder, r->ids[i]);
    if ((deletes ? unlink(path) : lstat(path, &found)) == 0) files++;
    else if (errno != ENOENT) return reply_errno(p->host, call, deletes ? "cannot delete" : "cannot look", errno);
  }
  if (deletes && files > 0) {
    char line[64];
    snprintf(line, sizeof line, "deleted %lu files", files);
    p->host->log(p->host->ctx, call, QUIETUS_LOG_INFO, bytes(line));
  }
  return reply_answer(p->host, call, outcome, files);
}

static int is(quietus_bytes text, const char *word) {
  return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

/* Where nobody can look, nothing is "absent": that would be signed, for a folder whose name has a typo. */
static int is_there(const plugin *p) {
  struct stat found;
  return stat(p->folder, &found) == 0 && S_ISDIR(found.st_mode) && access(p->folder, W_OK | X_OK) == 0;
}

static int32_t do_call(void *instance, uint64_t call, quietus_bytes method, quietus_bytes text) {
  const plugin *p = instance;
  int erases = is(method, "erase");
  int health = is(method, "health");
  if (!health && !erases && !is(method, "verify")) return reply(p->host, call, "{\"type\":\"unsupported\"}");
  if (!is_there(p))
    return reply_error(p->host, call, "needs_operator", "the folder is not there, or may not be changed");
  if (health) return reply(p->host, call, "{\"type\":\"result\",\"result\":{}}");

  request r = {0, 0, NULL};
  int32_t replied;
  if (!read_request(text, &r)) replied = reply_error(p->host, call, "permanent", "the request is not one");
  else if (erases && !r.dry_run) replied = go_through(p, call, &r, 1, "erased");
  else replied = go_through(p, call, &r, 0, "residual");
  free(r.ids);
  return replied;
}

/* Reads {"config":{"folder":"…"},"secrets":{}}. */
static int read_config(quietus_bytes text, char folder[FOLDER_MAX]) {
  size_t length = 0;
  json j = json_of(text.ptr, text.len);
  for (int n = json_open(&j, '{'); json_more(&j, '}', &n);) {
    char key[16];
    json_key(&j, key, sizeof key);
    if (strcmp(key, "config") != 0) {
      json_skip(&j);
      continue;
    }
    for (int m = json_open(&j, '{'); json_more(&j, '}', &m);) {
      json_key(&j, key, sizeof key);
      if (strcmp(key, "folder") == 0) length = json_text(&j, folder, FOLDER_MAX);
      else json_skip(&j);
    }
  }
  return json_end(&j) && length > 0 && length < FOLDER_MAX && strlen(folder) == length;
}

static int32_t create(const quietus_host_v1 *host, quietus_bytes config, void **instance) {
  /* A host of version 1.0 has all that is called here. */
  if (!host || host->struct_size < offsetof(quietus_host_v1, checkpoint)) return 1;
  plugin *p = calloc(1, sizeof *p);
  if (!p) return 1;
  p->host = host;
  if (!read_config(config, p->folder)) {
    free(p);
    reply_error(host, 0, "needs_operator", "config.folder is not a path");
    return 1;
  }
  *instance = p;
  return 0;
}

static void destroy(void *instance) { free(instance); }

const quietus_plugin_v1 *quietus_plugin_entry_v1(void) {
  static const quietus_plugin_v1 table = {
      .magic = QUIETUS_MAGIC,
      .struct_size = sizeof(quietus_plugin_v1),
      .abi_major = QUIETUS_ABI_MAJOR,
      .abi_minor = QUIETUS_ABI_MINOR,
      .max_concurrency = CONCURRENCY,
      .manifest = {(const uint8_t *)MANIFEST, sizeof MANIFEST - 1},
      .create = create,
      .call = do_call,
      .destroy = destroy,
  };
  return &table;
}
