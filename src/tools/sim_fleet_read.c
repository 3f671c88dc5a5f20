/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a device counts; the rest of its truth is drawn. */
#include "tools/sim_fleet_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "policy/calendar.h"
#include "tools/json_read.h"
#include "tools/sim_known.h"
#include "tools/whole_file.h"

#define FLEET_MAX_BYTES ((size_t)512 * 1024 * 1024)
#define INSTALL_MAX_S   86400

static enum sim_kind kind_of(const struct device *known)
{
	const struct profile profile = device_profile(known);
	const struct calendar *calendar = device_calendar(known);
	if (profile.has_reachability && profile.reachability == REACH_WHILE_WORKING)
		return SIM_VEHICLE;
	if (profile.has_reachability && profile.reachability == REACH_QUEUE)
		return SIM_SENSOR;
	if (calendar != NULL && calendar_has(calendar, WINDOW_IDLE))
		return SIM_CAMERA;
	return profile.has_always_on && profile.always_on ? SIM_METER : SIM_OTHER;
}

/* Truth follows what the device says of itself. */
static void believe(struct sim_device *device, const struct sim_fleet *fleet)
{
	const struct profile *profile = &device->profile;
	if (profile->has_link_rate)
		device->transfer_ms = (int64_t)((double)fleet->image_bytes * 1000 /
						(double)profile->link_bytes_per_s) +
				      1;
	if (profile->has_install && profile->install_s > 0)
		device->install_ms = profile->install_s * SIM_SECOND_MS;
	if (profile->has_wake_every) {
		device->wake_every_ms = profile->wake_every_s * SIM_SECOND_MS;
		device->phase_ms %= device->wake_every_ms;
	}
	device->idle = device->calendar;
}

/* Devices of the first class that it names are learned of together, as the server does. */
static void take_class(
	struct sim_fleet *fleet, const struct device *known, struct sim_device *device)
{
	if (known->told.n_class_ids == 0)
		return;
	device->has_class = true;
	device->class_id = known->told.class_ids[0];
	size_t i = 0;
	while (i < fleet->n_class_ids && !su_uuid_equal(fleet->class_ids[i], device->class_id))
		i++;
	if (i == SIM_MAX_CLASSES)
		return;
	fleet->class_ids[i] = device->class_id;
	fleet->n_class_ids += i == fleet->n_class_ids;
	device->class_no = SIM_KINDS + (unsigned)i;
}

/* Short forms for what is most often different. */
static enum su_status read_short(
	const json_t *object, struct sim_device *device, struct su_error *err)
{
	struct profile *profile = &device->profile;
	uint64_t rate = 0, install_s = 0;
	bool has_rate = false, has_install = false;
	SU_TRY(json_read_uint(object, "link_bytes_per_s", &rate, &has_rate, err));
	SU_TRY(json_read_uint(object, "install_s", &install_s, &has_install, err));
	SU_TRY(json_read_bool(object, "answers", &profile->answers, err));
	SU_TRY(json_read_bool(object, "fails_first", &device->first_install_fails, err));
	if (has_rate && rate == 0)
		return su_fail(err, SU_INVALID, "link_bytes_per_s", "must not be 0");
	if (has_install && (install_s == 0 || install_s > INSTALL_MAX_S))
		return su_fail(err, SU_INVALID, "install_s", "must be from 1 to %d", INSTALL_MAX_S);
	if (json_object_get(object, "answers") != NULL)
		profile->has_answers = true;
	if (has_rate) {
		profile->has_link_rate = true;
		profile->link_bytes_per_s = rate;
	}
	if (has_install) {
		profile->has_install = true;
		profile->install_s = (int64_t)install_s;
	}
	return SU_OK;
}

static enum su_status read_conduct(
	const json_t *object, struct sim_device *device, struct su_error *err)
{
	bool is_calm = false;
	SU_TRY(json_read_bool(object, "well_behaved", &is_calm, err));
	if (!is_calm)
		return SU_OK;
	device->keeps_its_word = true;
	device->first_install_fails = false;
	device->absent_from_ms = device->absent_until_ms = 0;
	return SU_OK;
}

static enum su_status check_members(const json_t *object, struct su_error *err)
{
	static const char *const own[] = { "kind", "link_bytes_per_s", "install_s", "answers",
		"fails_first", "well_behaved" };
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)object, name, value)
	{
		bool known = false;
		for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
			known |= strcmp(own[i], name) == 0;
		for (size_t i = 0; sim_known_members[i] != NULL; i++)
			known |= strcmp(sim_known_members[i], name) == 0;
		if (!known)
			return su_fail(err, SU_INVALID, name, "is not a known member");
	}
	return SU_OK;
}

static void take_known(struct su_arena *arena, const json_t *object, const struct device *known,
	struct sim_device *device)
{
	char *text su_auto(su_free_ptr) = json_dumps(object, JSON_COMPACT);
	device->said = su_arena_strdup(arena, text);
	if (known->endpoint != NULL)
		device->endpoint = known->endpoint;
	if (device_site(known) != NULL)
		device->site = device_site(known);
}

/* A device of a kind, and what differs from a drawn one. */
static enum su_status read_own(struct su_arena *arena, struct sim_fleet *fleet,
	const json_t *object, const struct device *known, struct su_error *err)
{
	int kind;
	SU_TRY(check_members(object, err));
	SU_TRY(name_parse(sim_kind_names, "kind",
		json_string_value(json_object_get(object, "kind")), &kind, err));
	struct sim_device *device = sim_fleet_draw(arena, fleet, (enum sim_kind)kind);
	take_known(arena, object, known, device);
	take_class(fleet, known, device);
	struct profile said = device_profile(known);
	profile_fill(&said, &device->profile);
	device->profile = said;
	if (device_calendar(known) != NULL)
		device->calendar = device_calendar(known);
	SU_TRY(read_short(object, device, err));
	believe(device, fleet);
	return read_conduct(object, device, err);
}

static enum su_status read_served(struct su_arena *arena, struct sim_fleet *fleet,
	const json_t *object, const struct device *known, struct su_error *err)
{
	if (known->endpoint == NULL)
		return su_fail(err, SU_INVALID, "kind", "is missing, and so is endpoint");
	struct sim_device *device = sim_fleet_draw(arena, fleet, kind_of(known));
	device->site = NULL;
	device->class_no = SIM_NO_CLASS;
	take_known(arena, object, known, device);
	take_class(fleet, known, device);
	device->profile = device_profile(known);
	device->calendar = device_calendar(known);
	believe(device, fleet);
	return read_conduct(object, device, err);
}

enum su_status sim_fleet_read_device(
	struct su_arena *arena, struct sim_fleet *fleet, const json_t *object, struct su_error *err)
{
	struct device *known su_auto(su_free_ptr) = su_new(struct device);
	SU_TRY(sim_known_read(arena, object, known, err));
	if (json_object_get(object, "kind") != NULL)
		return read_own(arena, fleet, object, known, err);
	return read_served(arena, fleet, object, known, err);
}

static size_t lines_in(const char *text, size_t len)
{
	size_t n = 1;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static enum su_status read_list(
	struct su_arena *arena, struct sim_fleet *fleet, const json_t *list, struct su_error *err)
{
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)list, i, item)
	{
		if (sim_fleet_read_device(arena, fleet, item, err) != SU_OK) {
			su_error_prefix(err, "device %zu", i + 1);
			return err->status;
		}
	}
	return SU_OK;
}

static enum su_status read_values(
	struct su_arena *arena, struct sim_fleet *fleet, struct su_span text, struct su_error *err)
{
	const char *at = (const char *)text.data, *end = at + text.len;
	for (;;) {
		at += strspn(at, " \t\r\n");
		if (at == end)
			return SU_OK;
		json_error_t fault;
		json_t *value = json_loadb(at, (size_t)(end - at),
			JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &fault);
		enum su_status status =
			value == NULL          ? su_fail(err, SU_INVALID, "", "%s", fault.text)
			: json_is_array(value) ? read_list(arena, fleet, value, err)
					       : sim_fleet_read_device(arena, fleet, value, err);
		json_decref(value);
		if (status != SU_OK) {
			su_error_prefix(err, "line %zu",
				lines_in((const char *)text.data,
					(size_t)(at - (const char *)text.data)));
			return status;
		}
		at += fault.position;
	}
}

enum su_status sim_fleet_read_file(struct su_arena *arena, const char *path,
	const struct sim_recipe *recipe, struct sim_fleet **out, struct su_error *err)
{
	struct su_span bytes;
	SU_TRY(whole_file_read(arena, path, FLEET_MAX_BYTES, &bytes, err));
	/* With a zero behind it. */
	struct su_span text = { (const uint8_t *)su_arena_strndup(arena, bytes.data, bytes.len),
		bytes.len };
	*out = sim_fleet_new(arena, recipe);
	if (read_values(arena, *out, text, err) != SU_OK) {
		su_error_prefix(err, "%s", path);
		return err->status;
	}
	return (*out)->n > 0 ? SU_OK : su_fail(err, SU_INVALID, "", "%s names no device", path);
}
