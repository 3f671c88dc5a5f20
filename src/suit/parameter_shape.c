/* SPDX-License-Identifier: Apache-2.0 */
/* Walks wait-info, component metadata and encryption-info, each against its CDDL. */
#include "suit/parameter_shape.h"

#include <inttypes.h>

#include "model/release.h"
#include "suit/parameter.h"
#include "suit/value_cbor.h"

#define FIRST_PRIVATE_KEY              (-256)
#define SECONDS_PER_DAY                86400
#define COSE_ENCRYPT_TAG               96
#define RECIPIENT_MAX_DEPTH            2
#define RECIPIENTS_MAX                 16
#define OTHER_VERSION_ALTERNATIVES_MAX 16

enum metadata_key {
	METADATA_DEFAULT_PERMISSIONS = 1,
	METADATA_USER_PERMISSIONS,
	METADATA_GROUP_PERMISSIONS,
	METADATA_ROLE_PERMISSIONS,
	METADATA_FILE_TYPE,
	METADATA_MODIFIED,
	METADATA_CREATED,
	METADATA_CREATOR,
};

typedef void (*check_value)(struct cbor *cursor, int64_t key);

/* A map with integer keys in order; private keys may hold anything. */
static void check_map(struct cbor *cursor, check_value check)
{
	struct su_span last = SU_SPAN_EMPTY;
	size_t n = cbor_map(cursor);
	if (cbor_ok(cursor) && n == 0)
		cbor_fail(cursor, SU_INVALID, "the map is empty");
	for (; n > 0 && cbor_ok(cursor); n--) {
		size_t start = cursor->pos;
		int64_t key = cbor_int(cursor);
		cbor_key_order(
			cursor, su_span_of(cursor->input.data + start, cursor->pos - start), &last);
		if (key <= FIRST_PRIVATE_KEY)
			(void)cbor_item(cursor);
		else
			check(cursor, key);
	}
}

static void check_uint_below(struct cbor *cursor, uint64_t bound)
{
	uint64_t value = cbor_uint(cursor);
	if (value >= bound)
		cbor_fail(cursor, SU_INVALID, "%" PRIu64 " is not below %" PRIu64, value, bound);
}

/* [device, [+ [comparison, version]]] */
static void check_other_device(struct cbor *cursor)
{
	if (cbor_array(cursor) != 2)
		cbor_fail(cursor, SU_INVALID, "another device's version has 2 items");
	(void)cbor_bstr(cursor);
	size_t n = cbor_array(cursor);
	if (n == 0 || n > OTHER_VERSION_ALTERNATIVES_MAX)
		cbor_fail(cursor, SU_INVALID, "another device has 1 to %d version matches",
			OTHER_VERSION_ALTERNATIVES_MAX);
	for (; n > 0 && cbor_ok(cursor); n--) {
		struct version version;
		if (cbor_array(cursor) != 2)
			cbor_fail(cursor, SU_INVALID, "a version match has 2 items");
		check_uint_below(cursor, VERSION_LESSER + 1);
		value_cbor_read_version(cursor, &version);
	}
}

static void check_wait_event(struct cbor *cursor, int64_t key)
{
	switch (key) {
	case WAIT_AUTHORIZATION:
	case WAIT_POWER:
	case WAIT_NETWORK:
		(void)cbor_int(cursor);
		break;
	case WAIT_OTHER_DEVICE:
		check_other_device(cursor);
		break;
	case WAIT_TIME:
		(void)cbor_uint(cursor);
		break;
	case WAIT_TIME_OF_DAY:
	case WAIT_TIME_OF_DAY_UTC:
		check_uint_below(cursor, SECONDS_PER_DAY);
		break;
	case WAIT_DAY_OF_WEEK:
	case WAIT_DAY_OF_WEEK_UTC:
		check_uint_below(cursor, 7);
		break;
	default:
		cbor_fail(cursor, SU_INVALID, "unknown wait event %" PRId64, key);
	}
}

/* An actor is a UUID under tag 37, a byte string, a text or an integer. */
static void check_actor(struct cbor *cursor)
{
	if (cbor_peek(cursor) == CBOR_BSTR)
		(void)cbor_bstr(cursor);
	else if (cbor_peek(cursor) == CBOR_TSTR)
		(void)cbor_tstr(cursor);
	else if (cbor_peek(cursor) != CBOR_TAG)
		(void)cbor_int(cursor);
	else if (cbor_tag(cursor) != 37 || cbor_bstr(cursor).len != 16)
		cbor_fail(cursor, SU_INVALID, "an actor's tag is not that of a UUID");
}

static void check_permissions(struct cbor *cursor)
{
	struct su_span last = SU_SPAN_EMPTY;
	for (size_t n = cbor_map(cursor); n > 0 && cbor_ok(cursor); n--) {
		size_t start = cursor->pos;
		check_actor(cursor);
		cbor_key_order(
			cursor, su_span_of(cursor->input.data + start, cursor->pos - start), &last);
		(void)cbor_uint(cursor);
	}
}

static void check_timestamp(struct cbor *cursor)
{
	if (cbor_tag(cursor) != 1)
		cbor_fail(cursor, SU_INVALID, "a time is an integer under tag 1");
	(void)cbor_uint(cursor);
}

static void check_metadata_value(struct cbor *cursor, int64_t key)
{
	switch (key) {
	case METADATA_DEFAULT_PERMISSIONS:
		(void)cbor_uint(cursor);
		break;
	case METADATA_USER_PERMISSIONS:
	case METADATA_GROUP_PERMISSIONS:
	case METADATA_ROLE_PERMISSIONS:
		check_permissions(cursor);
		break;
	case METADATA_FILE_TYPE:
		check_uint_below(cursor, 4);
		break;
	case METADATA_MODIFIED:
	case METADATA_CREATED:
		check_timestamp(cursor);
		break;
	case METADATA_CREATOR:
		check_actor(cursor);
		break;
	default:
		cbor_fail(cursor, SU_INVALID, "unknown key %" PRId64, key);
	}
}

static void check_protected_header(struct cbor *cursor)
{
	struct su_span header = cbor_bstr(cursor);
	if (!cbor_ok(cursor) || header.len == 0)
		return;
	struct cbor inner = cbor_open(header, false);
	if (cbor_peek(&inner) != CBOR_MAP)
		cbor_fail(&inner, SU_INVALID, "not a map");
	(void)cbor_item(&inner);
	value_cbor_adopt(cursor, &inner, "protected header");
}

static void check_headers(struct cbor *cursor)
{
	check_protected_header(cursor);
	if (cbor_ok(cursor) && cbor_peek(cursor) != CBOR_MAP)
		cbor_fail(cursor, SU_INVALID, "the unprotected header is not a map");
	(void)cbor_item(cursor);
}

static void check_ciphertext(struct cbor *cursor)
{
	if (cbor_peek(cursor) == CBOR_BSTR)
		(void)cbor_bstr(cursor);
	else
		cbor_null(cursor);
}

/* COSE_recipient (RFC 9052 section 5.1) may carry recipients itself. */
static void check_recipients(struct cbor *cursor, unsigned depth)
{
	size_t n = cbor_array(cursor);
	if (cbor_ok(cursor) && (n == 0 || n > RECIPIENTS_MAX || depth > RECIPIENT_MAX_DEPTH))
		cbor_fail(cursor, SU_INVALID, "there are 1 to %d recipients on %d levels",
			RECIPIENTS_MAX, RECIPIENT_MAX_DEPTH);
	for (; n > 0 && cbor_ok(cursor); n--) {
		size_t items = cbor_array(cursor);
		if (cbor_ok(cursor) && items != 3 && items != 4)
			cbor_fail(cursor, SU_INVALID, "a recipient has 3 or 4 items");
		check_headers(cursor);
		check_ciphertext(cursor);
		if (items == 4)
			check_recipients(cursor, depth + 1);
	}
}

void parameter_shape_check_wait_info(struct cbor *cursor, struct su_span content)
{
	struct cbor inner = cbor_open(content, true);
	check_map(&inner, check_wait_event);
	value_cbor_adopt(cursor, &inner, "wait-info");
}

void parameter_shape_check_metadata(struct cbor *cursor, struct su_span content)
{
	struct cbor inner = cbor_open(content, true);
	check_map(&inner, check_metadata_value);
	value_cbor_adopt(cursor, &inner, "component-metadata");
}

void parameter_shape_check_encryption_info(struct cbor *cursor, struct su_span content)
{
	struct cbor inner = cbor_open(content, false);
	if (cbor_tag(&inner) != COSE_ENCRYPT_TAG)
		cbor_fail(&inner, SU_INVALID, "not a COSE_Encrypt under tag %d", COSE_ENCRYPT_TAG);
	if (cbor_array(&inner) != 4)
		cbor_fail(&inner, SU_INVALID, "a COSE_Encrypt has 4 items");
	check_headers(&inner);
	check_ciphertext(&inner);
	check_recipients(&inner, 1);
	value_cbor_adopt(cursor, &inner, "encryption-info");
}
