/* SPDX-License-Identifier: Apache-2.0 */
/* Range and conditional requests (RFC 9110 sections 13 and 14), as pure functions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum http_range_verdict {
	HTTP_RANGE_WHOLE, /* no Range, one we need not honour (several ranges), or a malformed one */
	HTTP_RANGE_PART,
	HTTP_RANGE_UNSATISFIABLE,
};

struct http_range {
	uint64_t offset, len;
};

/* range, if_range: the header fields or NULL; etag is strong, with its quotes. */
enum http_range_verdict http_range_parse(const char *range, const char *if_range, const char *etag,
	uint64_t size, struct http_range *out);

/* Whether a list such as  "a", W/"b"  or * names etag, by weak comparison (If-None-Match). */
bool http_range_etag_listed(const char *list, const char *etag);
