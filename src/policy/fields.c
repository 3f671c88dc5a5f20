/* SPDX-License-Identifier: Apache-2.0 */
/* The table of fields and the small readers behind it. */
#include "policy/fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "policy/release_labels.h"

#define WAIT_EVENTS_MAX 16
#define SECOND_MS       INT64_C(1000)
/* 300 years, so that no sum of times leaves 64 bits, here or in SQL. */
#define MAX_SPAN_S INT64_C(10000000000)

static void set_text(struct field_value *out, const char *text)
{
	out->known = text != NULL;
	out->text = text;
}

static void set_int_if(struct field_value *out, bool known, int64_t value)
{
	out->known = known;
	out->integer = known ? value : 0;
}

static void set_uint_if(struct field_value *out, bool known, uint64_t value)
{
	set_int_if(out, known, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

static void set_bool_if(struct field_value *out, bool known, bool value)
{
	out->known = known;
	out->boolean = known && value;
}

/* 0 stands for a time that is not known. */
static void set_time(struct field_value *out, int64_t ms)
{
	set_int_if(out, ms != 0, ms);
}

/* A device without identifiers did not say which it has. */
static void set_ids(
	struct field_value *out, struct su_arena *arena, const struct su_uuid *ids, size_t n)
{
	const char **texts = su_arena_array(arena, n, sizeof(*texts));
	for (size_t i = 0; i < n; i++) {
		char *text = su_arena_alloc(arena, SU_UUID_TEXT_SIZE);
		su_uuid_format(ids[i], text);
		texts[i] = text;
	}
	out->known = n > 0;
	out->n_texts = n;
	out->texts = texts;
}

/* A reader that leaves its value unknown where there is no device (release) to ask. */
#define READ_DEVICE(name_, ...)                                                                    \
	static void read_##name_(                                                                  \
		const struct facts *facts, struct su_arena *arena, struct field_value *out)        \
	{                                                                                          \
		const struct device *device = facts->device;                                       \
		(void)arena;                                                                       \
		if (device)                                                                        \
			__VA_ARGS__;                                                               \
	}
#define READ_PROFILE(name_, ...)                                                                   \
	static void read_##name_(                                                                  \
		const struct facts *facts, struct su_arena *arena, struct field_value *out)        \
	{                                                                                          \
		(void)arena;                                                                       \
		if (!facts->device)                                                                \
			return;                                                                    \
		struct profile profile = device_profile(facts->device);                            \
		__VA_ARGS__;                                                                       \
	}
#define READ_RELEASE(name_, ...)                                                                   \
	static void read_##name_(                                                                  \
		const struct facts *facts, struct su_arena *arena, struct field_value *out)        \
	{                                                                                          \
		const struct release *release = facts->release;                                    \
		(void)arena;                                                                       \
		if (release)                                                                       \
			__VA_ARGS__;                                                               \
	}

READ_DEVICE(endpoint, set_text(out, device->endpoint))
READ_DEVICE(vendor_ids, set_ids(out, arena, device->told.vendor_ids, device->told.n_vendor_ids))
READ_DEVICE(class_ids, set_ids(out, arena, device->told.class_ids, device->told.n_class_ids))
READ_DEVICE(serial, set_text(out, device->told.serial))
READ_DEVICE(manufacturer, set_text(out, device->told.manufacturer))
READ_DEVICE(model, set_text(out, device->told.model))
READ_DEVICE(hardware_version, set_text(out, device->told.hardware_version))
READ_DEVICE(site, set_text(out, device_site(device)))
READ_DEVICE(battery, set_uint_if(out, device->told.has_battery, device->told.battery_mwh))
READ_DEVICE(
	free_memory, set_uint_if(out, device->told.has_free_memory, device->told.free_memory_bytes))
READ_DEVICE(transport, set_text(out, name_of(transport_names, (int)device->transport)))
READ_DEVICE(last_seen, set_time(out, device->last_seen_at_ms))
READ_DEVICE(registered, set_time(out, device->registered_at_ms))
READ_DEVICE(mode, set_text(out, name_of(update_mode_names, (int)device->mode)))

READ_PROFILE(
	reachability, set_text(out, profile.has_reachability
					    ? name_of(reachability_names, (int)profile.reachability)
					    : NULL))
READ_PROFILE(always_on, set_bool_if(out, profile.has_always_on, profile.always_on))
READ_PROFILE(behind_nat, set_bool_if(out, profile.has_behind_nat, profile.behind_nat))
READ_PROFILE(answers, set_bool_if(out, profile.has_answers, profile.answers))
READ_PROFILE(takes_push, set_bool_if(out, profile.has_takes_push, profile.takes_push))
READ_PROFILE(link_rate, set_uint_if(out, profile.has_link_rate, profile.link_bytes_per_s))
READ_PROFILE(wake_every,
	set_int_if(out, profile.has_wake_every,
		(profile.wake_every_s < MAX_SPAN_S ? profile.wake_every_s : MAX_SPAN_S) *
			SECOND_MS))

READ_RELEASE(kind, set_text(out, name_of(release_kind_names, (int)release->kind)))
READ_RELEASE(version, set_text(out, release->version))
READ_RELEASE(
	update_priority, set_int_if(out, release->has_update_priority, release->update_priority))
READ_RELEASE(use_before, set_time(out, release->use_before_ms))
READ_RELEASE(published, set_time(out, release->published_at_ms))
READ_RELEASE(download_bytes, set_uint_if(out, facts->download_bytes > 0, facts->download_bytes))
READ_RELEASE(cvss, release_labels_read(release, "cvss", arena, out))

/* Of its component: one that has several, such as one for each slot, counts once. */
static bool is_first_image(const struct release *release, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (component_id_equal(
			    release->images[i].component, release->images[index].component))
			return false;
	return true;
}

static void read_components(
	const struct facts *facts, struct su_arena *arena, struct field_value *out)
{
	const struct release *release = facts->release;
	(void)arena;
	if (!release)
		return;
	int64_t n = 0;
	for (size_t i = 0; i < release->n_images; i++)
		n += is_first_image(release, i);
	set_int_if(out, true, n);
}

static void read_component_ids(
	const struct facts *facts, struct su_arena *arena, struct field_value *out)
{
	const struct release *release = facts->release;
	if (!release)
		return;
	const char **texts = su_arena_array(arena, release->n_images, sizeof(*texts));
	for (size_t i = 0; i < release->n_images; i++)
		if (is_first_image(release, i))
			texts[out->n_texts++] =
				component_id_format(arena, release->images[i].component);
	out->known = true;
	out->texts = texts;
}

static void read_waits(const struct facts *facts, struct su_arena *arena, struct field_value *out)
{
	const struct release *release = facts->release;
	const char **texts = su_arena_array(arena, WAIT_EVENTS_MAX, sizeof(*texts));
	if (!release)
		return;
	for (const struct name_row *row = wait_event_names; row->name; row++)
		if (release->waits & (1U << row->value))
			texts[out->n_texts++] = row->name;
	out->known = true;
	out->texts = texts;
}

static void read_installed_age(
	const struct facts *facts, struct su_arena *arena, struct field_value *out)
{
	(void)arena;
	set_int_if(out, facts->has_installed_age, facts->installed_age_ms);
}

static void read_now(const struct facts *facts, struct su_arena *arena, struct field_value *out)
{
	(void)arena;
	set_int_if(out, true, facts->now_ms);
}

#define LAST_SEEN_SQL  "NULLIF(ms(d.last_seen_at), 0)"
#define REGISTERED_SQL "NULLIF(ms(d.registered_at), 0)"

const struct field fields[] = {
	{ "device.endpoint", FIELD_TEXT, "its endpoint name", "d.endpoint", read_endpoint, NULL,
		false },
	{ "device.vendor_ids", FIELD_TEXT_LIST, "its vendor identifiers (UUIDs)",
		"NULLIF(d.vendor_ids, '{}')::text[]", read_vendor_ids, NULL, true },
	{ "device.class_ids", FIELD_TEXT_LIST, "its class identifiers (UUIDs)",
		"NULLIF(d.class_ids, '{}')::text[]", read_class_ids, NULL, true },
	{ "device.serial", FIELD_TEXT, "its serial number", "d.serial", read_serial, NULL, false },
	{ "device.manufacturer", FIELD_TEXT, "who made it", "d.manufacturer", read_manufacturer,
		NULL, false },
	{ "device.model", FIELD_TEXT, "its model", "d.model", read_model, NULL, false },
	{ "device.hardware_version", FIELD_TEXT, "the version of its hardware",
		"d.hardware_version", read_hardware_version, NULL, false },
	{ "device.site", FIELD_TEXT, "where it is; a group that shares a link", "d.site", read_site,
		NULL, false },
	{ "device.battery_mwh", FIELD_INT, "charge of its battery in mWh", "d.battery_mwh",
		read_battery, NULL, false },
	{ "device.free_memory_bytes", FIELD_INT, "room for an image", "d.free_memory_bytes",
		read_free_memory, NULL, false },
	{ "device.transport", FIELD_TEXT, "how it reaches this server", "d.transport",
		read_transport, transport_names, false },
	{ "device.last_seen", FIELD_TIME, "when it was last heard of", LAST_SEEN_SQL,
		read_last_seen, NULL, false },
	{ "device.registered", FIELD_TIME, "when it registered", REGISTERED_SQL, read_registered,
		NULL, false },
	{ "device.mode", FIELD_TEXT, "its update mode", "d.mode", read_mode, update_mode_names,
		false },
	{ "device.reachability", FIELD_TEXT, "when the network can reach it", "d.reachability",
		read_reachability, reachability_names, false },
	{ "device.always_on", FIELD_BOOL, "works around the clock and is never idle", "d.always_on",
		read_always_on, NULL, false },
	{ "device.behind_nat", FIELD_BOOL, "reachable only over a session that it opened",
		"d.behind_nat", read_behind_nat, NULL, false },
	{ "device.answers", FIELD_BOOL, "there is somebody to ask", "d.answers", read_answers, NULL,
		false },
	{ "device.takes_push", FIELD_BOOL, "accepts images that are pushed to it", "d.takes_push",
		read_takes_push, NULL, false },
	{ "device.link_bytes_per_s", FIELD_INT, "rate of its link", "d.link_bytes_per_s",
		read_link_rate, NULL, false },
	{ "device.wake_every", FIELD_DURATION, "how often it comes by itself",
		"(d.wake_every_s * 1000)", read_wake_every, NULL, false },
	{ "release.kind", FIELD_TEXT, "what the author says that it is", NULL, read_kind,
		release_kind_names, false },
	{ "release.version", FIELD_TEXT, "its version as text", NULL, read_version, NULL, false },
	{ "release.update_priority", FIELD_INT, "the manifest's update priority", NULL,
		read_update_priority, NULL, false },
	{ "release.use_before", FIELD_TIME, "the manifest's use-before", NULL, read_use_before,
		NULL, false },
	{ "release.published", FIELD_TIME, "when it was published", NULL, read_published, NULL,
		false },
	{ "release.download_bytes", FIELD_INT, "size of all images that are fetched", NULL,
		read_download_bytes, NULL, false },
	{ "release.components", FIELD_INT, "how many components it has images for", NULL,
		read_components, NULL, false },
	{ "release.component_ids", FIELD_TEXT_LIST, "identifiers of these components", NULL,
		read_component_ids, NULL, false },
	{ "release.waits_for", FIELD_TEXT_LIST, "what its wait-info waits for", NULL, read_waits,
		NULL, false },
	{ "release.cvss", FIELD_DOUBLE, "the label cvss", NULL, read_cvss, NULL, false },
	{ "installed.age", FIELD_DURATION, "since what now runs was published", NULL,
		read_installed_age, NULL, false },
	{ "now", FIELD_TIME, "the time of the decision", FIELDS_SQL_NOW, read_now, NULL, false },
	{ NULL, FIELD_BOOL, NULL, NULL, NULL, NULL, false },
};

const struct field *fields_find(const char *name)
{
	for (const struct field *field = fields; field->name; field++)
		if (strcmp(field->name, name) == 0)
			return field;
	return NULL;
}

struct field_value fields_read(
	const struct field *field, const struct facts *facts, struct su_arena *arena)
{
	struct field_value value = { .type = field->type };
	field->read(facts, arena, &value);
	return value;
}

void facts_sum_up(struct facts *facts, int64_t installed_published_ms)
{
	facts->download_bytes = 0;
	for (size_t i = 0; facts->release && i < facts->release->n_images; i++) {
		const struct release_image *image = &facts->release->images[i];
		if (image->integrated || !image->has_size)
			continue;
		if (__builtin_add_overflow(
			    facts->download_bytes, image->size_bytes, &facts->download_bytes))
			facts->download_bytes = UINT64_MAX;
	}
	facts->has_installed_age =
		installed_published_ms != 0 && installed_published_ms <= facts->now_ms;
	facts->installed_age_ms =
		facts->has_installed_age ? facts->now_ms - installed_published_ms : 0;
}
