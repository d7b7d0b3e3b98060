/* A plugin that does nothing, as fast as it can. */
#include <string.h>

#include "quietus_plugin.h"

static const char MANIFEST[] =
    "{\"name\":\"noop\",\"version\":\"1\",\"identifiers\":{\"required\":[\"email\"]},\"operations\":[\"erase\"],"
    "\"max_concurrency\":16}";
static const char ANSWER[] = "{\"type\":\"result\",\"result\":{\"outcome\":\"erased\",\"counts\":{\"contacts\":1}}}";

static const quietus_host_v1 *host;

static int32_t create(const quietus_host_v1 *h, quietus_bytes config, void **instance) {
  (void)config;
  host = h;
  *instance = &host;
  return 0;
}

static int32_t call(void *instance, uint64_t id, quietus_bytes method, quietus_bytes request) {
  (void)instance, (void)method, (void)request;
  return host->reply(host->ctx, id, (quietus_bytes){(const uint8_t *)ANSWER, sizeof ANSWER - 1});
}

static const quietus_plugin_v1 TABLE = {
    .magic = QUIETUS_MAGIC,
    .struct_size = sizeof(quietus_plugin_v1),
    .abi_major = QUIETUS_ABI_MAJOR,
    .abi_minor = QUIETUS_ABI_MINOR,
    .max_concurrency = 16,
    .manifest = {(const uint8_t *)MANIFEST, sizeof MANIFEST - 1},
    .create = create,
    .call = call,
};

const quietus_plugin_v1 *quietus_plugin_entry_v1(void) { return &TABLE; }
