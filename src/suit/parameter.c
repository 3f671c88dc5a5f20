/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table says how each parameter is encoded and where it is kept; reading, copying and writing
 * follow it.
 */
#include "suit/parameter.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "model/release.h"
#include "suit/parameter_shape.h"
#include "suit/value_cbor.h"

/* Parameters with numbers below this are private (suit-manifest, IANA considerations). */
#define LAST_REGISTERED_KEY (-255)
#define CBOR_PEN_TAG        112

enum kind {
	VALUE_UINT,
	VALUE_INT,
	VALUE_BOOL,
	VALUE_BYTES,
	VALUE_URI,
	VALUE_UUID,
	VALUE_DIGEST,
	VALUE_WRAPPED, /* a byte string that holds CBOR of a shape of its own */
	VALUE_VENDOR,
	VALUE_VERSION,
};

struct row {
	const char *name;
	enum kind kind;
	size_t offset;
	void (*check)(struct cbor *cursor, struct su_span content); /* VALUE_WRAPPED */
};

#define AT(member) offsetof(struct parameters, member)

static const struct row rows[] = {
	[PARAM_VENDOR_IDENTIFIER] = { "vendor-identifier", VALUE_VENDOR, 0, NULL },
	[PARAM_CLASS_IDENTIFIER] = { "class-identifier", VALUE_UUID, AT(class_identifier), NULL },
	[PARAM_IMAGE_DIGEST] = { "image-digest", VALUE_DIGEST, AT(image_digest), NULL },
	[PARAM_USE_BEFORE] = { "use-before", VALUE_UINT, AT(use_before_s), NULL },
	[PARAM_COMPONENT_SLOT] = { "component-slot", VALUE_UINT, AT(component_slot), NULL },
	[PARAM_STRICT_ORDER] = { "strict-order", VALUE_BOOL, AT(strict_order), NULL },
	[PARAM_SOFT_FAILURE] = { "soft-failure", VALUE_BOOL, AT(soft_failure), NULL },
	[PARAM_IMAGE_SIZE] = { "image-size", VALUE_UINT, AT(image_size_bytes), NULL },
	[PARAM_CONTENT] = { "content", VALUE_BYTES, AT(content), NULL },
	[PARAM_ENCRYPTION_INFO] = { "encryption-info", VALUE_WRAPPED, AT(encryption_info),
		parameter_shape_check_encryption_info },
	[PARAM_URI] = { "uri", VALUE_URI, AT(uri), NULL },
	[PARAM_SOURCE_COMPONENT] = { "source-component", VALUE_UINT, AT(source_component), NULL },
	[PARAM_INVOKE_ARGS] = { "invoke-args", VALUE_BYTES, AT(invoke_args), NULL },
	[PARAM_DEVICE_IDENTIFIER] = { "device-identifier", VALUE_UUID, AT(device_identifier),
		NULL },
	[PARAM_FETCH_ARGUMENTS] = { "fetch-arguments", VALUE_BYTES, AT(fetch_arguments), NULL },
	[PARAM_MINIMUM_BATTERY] = { "minimum-battery", VALUE_UINT, AT(minimum_battery_mwh), NULL },
	[PARAM_UPDATE_PRIORITY] = { "update-priority", VALUE_INT, AT(update_priority), NULL },
	[PARAM_VERSION] = { "version", VALUE_VERSION, 0, NULL },
	[PARAM_WAIT_INFO] = { "wait-info", VALUE_WRAPPED, AT(wait_info),
		parameter_shape_check_wait_info },
	[PARAM_COMPONENT_METADATA] = { "component-metadata", VALUE_WRAPPED, AT(component_metadata),
		parameter_shape_check_metadata },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* UUIDv5(OID namespace, CBOR of the relative OID 1.3.6.1.4.1): suit-manifest section 8.4.8.2. */
static const struct su_uuid namespace_pen = { { 0x47, 0xfb, 0xda, 0xbb, 0xf2, 0xe4, 0x55, 0xf0,
	0xbb, 0x39, 0x36, 0x20, 0xc2, 0xf6, 0xdf, 0x4e } };

static const struct row *row_of(int64_t key)
{
	if (key < 0 || (uint64_t)key >= N_ROWS || !rows[key].name)
		return NULL;
	return &rows[key];
}

static void *member_of(struct parameters *parameters, const struct row *row)
{
	return (char *)parameters + row->offset;
}

static const void *const_member_of(const struct parameters *parameters, const struct row *row)
{
	return (const char *)parameters + row->offset;
}

static void read_vendor(struct cbor *cursor, struct parameters *out)
{
	out->vendor_is_pen = cbor_peek(cursor) == CBOR_TAG;
	if (out->vendor_is_pen && cbor_tag(cursor) != CBOR_PEN_TAG)
		cbor_fail(cursor, SU_INVALID, "a vendor identifier's tag is not %d", CBOR_PEN_TAG);
	out->vendor_identifier = cbor_bstr(cursor);
	if (!cbor_ok(cursor))
		return;
	if (!out->vendor_is_pen && out->vendor_identifier.len != sizeof(struct su_uuid))
		cbor_fail(cursor, SU_INVALID, "a vendor identifier has 16 bytes, not %zu",
			out->vendor_identifier.len);
	if (out->vendor_is_pen && out->vendor_identifier.len == 0)
		cbor_fail(cursor, SU_INVALID, "the private enterprise number is empty");
}

static void read_uuid(struct cbor *cursor, struct su_uuid *out)
{
	struct su_span bytes = cbor_bstr(cursor);
	if (!cbor_ok(cursor))
		return;
	if (bytes.len != sizeof(out->bytes))
		cbor_fail(cursor, SU_INVALID, "a UUID has 16 bytes, not %zu", bytes.len);
	else
		memcpy(out->bytes, bytes.data, sizeof(out->bytes));
}

static void read_digest(struct cbor *cursor, struct digest *out)
{
	struct cbor inner = cbor_open(cbor_bstr(cursor), true);
	if (!cbor_ok(cursor))
		return;
	value_cbor_read_digest(&inner, out);
	value_cbor_adopt(cursor, &inner, "image-digest");
}

static void read_version(struct cbor *cursor, struct parameters *out)
{
	struct cbor inner = cbor_open(cbor_bstr(cursor), true);
	if (!cbor_ok(cursor))
		return;
	if (cbor_array(&inner) != 2)
		cbor_fail(&inner, SU_INVALID, "a version match has 2 items");
	uint64_t comparison = cbor_uint(&inner);
	if (comparison < VERSION_GREATER || comparison > VERSION_LESSER)
		cbor_fail(&inner, SU_INVALID, "unknown comparison %" PRIu64, comparison);
	else
		out->version_comparison = (enum version_comparison)comparison;
	value_cbor_read_version(&inner, &out->version);
	value_cbor_adopt(cursor, &inner, "version");
}

static struct su_span read_wrapped(struct cbor *cursor, const struct row *row)
{
	struct su_span content = cbor_bstr(cursor);
	if (cbor_ok(cursor))
		row->check(cursor, content);
	return content;
}

static void read_value(struct cbor *cursor, const struct row *row, struct parameters *out)
{
	void *member = member_of(out, row);
	switch (row->kind) {
	case VALUE_UINT:
		*(uint64_t *)member = cbor_uint(cursor);
		break;
	case VALUE_INT:
		*(int64_t *)member = cbor_int(cursor);
		break;
	case VALUE_BOOL:
		*(bool *)member = cbor_bool(cursor);
		break;
	case VALUE_BYTES:
		*(struct su_span *)member = cbor_bstr(cursor);
		break;
	case VALUE_URI:
		*(struct su_span *)member = value_cbor_read_uri(cursor);
		break;
	case VALUE_UUID:
		read_uuid(cursor, member);
		break;
	case VALUE_DIGEST:
		read_digest(cursor, member);
		break;
	case VALUE_WRAPPED:
		*(struct su_span *)member = read_wrapped(cursor, row);
		break;
	case VALUE_VENDOR:
		read_vendor(cursor, out);
		break;
	case VALUE_VERSION:
		read_version(cursor, out);
		break;
	}
}

static void skip_custom(struct cbor *cursor)
{
	enum cbor_type type = cbor_peek(cursor);
	if (type == CBOR_ARRAY || type == CBOR_MAP || type == CBOR_TAG)
		cbor_fail(
			cursor, SU_INVALID, "a custom parameter is an integer, boolean or string");
	(void)cbor_item(cursor);
}

static int64_t read_key(struct cbor *cursor, struct su_span *last)
{
	size_t start = cursor->pos;
	int64_t key = cbor_int(cursor);
	cbor_key_order(cursor, su_span_of(cursor->input.data + start, cursor->pos - start), last);
	return key;
}

/* ignored takes the values of set-if-unset that are set already. */
static void read_pair(
	struct cbor *cursor, int64_t key, struct parameters *inout, struct parameters *ignored)
{
	const struct row *row = row_of(key);
	if (!cbor_ok(cursor))
		return;
	if (!row && key >= LAST_REGISTERED_KEY) {
		cbor_fail(cursor, SU_INVALID, "unknown parameter %" PRId64, key);
		return;
	}
	if (!row) {
		inout->has_custom = true;
		skip_custom(cursor);
		return;
	}
	bool keep = ignored && parameters_have(inout, (enum parameter_key)key);
	read_value(cursor, row, keep ? ignored : inout);
	inout->set |= (uint64_t)1 << key;
}

static size_t kind_size(enum kind kind)
{
	switch (kind) {
	case VALUE_UINT:
	case VALUE_INT:
		return sizeof(uint64_t);
	case VALUE_BOOL:
		return sizeof(bool);
	case VALUE_BYTES:
	case VALUE_URI:
	case VALUE_WRAPPED:
		return sizeof(struct su_span);
	case VALUE_UUID:
		return sizeof(struct su_uuid);
	case VALUE_DIGEST:
		return sizeof(struct digest);
	case VALUE_VENDOR:
	case VALUE_VERSION:
		break;
	}
	return 0;
}

static void put_digest(struct su_buf *out, const struct digest *digest)
{
	struct su_buf inner su_auto(su_buf_free) = { 0 };
	value_cbor_put_digest(&inner, digest);
	cbor_put_bstr(out, su_buf_span(&inner));
}

static void put_version(struct su_buf *out, const struct parameters *parameters)
{
	struct su_buf inner su_auto(su_buf_free) = { 0 };
	cbor_put_array(&inner, 2);
	cbor_put_uint(&inner, parameters->version_comparison);
	value_cbor_put_version(&inner, &parameters->version);
	cbor_put_bstr(out, su_buf_span(&inner));
}

static void put_vendor(struct su_buf *out, const struct parameters *parameters)
{
	if (parameters->vendor_is_pen)
		cbor_put_tag(out, CBOR_PEN_TAG);
	cbor_put_bstr(out, parameters->vendor_identifier);
}

static void put_value(
	struct su_buf *out, const struct row *row, const struct parameters *parameters)
{
	const void *member = const_member_of(parameters, row);
	switch (row->kind) {
	case VALUE_UINT:
		cbor_put_uint(out, *(const uint64_t *)member);
		break;
	case VALUE_INT:
		cbor_put_int(out, *(const int64_t *)member);
		break;
	case VALUE_BOOL:
		cbor_put_bool(out, *(const bool *)member);
		break;
	case VALUE_BYTES:
	case VALUE_WRAPPED:
		cbor_put_bstr(out, *(const struct su_span *)member);
		break;
	case VALUE_URI:
		cbor_put_text(out, *(const struct su_span *)member);
		break;
	case VALUE_UUID:
		cbor_put_bstr(out, su_span_of(member, sizeof(struct su_uuid)));
		break;
	case VALUE_DIGEST:
		put_digest(out, member);
		break;
	case VALUE_VENDOR:
		put_vendor(out, parameters);
		break;
	case VALUE_VERSION:
		put_version(out, parameters);
		break;
	}
}

const char *parameter_name(int64_t key)
{
	const struct row *row = row_of(key);
	return row ? row->name : NULL;
}

bool parameters_have(const struct parameters *parameters, enum parameter_key key)
{
	return parameters->set >> key & 1;
}

enum su_status parameters_decode(
	struct su_span map, bool overwrite, struct parameters *inout, struct su_error *err)
{
	struct cbor cursor = cbor_open(map, true);
	struct parameters ignored;
	struct su_span last = SU_SPAN_EMPTY;
	size_t n = cbor_map(&cursor);
	if (cbor_ok(&cursor) && n == 0)
		cbor_fail(&cursor, SU_INVALID, "the map of parameters is empty");
	for (; n > 0 && cbor_ok(&cursor); n--) {
		int64_t key = read_key(&cursor, &last);
		read_pair(&cursor, key, inout, overwrite ? NULL : &ignored);
	}
	return cbor_done(&cursor, err);
}

void parameters_copy(struct parameters *to, const struct parameters *from, enum parameter_key key)
{
	const struct row *row = row_of(key);
	if (!row || !parameters_have(from, key))
		return;
	to->set |= (uint64_t)1 << key;
	if (row->kind == VALUE_VENDOR) {
		to->vendor_identifier = from->vendor_identifier;
		to->vendor_is_pen = from->vendor_is_pen;
	} else if (row->kind == VALUE_VERSION) {
		to->version_comparison = from->version_comparison;
		to->version = from->version;
	} else {
		memcpy(member_of(to, row), const_member_of(from, row), kind_size(row->kind));
	}
}

void parameters_put(struct su_buf *out, const struct parameters *parameters)
{
	cbor_put_map(out, (size_t)__builtin_popcountll(parameters->set));
	for (size_t key = 0; key < N_ROWS; key++)
		if (rows[key].name && parameters_have(parameters, (enum parameter_key)key)) {
			cbor_put_uint(out, key);
			put_value(out, &rows[key], parameters);
		}
}

bool parameters_vendor_uuid(const struct parameters *parameters, struct su_uuid *out)
{
	if (!parameters_have(parameters, PARAM_VENDOR_IDENTIFIER))
		return false;
	if (!parameters->vendor_is_pen) {
		memcpy(out->bytes, parameters->vendor_identifier.data, sizeof(out->bytes));
		return true;
	}
	struct su_buf name su_auto(su_buf_free) = { 0 };
	put_vendor(&name, parameters);
	*out = su_uuid_v5(namespace_pen, su_buf_span(&name));
	return true;
}

bool parameters_wait_priority(const struct parameters *parameters, int64_t *out)
{
	if (!parameters_have(parameters, PARAM_WAIT_INFO))
		return false;
	/* The map is sorted and the event has the smallest key: it is first or absent. */
	struct cbor cursor = cbor_open(parameters->wait_info, true);
	if (cbor_map(&cursor) == 0 || cbor_int(&cursor) != 1)
		return false;
	*out = cbor_int(&cursor);
	return cbor_ok(&cursor);
}

unsigned parameters_wait_events(const struct parameters *parameters)
{
	unsigned events = 0;
	if (!parameters_have(parameters, PARAM_WAIT_INFO))
		return 0;
	struct cbor cursor = cbor_open(parameters->wait_info, true);
	for (size_t n = cbor_map(&cursor); n > 0 && cbor_ok(&cursor); n--) {
		int64_t event = cbor_int(&cursor);
		(void)cbor_item(&cursor);
		if (event >= WAIT_AUTHORIZATION && event <= WAIT_DAY_OF_WEEK_UTC)
			events |= 1U << event;
	}
	return events;
}

bool version_comparison_holds(enum version_comparison comparison, const struct version *actual,
	const struct version *wanted)
{
	int order = version_compare(actual, wanted);
	switch (comparison) {
	case VERSION_GREATER:
		return order > 0;
	case VERSION_GREATER_EQUAL:
		return order >= 0;
	case VERSION_EQUAL:
		return order == 0;
	case VERSION_LESSER_EQUAL:
		return order <= 0;
	case VERSION_LESSER:
		return order < 0;
	}
	return false;
}
