/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3986, as much of it as tells whose a URI is. */
#include "tracker/public_uri.h"

#include <string.h>
#include <strings.h>

#define URI_MAX_BYTES 1024

static const struct {
	const char *scheme, *port;
} schemes[] = {
	{ "http", ":80" },
	{ "https", ":443" },
	{ "coap", ":5683" },
	{ "coaps", ":5684" },
	{ "coap+tcp", ":5683" },
	{ "coaps+tcp", ":5684" },
};

/* Paths that mean something else on this server. */
static const char *const reserved[] = { "/api", "/device", "/rd", "/suit", "/uploads", "/healthz",
	"/readyz", "/metrics", "/.well-known" };

static bool is_plain(const char *uri)
{
	for (const char *at = uri; *at; at++)
		if (*at <= ' ' || *at == 0x7f || strchr("\"<>\\^`{|}", *at))
			return false;
	return true;
}

/* The length of "scheme" when uri begins with "scheme:", else 0. */
static size_t scheme_length(const char *uri)
{
	size_t len = strcspn(uri, ":/?#");
	return uri[len] == ':' ? len : 0;
}

static const char *default_port(const char *scheme, size_t len)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strlen(schemes[i].scheme) == len &&
			strncasecmp(schemes[i].scheme, scheme, len) == 0)
			return schemes[i].port;
	return NULL;
}

static struct su_span without_port(struct su_span authority, const char *port)
{
	size_t len = strlen(port);
	if (authority.len > len && memcmp(authority.data + authority.len - len, port, len) == 0)
		authority.len -= len;
	return authority;
}

/* port: the scheme's own, which may be left out on either side. */
static bool is_ours(struct su_span authority, const char *port, const struct public_names *ours)
{
	struct su_span wanted = without_port(authority, port);
	for (size_t i = 0; i < ours->n; i++) {
		struct su_span name = without_port(su_span_str(ours->names[i]), port);
		if (name.len == wanted.len && strncasecmp((const char *)name.data,
						      (const char *)wanted.data, name.len) == 0)
			return true;
	}
	return false;
}

/* RFC 3986 section 5.2.4, over a path that begins with a slash. */
static char *remove_dots(struct su_arena *arena, const char *path, size_t len)
{
	char *out = su_arena_alloc(arena, len + 2);
	size_t n = 0;
	for (size_t at = 0; at < len;) {
		size_t end = at + 1;
		while (end < len && path[end] != '/')
			end++;
		size_t segment = end - at - 1;
		bool is_dot = segment == 1 && path[at + 1] == '.';
		bool is_dot_dot = segment == 2 && path[at + 1] == '.' && path[at + 2] == '.';
		if (is_dot_dot)
			while (n > 0 && out[--n] != '/')
				;
		if (!is_dot && !is_dot_dot) {
			memcpy(out + n, path + at, end - at);
			n += end - at;
		} else if (end == len) {
			out[n++] = '/';
		}
		at = end;
	}
	out[n] = '\0';
	return out;
}

static bool is_reserved(const char *path)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		size_t len = strlen(reserved[i]);
		if (strncmp(path, reserved[i], len) == 0 && (path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}

static enum su_status take_path(
	struct su_arena *arena, const char *path, struct public_uri *out, struct su_error *err)
{
	size_t len = strcspn(path, "?#");
	const char *absolute = *path == '/' ? path : su_arena_printf(arena, "/%s", path);
	out->kind = PUBLIC_URI_HOSTED;
	out->path = remove_dots(arena, absolute, *path == '/' ? len : len + 1);
	if (out->path[0] == '\0' || strcmp(out->path, "/") == 0)
		return su_fail(err, SU_INVALID, "uri", "names no file of this server");
	if (is_reserved(out->path))
		return su_fail(err, SU_INVALID, "uri",
			"the path %.100s is one that this server needs for itself", out->path);
	if (strncmp(out->path, "/blob/", 6) != 0)
		return SU_OK;
	out->blob_hex = out->path + 6;
	if (strlen(out->blob_hex) != 64 || strspn(out->blob_hex, "0123456789abcdef") != 64)
		return su_fail(err, SU_INVALID, "uri",
			"after /blob/ stand the 64 lower-case digits of a SHA-256");
	return SU_OK;
}

enum su_status public_uri_read(struct su_arena *arena, const char *uri,
	const struct public_names *ours, struct public_uri *out, struct su_error *err)
{
	*out = (struct public_uri){ .kind = PUBLIC_URI_EXTERNAL };
	if (strlen(uri) > URI_MAX_BYTES)
		return su_fail(err, SU_INVALID, "uri", "is longer than %d bytes", URI_MAX_BYTES);
	if (!is_plain(uri) || *uri == '\0')
		return su_fail(err, SU_INVALID, "uri", "is not a URI reference");
	if (*uri == '#') {
		out->kind = PUBLIC_URI_INTEGRATED;
		return SU_OK;
	}
	size_t scheme = scheme_length(uri);
	const char *rest = scheme ? uri + scheme + 1 : uri;
	const char *port = scheme ? default_port(uri, scheme) : "";
	if (strncmp(rest, "//", 2) != 0)
		return scheme ? SU_OK : take_path(arena, rest, out, err);
	const char *authority = rest + 2;
	const char *path = authority + strcspn(authority, "/?#");
	if (!port || !is_ours(su_span_of(authority, (size_t)(path - authority)), port, ours))
		return SU_OK;
	return take_path(arena, path, out, err);
}
