/* Reads JSON, front to back, without keeping anything. Once something is wrong, `bad` stays set and nothing more is read.
 *
 *   json j = json_of(bytes);
 *   for (int n = json_open(&j, '{'); json_more(&j, '}', &n);) {
 *     char key[16];
 *     json_key(&j, key, sizeof key);
 *     if (strcmp(key, "name") == 0) json_text(&j, name, sizeof name); else json_skip(&j);
 *   }
 *   if (!json_end(&j)) …
 */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_DEPTH_MAX 64

typedef struct {
  const char *at, *end;
  int bad, depth;
} json;

static inline json json_of(const uint8_t *ptr, size_t len) {
  const char *text = ptr ? (const char *)ptr : "";
  json j = {text, text + (ptr ? len : 0), 0, 0};
  return j;
}

/* The next character that is no space, or 0. */
static inline char json_peek(json *j) {
  while (!j->bad && j->at < j->end && strchr(" \t\r\n", *j->at) && *j->at) j->at++;
  return !j->bad && j->at < j->end ? *j->at : 0;
}

static inline void json_take(json *j, char c) {
  if (json_peek(j) == c) j->at++;
  else j->bad = 1;
}

/* Enters an object or an array. */
static inline int json_open(json *j, char open) {
  json_take(j, open);
  if (++j->depth > JSON_DEPTH_MAX) j->bad = 1;
  return 0;
}

/* Whether there is one more element; takes the comma before it, or the end. */
static inline int json_more(json *j, char close, int *count) {
  if (json_peek(j) == close) {
    j->at++;
    j->depth--;
    return 0;
  }
  if ((*count)++ > 0) json_take(j, ',');
  return !j->bad;
}

static inline int json_hex(json *j) {
  int value = 0;
  for (int i = 0; i < 4; i++) {
    const char *digits = "0123456789abcdef0123456789ABCDEF", *digit;
    if (j->at >= j->end || !*j->at || !(digit = strchr(digits, *j->at))) return j->bad = 1, 0;
    value = value * 16 + (int)((digit - digits) % 16);
    j->at++;
  }
  return value;
}

/* The character of `\uXXXX`, or of two of them, behind the `u`. */
static inline uint32_t json_unicode(json *j) {
  uint32_t c = (uint32_t)json_hex(j);
  if (c < 0xd800 || c > 0xdfff) return c;
  if (c > 0xdbff || j->end - j->at < 2 || j->at[0] != '\\' || j->at[1] != 'u') return j->bad = 1, 0;
  j->at += 2;
  uint32_t low = (uint32_t)json_hex(j);
  if (low < 0xdc00 || low > 0xdfff) return j->bad = 1, 0;
  return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static inline size_t json_utf8(uint32_t c, char out[4]) {
  if (c < 0x80) return out[0] = (char)c, 1;
  size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  for (size_t i = more; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
  out[0] = (char)((more == 1 ? 0xc0 : more == 2 ? 0xe0 : 0xf0) | c);
  return more + 1;
}

/* Reads a string as UTF-8 with a terminating zero. Returns its whole length: one of `size` or more was cut. */
static inline size_t json_text(json *j, char *into, size_t size) {
  size_t length = 0;
  json_take(j, '"');
  while (!j->bad) {
    char bytes[4] = {0};
    size_t count = 1;
    if (j->at >= j->end || (unsigned char)*j->at < 0x20) {
      j->bad = 1;
      break;
    }
    char c = *j->at++;
    if (c == '"') break;
    bytes[0] = c;
    if (c == '\\') {
      static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
      char escape = j->at < j->end ? *j->at++ : 0;
      const char *found = escape ? strchr(escapes, escape) : NULL;
      if (escape == 'u') count = json_utf8(json_unicode(j), bytes);
      else if (found) bytes[0] = meant[found - escapes];
      else j->bad = 1;
    }
    for (size_t i = 0; i < count; i++, length++)
      if (length + 1 < size) into[length] = bytes[i];
  }
  if (size > 0) into[length < size ? length : size - 1] = 0;
  return length;
}

static inline void json_key(json *j, char *into, size_t size) {
  if (json_text(j, into, size) >= size && size > 0) into[0] = 0; /* too long to be one that is known */
  json_take(j, ':');
}

/* A number, true, false or null, as it is written. */
static inline size_t json_word(json *j, const char **word) {
  json_peek(j);
  *word = j->at;
  while (j->at < j->end && *j->at && strchr("+-.0123456789Eaeflnrstu", *j->at)) j->at++;
  if (j->at == *word) j->bad = 1;
  return (size_t)(j->at - *word);
}

static inline int json_bool(json *j) {
  const char *word;
  size_t length = json_word(j, &word);
  if (length == 4 && memcmp(word, "true", 4) == 0) return 1;
  if (length != 5 || memcmp(word, "false", 5) != 0) j->bad = 1;
  return 0;
}

static inline void json_skip(json *j) {
  const char *word;
  switch (json_peek(j)) {
  case '"':
    json_text(j, NULL, 0);
    break;
  case '{':
    for (int n = json_open(j, '{'); json_more(j, '}', &n);) {
      json_key(j, NULL, 0);
      json_skip(j);
    }
    break;
  case '[':
    for (int n = json_open(j, '['); json_more(j, ']', &n);) json_skip(j);
    break;
  default:
    json_word(j, &word);
  }
}

/* Whether all was well, to the end. */
static inline int json_end(json *j) {
  json_peek(j);
  return !j->bad && j->at == j->end && j->depth == 0;
}

#endif
