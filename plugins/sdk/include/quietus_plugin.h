/* quietus plugin ABI, version 1.
 *
 * A plugin is a shared library with one exported function, quietus_plugin_entry_v1. quietus loads it into a process of
 * its own, never into the server's. PLUGINS.md describes the messages; this file describes the calls.
 *
 * Rules for both sides
 * - Text is UTF-8 and has no terminating zero; every quietus_bytes is JSON unless said otherwise.
 * - What a function is given by pointer is borrowed until it returns: copy what you keep. Nobody frees the other
 *   side's memory.
 * - The major version is part of the symbol's name. A minor version only appends fields to the structs, so each side
 *   reads the smaller of struct_size and the size that it was compiled with.
 * - No exception, panic or longjmp crosses this boundary.
 */
#ifndef QUIETUS_PLUGIN_H
#define QUIETUS_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QUIETUS_MAGIC UINT32_C(0x51545553) /* "QTUS" */
#define QUIETUS_ABI_MAJOR 1
#define QUIETUS_ABI_MINOR 1

/* The host's log levels. */
#define QUIETUS_LOG_ERROR 1
#define QUIETUS_LOG_WARN 2
#define QUIETUS_LOG_INFO 3
#define QUIETUS_LOG_DEBUG 4
#define QUIETUS_LOG_TRACE 5

/* Bytes that somebody else owns. ptr may be null when len is 0. */
typedef struct {
  const uint8_t *ptr;
  size_t len;
} quietus_bytes;

/* What the host offers. All functions may be called from any thread. The struct stays valid until the process ends. */
typedef struct quietus_host_v1 {
  uint32_t struct_size;             /* sizeof(quietus_host_v1) of the host */
  uint16_t abi_major, abi_minor;
  void *ctx;                        /* hand it back as the first argument */

  /* Answers a call, exactly once, before the plugin's call() returns. The JSON is one of
   *   {"type":"result","result":{…}}
   *   {"type":"error","error":{"class":"retryable","message":"…"}}
   *   {"type":"unsupported"}                       (a method that this plugin does not know)
   * and at most 1 MiB. It is copied. 0: taken; anything else: refused (a second answer, an unknown call, not such JSON). */
  int32_t (*reply)(void *ctx, uint64_t call, quietus_bytes json);

  /* Logs plain text. Use call 0 outside of a call. The host redacts what it knows to be personal, and drops floods. */
  void (*log)(void *ctx, uint64_t call, int32_t level, quietus_bytes text);

  /* Not 0 when the host no longer wants the answer. Ask between two requests to a vendor. */
  int32_t (*cancelled)(void *ctx, uint64_t call);

  /* Milliseconds until the host gives up the call; 0 when it has, -1 when there is no such call. */
  int64_t (*remaining_ms)(void *ctx, uint64_t call);

  /* Since 1.1: a host of version 1.0 has none, so look with QUIETUS_HAS before you call it.
   * Stores how far a call is: any bytes, at most QUIETUS_RESUME_MAX, for a plugin whose manifest declares "resume". Blocks
   * until they are stored durably. The next call of the same step finds the last ones, in Base64, as "resume" in its
   * request. Store before each act that cannot be undone, and after it; one at a time for each call.
   * 0: stored. 1: not stored, or what is left is to stay (the person is held, the erasure was stopped): answer with a
   * retryable error, and act no further. 2: this host stores nothing for this
   * plugin: keep it in memory. */
  int32_t (*checkpoint)(void *ctx, uint64_t call, quietus_bytes value);
} quietus_host_v1;

/* Whether the host's table is large enough to have this function, and has it. */
#define QUIETUS_HAS(host, function)                                                                        \
  ((host)->struct_size >= offsetof(quietus_host_v1, function) + sizeof((host)->function) && (host)->function)
#define QUIETUS_RESUME_MAX 65536

/* What the plugin offers. The table and the manifest are static: they stay valid until the process ends. */
typedef struct quietus_plugin_v1 {
  uint32_t magic;                   /* QUIETUS_MAGIC */
  uint32_t struct_size;             /* sizeof(quietus_plugin_v1) of the plugin */
  uint16_t abi_major, abi_minor;    /* QUIETUS_ABI_MAJOR, QUIETUS_ABI_MINOR */
  uint32_t flags;                   /* 0 */
  uint32_t max_concurrency;         /* calls at once, each on a thread of the host's; at least 1 */
  uint32_t reserved;                /* 0 */
  quietus_bytes manifest;           /* the manifest, see PLUGINS.md */

  /* Makes the one instance. config is {"config":{…},"secrets":{"name":"value"}}. 0: made, *instance is set. Anything
   * else: refused. To say why, reply() to call 0 with an error before create returns; later, nobody hears it. */
  int32_t (*create)(const quietus_host_v1 *host, quietus_bytes config, void **instance);

  /* Does one call and blocks until it is done. method is plain text: "erase", "verify", "health", "find" or "sweep"; new ones may come.
   * 0: replied. Anything else: not replied, the call failed. At most max_concurrency calls run at once. */
  int32_t (*call)(void *instance, uint64_t call, quietus_bytes method, quietus_bytes request);

  /* The host no longer wants the answer. On another thread than call(); call() still replies. May be null. */
  void (*cancel)(void *instance, uint64_t call);

  /* The end, when no call is under way. Not guaranteed: the process may also just end. May be null. */
  void (*destroy)(void *instance);
} quietus_plugin_v1;

/* The only symbol. Returns null when the plugin cannot work at all. */
const quietus_plugin_v1 *quietus_plugin_entry_v1(void);

#ifdef __cplusplus
}
#endif

#endif
