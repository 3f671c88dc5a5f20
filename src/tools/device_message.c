/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR of registration and status; keys from model/device_keys.h. */
#include "tools/device_message.h"

#include "model/device_keys.h"
#include "suit/cbor.h"

/* A map whose pairs are counted while they are written. */
struct map {
	struct su_buf pairs;
	size_t n;
};

static struct su_buf *put_key(struct map *map, int key)
{
	cbor_put_int(&map->pairs, key);
	map->n++;
	return &map->pairs;
}

static void put_uint(struct map *map, int key, bool has, uint64_t value)
{
	if (has)
		cbor_put_uint(put_key(map, key), value);
}

static void put_text(struct map *map, int key, const char *text)
{
	if (text != NULL)
		cbor_put_tstr(put_key(map, key), text);
}

static void put_uuids(struct map *map, int key, const struct su_uuid *ids, size_t n)
{
	if (n == 0)
		return;
	cbor_put_array(put_key(map, key), n);
	for (size_t i = 0; i < n; i++)
		cbor_put_bstr(&map->pairs, su_span_of(ids[i].bytes, sizeof(ids[i].bytes)));
}

static void put_digest(struct map *map, int key, const struct digest *digest)
{
	if (!digest_is_set(digest))
		return;
	cbor_put_array(put_key(map, key), 2);
	cbor_put_int(&map->pairs, digest->alg);
	cbor_put_bstr(&map->pairs, digest_span(digest));
}

static void finish(struct map *map, struct su_buf *out)
{
	cbor_put_map(out, map->n);
	su_buf_append_span(out, su_buf_span(&map->pairs));
	su_buf_free(&map->pairs);
}

static void put_installed(const struct installed_component *component, struct su_buf *out)
{
	struct map map = { 0 };
	su_buf_append_span(put_key(&map, INSTALLED_COMPONENT), component->id.encoded);
	put_digest(&map, INSTALLED_DIGEST, &component->digest);
	put_uint(&map, INSTALLED_SEQUENCE_NUMBER, component->has_sequence_number,
		component->sequence_number);
	if (component->version.n_parts > 0) {
		cbor_put_array(put_key(&map, INSTALLED_VERSION), component->version.n_parts);
		for (unsigned i = 0; i < component->version.n_parts; i++)
			cbor_put_int(&map.pairs, component->version.parts[i]);
	}
	put_uint(&map, INSTALLED_SIZE_BYTES, component->has_size, component->size_bytes);
	put_uint(&map, INSTALLED_ACTIVE_SLOT, component->has_slot, component->active_slot);
	finish(&map, out);
}

static void put_characteristics(const struct characteristics *told, struct su_buf *out)
{
	struct map map = { 0 };
	put_uuids(&map, CHARACTERISTICS_VENDOR_IDS, told->vendor_ids, told->n_vendor_ids);
	put_uuids(&map, CHARACTERISTICS_CLASS_IDS, told->class_ids, told->n_class_ids);
	if (told->has_device_id)
		cbor_put_bstr(put_key(&map, CHARACTERISTICS_DEVICE_ID),
			su_span_of(told->device_id.bytes, sizeof(told->device_id.bytes)));
	put_text(&map, CHARACTERISTICS_SERIAL, told->serial);
	put_text(&map, CHARACTERISTICS_MANUFACTURER, told->manufacturer);
	put_text(&map, CHARACTERISTICS_MODEL, told->model);
	put_text(&map, CHARACTERISTICS_HARDWARE_VERSION, told->hardware_version);
	put_text(&map, CHARACTERISTICS_SITE, told->site);
	put_uint(&map, CHARACTERISTICS_BATTERY_MWH, told->has_battery, told->battery_mwh);
	put_uint(&map, CHARACTERISTICS_FREE_MEMORY_BYTES, told->has_free_memory,
		told->free_memory_bytes);
	cbor_put_array(put_key(&map, CHARACTERISTICS_COMPONENTS), told->n_components);
	for (size_t i = 0; i < told->n_components; i++)
		put_installed(&told->components[i], &map.pairs);
	finish(&map, out);
}

void device_message_registration(const struct device_registration *registration, struct su_buf *out)
{
	struct map map = { 0 };
	put_uint(&map, MESSAGE_LIFETIME, registration->lifetime_s > 0,
		(uint64_t)registration->lifetime_s);
	put_uint(&map, MESSAGE_ENVELOPE_FORM, true, registration->envelope_form);
	put_characteristics(registration->told, put_key(&map, MESSAGE_CHARACTERISTICS));
	finish(&map, out);
}

void device_message_status(const struct device_progress *progress, struct su_buf *out)
{
	struct map map = { 0 };
	put_digest(&map, MESSAGE_RELEASE, &progress->release);
	cbor_put_uint(put_key(&map, MESSAGE_STATE), progress->state);
	put_uint(&map, MESSAGE_PROGRESS, progress->bytes > 0, progress->bytes);
	put_text(&map, MESSAGE_REASON, progress->reason);
	finish(&map, out);
}
