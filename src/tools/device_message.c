/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR of registration and status; keys from model/device_keys.h. */
#include "tools/device_message.h"

#include "model/device_keys.h"
#include "suit/cbor.h"
#include "tools/device_command.h"

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

static void put_bool(struct map *map, int key, bool has, bool value)
{
	if (has)
		cbor_put_bool(put_key(map, key), value);
}

static void put_profile(const struct profile *profile, struct map *around)
{
	struct map map = { 0 };
	put_uint(&map, PROFILE_REACHABILITY, profile->has_reachability, profile->reachability);
	put_bool(&map, PROFILE_ALWAYS_ON, profile->has_always_on, profile->always_on);
	put_bool(&map, PROFILE_BEHIND_NAT, profile->has_behind_nat, profile->behind_nat);
	put_bool(&map, PROFILE_ANSWERS, profile->has_answers, profile->answers);
	put_bool(&map, PROFILE_TAKES_PUSH, profile->has_takes_push, profile->takes_push);
	put_uint(&map, PROFILE_AWAKE_S, profile->has_awake, (uint64_t)profile->awake_s);
	put_uint(&map, PROFILE_WAKE_EVERY_S, profile->has_wake_every,
		(uint64_t)profile->wake_every_s);
	put_uint(&map, PROFILE_LINK_BYTES_PER_S, profile->has_link_rate, profile->link_bytes_per_s);
	put_uint(&map, PROFILE_INSTALL_S, profile->has_install, (uint64_t)profile->install_s);
	if (map.n > 0)
		finish(&map, put_key(around, CHARACTERISTICS_PROFILE));
}

static void put_window(const struct window *window, struct su_buf *out)
{
	struct map map = { 0 };
	bool weekly = window->form == WINDOW_WEEKLY;
	put_uint(&map, WINDOW_KEY_MEANING, window->meaning != WINDOW_IDLE, window->meaning);
	put_uint(&map, WINDOW_KEY_DAYS, weekly, window->days);
	put_uint(&map, WINDOW_KEY_START_MINUTE, weekly, window->start_minute);
	put_uint(&map, WINDOW_KEY_DURATION_MIN, weekly, window->duration_min);
	put_uint(&map, WINDOW_KEY_FROM_S, !weekly && window->from_ms > 0,
		(uint64_t)window->from_ms / 1000);
	put_uint(&map, WINDOW_KEY_UNTIL_S, !weekly, (uint64_t)window->until_ms / 1000);
	finish(&map, out);
}

static void put_calendar(struct map *around, int key, const struct calendar *calendar)
{
	struct map map = { 0 };
	if (calendar == NULL)
		return;
	put_text(&map, CALENDAR_TIME_ZONE, calendar->time_zone);
	cbor_put_array(put_key(&map, CALENDAR_WINDOWS), calendar->n_windows);
	for (size_t i = 0; i < calendar->n_windows; i++)
		put_window(&calendar->windows[i], &map.pairs);
	finish(&map, put_key(around, key));
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
	put_profile(&told->profile, &map);
	finish(&map, out);
}

void device_message_registration(const struct device_registration *registration, struct su_buf *out)
{
	struct map map = { 0 };
	put_uint(&map, MESSAGE_LIFETIME, registration->lifetime_s > 0,
		(uint64_t)registration->lifetime_s);
	put_uint(&map, MESSAGE_ENVELOPE_FORM, true, registration->envelope_form);
	put_characteristics(registration->told, put_key(&map, MESSAGE_CHARACTERISTICS));
	put_calendar(&map, REGISTRATION_CALENDAR, registration->calendar);
	finish(&map, out);
}

static void put_progress(const struct device_progress *progress, struct map *map)
{
	put_digest(map, MESSAGE_RELEASE, &progress->release);
	cbor_put_uint(put_key(map, MESSAGE_STATE), progress->state);
	put_uint(map, MESSAGE_PROGRESS, progress->bytes > 0, progress->bytes);
	put_text(map, MESSAGE_REASON, progress->reason);
}

void device_message_status(const struct device_progress *progress, struct su_buf *out)
{
	struct map map = { 0 };
	put_progress(progress, &map);
	finish(&map, out);
}

void device_message_news(const struct device_news *news, struct su_buf *out)
{
	struct map map = { 0 };
	if (news->told != NULL)
		put_characteristics(news->told, put_key(&map, MESSAGE_CHARACTERISTICS));
	if (news->deployment != NULL)
		cbor_put_bstr(put_key(&map, MESSAGE_DEPLOYMENT),
			su_span_of(news->deployment->bytes, sizeof(news->deployment->bytes)));
	if (news->progress != NULL)
		put_progress(news->progress, &map);
	put_calendar(&map, MESSAGE_CALENDAR, news->calendar);
	if (news->answer != NULL)
		device_command_put_answer(news->answer, put_key(&map, MESSAGE_ANSWER));
	finish(&map, out);
}
