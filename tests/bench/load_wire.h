/* SPDX-License-Identifier: Apache-2.0 */
/* CoAP as the load generator needs it: requests from a template, and answers taken apart. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_DATAGRAM_BYTES 1472
#define LOAD_TOKEN_BYTES    4
#define LOAD_ETAG_BYTES     8
#define LOAD_NAME_DIGITS    6

enum load_type { LOAD_CON, LOAD_NON, LOAD_ACK, LOAD_RST };

enum {
	LOAD_GET = 1,
	LOAD_POST = 2,
	LOAD_OPTION_ETAG = 4,
	LOAD_OPTION_PATH = 11,
	LOAD_OPTION_FORMAT = 12,
	LOAD_OPTION_QUERY = 15,
	LOAD_OPTION_BLOCK2 = 23,
};

/* What all requests of a run have in common. */
struct load_template {
	uint8_t bytes[LOAD_DATAGRAM_BYTES];
	size_t len;
	unsigned last_option;
	size_t digits_at; /* of the number in the endpoint's name; 0: there is none */
};

void load_wire_begin(struct load_template *t, enum load_type type, uint8_t method);
/* Options in rising order of their numbers; false: no room. */
bool load_wire_option(struct load_template *t, unsigned number, const void *value, size_t len);
/* "suit/manifest" as options. */
bool load_wire_path(struct load_template *t, const char *path);
/* ep=PREFIX and six digits. */
bool load_wire_endpoint(struct load_template *t, const char *prefix);
bool load_wire_payload(struct load_template *t, const void *bytes, size_t len);

/* A copy with this number in its name, ID and token; its length. */
size_t load_wire_request(const struct load_template *t, uint32_t number, uint16_t message_id,
	uint32_t token, uint8_t *out);
/* Appends Block2 to what load_wire_request() gave; the new length. */
size_t load_wire_block2(
	const struct load_template *t, uint8_t *request, size_t len, uint32_t number);

struct load_answer {
	size_t len; /* of the datagram */
	enum load_type type;
	uint8_t code;
	uint16_t message_id;
	bool has_token; /* of the length that ours have */
	uint32_t token;
	const uint8_t *etag; /* in the datagram; NULL: none */
	size_t etag_len;
	bool has_block2;
	uint32_t block2;
	const uint8_t *payload;
	size_t payload_len;
};

/* false: not a CoAP message. */
bool load_wire_parse(const uint8_t *datagram, size_t len, struct load_answer *out);
