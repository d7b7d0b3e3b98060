/* A program that speaks the plugins' protocol on its standard input and output and passes the conformance kit, and one
 * macro for each way to fail one check that a library cannot fail. It knows nobody: every answer is `absent`. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELLO[] =
    "{\"type\":\"hello\",\"protocol\":1,\"manifest\":{\"name\":\"spoken\",\"version\":\"1.0.0\","
    "\"identifiers\":{\"optional\":[\"email\"]},\"operations\":[\"erase\",\"verify\",\"health\"],"
    "\"config_schema\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{}}}}";

static char body[(1 << 20) + 1];

static int whole(char *to, size_t size) {
  while (size > 0) {
    ssize_t got = read(0, to, size);
    if (got <= 0) return 0;
    to += got, size -= (size_t)got;
  }
  return 1;
}

static void say(const char *json) {
  size_t size = strlen(json);
  uint8_t head[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
  if (write(1, head, 4) != 4 || write(1, json, size) != (ssize_t)size) exit(1);
}

/* The message is JSON with sorted keys and no spaces, so that an `id` at its top comes before all that is personal. */
static long long id_of(void) {
  const char *at = strstr(body, "\"id\":");
  return at ? atoll(at + 5) : 0;
}

static int is(const char *type) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "\"type\":\"%s\"}", type);
  size_t size = strlen(wanted), length = strlen(body);
  return length >= size && strcmp(body + length - size, wanted) == 0;
}

static void answer(const char *form, long long id) {
  char json[256];
  snprintf(json, sizeof json, form, id);
  say(json);
}

int main(void) {
  uint8_t head[4];
  while (whole((char *)head, 4)) {
    uint32_t size = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
    if (size > 1 << 20 || !whole(body, size)) return 1;
    body[size] = 0;
#ifdef STRICT
    if (strstr(body, "kit_list") && !is("quietus_kit")) return 4;
#endif
    if (strstr(body, "\"protocol\":")) {
      say(HELLO);
    } else if (is("configure")) {
      say("{\"type\":\"ready\"}");
    } else if (is("health")) {
      answer("{\"type\":\"result\",\"id\":%lld,\"result\":{}}", id_of());
    } else if (is("erase") || is("verify")) {
#ifdef MIXES
      answer("{\"type\":\"result\",\"id\":%lld,\"result\":{\"outcome\":\"absent\"}}", id_of() + 1000);
#endif
#ifdef BOASTS
      /* Of everybody but the one who is there. */
      if (is("erase") && strchr(body, '@') && strstr(body, "\"dry_run\":false") && !strstr(body, "ann@x.cz")) {
        answer("{\"type\":\"result\",\"id\":%lld,\"result\":{\"outcome\":\"erased\"}}", id_of());
        continue;
      }
#endif
      answer("{\"type\":\"result\",\"id\":%lld,\"result\":{\"outcome\":\"absent\"}}", id_of());
    } else if (is("shutdown")) {
#ifdef LEAVES
      if (fork() == 0) for (;;) pause();
#endif
      return 0;
    } else if (is("cancel")) {
      /* Too late: each call is answered at once. */
    } else if (strstr(body, "\"type\":\"unsupported\",\"what\"")) {
#ifdef NERVOUS
      return 5;
#endif
    } else {
#ifdef PRETENDS
      answer("{\"type\":\"result\",\"id\":%lld,\"result\":{}}", id_of());
#else
      answer("{\"type\":\"unsupported\",\"id\":%lld,\"what\":\"?\"}", id_of());
#endif
    }
  }
  return 0;
}
