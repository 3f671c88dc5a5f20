/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block: a header, the head of struct device, its components and calendars, then all texts and identifiers.
 */
#include "tracker/snapshot.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Everything before the components is copied as it is; what stands behind them is named one by one. */
#define HEAD_BYTES offsetof(struct device, told.components)

struct snapshot {
	int64_t row_version;
	struct calendar *calendar; /* NULL: it told none */
	struct provision provision;
	enum update_mode mode;
	const char *mode_reason;
	struct installed_component *components;
	uint8_t *head;
	uint8_t bytes[] __attribute__((aligned(16)));
};

static size_t text_bytes(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Behind the components, which end as aligned as a calendar has to begin. */
static size_t calendars_bytes(const struct device *device)
{
	return ((device->calendar != NULL) + (device->provision.calendar != NULL)) *
	       sizeof(struct calendar);
}

static size_t calendar_text_bytes(const struct calendar *calendar)
{
	size_t total = calendar ? text_bytes(calendar->time_zone) : 0;
	for (size_t i = 0; calendar && i < calendar->n_windows; i++)
		total += text_bytes(calendar->windows[i].rule);
	return total;
}

static size_t tail_bytes(const struct device *device)
{
	const struct characteristics *told = &device->told;
	size_t total = text_bytes(device->endpoint) + text_bytes(device->address) +
		       text_bytes(told->serial) + text_bytes(told->manufacturer) +
		       text_bytes(told->model) + text_bytes(told->hardware_version) +
		       text_bytes(told->site) + text_bytes(device->mode_reason) +
		       text_bytes(device->provision.site) + calendar_text_bytes(device->calendar) +
		       calendar_text_bytes(device->provision.calendar);
	for (size_t i = 0; i < told->n_components; i++)
		total += told->components[i].id.encoded.len;
	return total;
}

static void *move_into(uint8_t **tail, const void *data, size_t len)
{
	if (!data)
		return NULL;
	void *at = *tail;
	memcpy(at, data, len);
	*tail += len;
	return at;
}

static const char *move_text(uint8_t **tail, const char *text)
{
	return move_into(tail, text, text_bytes(text));
}

static struct calendar *move_calendar(
	struct calendar **room, uint8_t **tail, const struct calendar *from)
{
	if (!from)
		return NULL;
	struct calendar *out = (*room)++;
	*out = *from;
	out->time_zone = move_text(tail, from->time_zone);
	for (size_t i = 0; i < from->n_windows; i++)
		out->windows[i].rule = move_text(tail, from->windows[i].rule);
	return out;
}

static void keep_rest(
	struct snapshot *out, const struct device *device, struct calendar *room, uint8_t **tail)
{
	out->row_version = device->row_version;
	out->mode = device->mode;
	out->mode_reason = move_text(tail, device->mode_reason);
	out->provision = device->provision;
	out->provision.site = move_text(tail, device->provision.site);
	out->calendar = move_calendar(&room, tail, device->calendar);
	out->provision.calendar = move_calendar(&room, tail, device->provision.calendar);
}

struct snapshot *snapshot_new(const struct device *device)
{
	size_t components_bytes = device->told.n_components * sizeof(struct installed_component);
	size_t head_bytes = (HEAD_BYTES + 15) / 16 * 16;
	struct snapshot *out = su_new_bytes(sizeof(*out) + head_bytes + components_bytes +
					    calendars_bytes(device) + tail_bytes(device));
	out->head = out->bytes;
	out->components = (struct installed_component *)(void *)(out->bytes + head_bytes);
	uint8_t *behind = out->bytes + head_bytes + components_bytes;
	uint8_t *tail = behind + calendars_bytes(device);
	keep_rest(out, device, (struct calendar *)(void *)behind, &tail);

	struct device copy;
	memcpy(&copy, device, HEAD_BYTES);
	copy.endpoint = move_text(&tail, device->endpoint);
	copy.address = move_text(&tail, device->address);
	copy.told.serial = move_text(&tail, device->told.serial);
	copy.told.manufacturer = move_text(&tail, device->told.manufacturer);
	copy.told.model = move_text(&tail, device->told.model);
	copy.told.hardware_version = move_text(&tail, device->told.hardware_version);
	copy.told.site = move_text(&tail, device->told.site);
	memcpy(out->head, &copy, HEAD_BYTES);
	for (size_t i = 0; i < device->told.n_components; i++) {
		struct su_span id = device->told.components[i].id.encoded;
		out->components[i] = device->told.components[i];
		out->components[i].id.encoded.data = move_into(&tail, id.data, id.len);
	}
	return out;
}

void snapshot_free(struct snapshot **snapshot)
{
	if (!snapshot)
		return;
	free(*snapshot);
	*snapshot = NULL;
}

void snapshot_restore(const struct snapshot *snapshot, struct device *out)
{
	memcpy(out, snapshot->head, HEAD_BYTES);
	memcpy(out->told.components, snapshot->components,
		out->told.n_components * sizeof(struct installed_component));
	out->row_version = snapshot->row_version;
	out->calendar = snapshot->calendar;
	out->provision = snapshot->provision;
	out->mode = snapshot->mode;
	out->mode_reason = snapshot->mode_reason;
}
