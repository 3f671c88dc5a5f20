/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block: a bit for each word of the device, the words that are not zero, its calendars, then all
 * texts and identifiers. Most of a device is zero: identifiers that it has not, times, a profile that it
 * does not tell.
 */
#include "tracker/snapshot.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Everything before the components is packed as it is; what stands behind them is named one by one. */
#define HEAD_BYTES offsetof(struct device, told.components)

enum { WORD_BYTES = sizeof(uint64_t), MASK_BITS = 64 };

struct rest {
	int64_t row_version;
	const struct calendar *calendar; /* NULL: it told none */
	struct provision provision;
	enum update_mode mode;
	const char *mode_reason;
};

/* A device as the words that are packed. */
struct plain {
	alignas(uint64_t) uint8_t head[HEAD_BYTES];
	struct rest rest;
	struct installed_component components[DEVICE_MAX_COMPONENTS];
};
_Static_assert(HEAD_BYTES % WORD_BYTES == 0, "words");
_Static_assert(sizeof(struct rest) % WORD_BYTES == 0, "words");
_Static_assert(sizeof(struct installed_component) % WORD_BYTES == 0, "words");

struct snapshot {
	uint32_t n_words;
	uint32_t n_values; /* words that are not zero */
	uint64_t words[];  /* masks, values, and what is behind them */
};

static size_t words_of(const struct device *device)
{
	return (offsetof(struct plain, components) +
		       device->told.n_components * sizeof(struct installed_component)) /
	       WORD_BYTES;
}

static size_t masks_of(size_t n_words)
{
	return (n_words + MASK_BITS - 1) / MASK_BITS;
}

/* Returns how many words are not zero. values NULL: they are only counted. */
static size_t pack(const struct plain *plain, size_t n_words, uint64_t *masks, uint64_t *values)
{
	size_t n_values = 0;
	for (size_t i = 0; i < n_words; i++) {
		uint64_t word;
		memcpy(&word, (const uint8_t *)plain + i * WORD_BYTES, WORD_BYTES);
		if (word == 0)
			continue;
		if (values) {
			masks[i / MASK_BITS] |= UINT64_C(1) << i % MASK_BITS;
			values[n_values] = word;
		}
		n_values++;
	}
	return n_values;
}

/* Where a snapshot is being read. */
struct reader {
	const uint64_t *masks, *values;
	size_t at;
};

static void unpack(struct reader *reader, void *out, size_t len)
{
	uint8_t *to = out;
	for (size_t end = reader->at + len / WORD_BYTES; reader->at < end; reader->at++) {
		bool is_set = reader->masks[reader->at / MASK_BITS] >> reader->at % MASK_BITS & 1;
		uint64_t word = is_set ? *reader->values++ : 0;
		memcpy(to, &word, WORD_BYTES);
		to += WORD_BYTES;
	}
}

static size_t text_bytes(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

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

static void fill(struct plain *out, const struct device *device)
{
	memcpy(out->head, device, HEAD_BYTES);
	memcpy(out->components, device->told.components,
		device->told.n_components * sizeof(struct installed_component));
	memset(&out->rest, 0, sizeof(out->rest));
	out->rest.row_version = device->row_version;
	out->rest.calendar = device->calendar;
	out->rest.provision = device->provision;
	out->rest.mode = device->mode;
	out->rest.mode_reason = device->mode_reason;
}

/* Lets everything that the device leads to lead into the block instead. */
static void move_in(
	struct plain *plain, const struct device *device, struct calendar *room, uint8_t *tail)
{
	struct device copy;
	memcpy(&copy, device, HEAD_BYTES);
	copy.endpoint = move_text(&tail, device->endpoint);
	copy.address = move_text(&tail, device->address);
	copy.told.serial = move_text(&tail, device->told.serial);
	copy.told.manufacturer = move_text(&tail, device->told.manufacturer);
	copy.told.model = move_text(&tail, device->told.model);
	copy.told.hardware_version = move_text(&tail, device->told.hardware_version);
	copy.told.site = move_text(&tail, device->told.site);
	memcpy(plain->head, &copy, HEAD_BYTES);
	for (size_t i = 0; i < device->told.n_components; i++) {
		struct su_span id = device->told.components[i].id.encoded;
		plain->components[i].id.encoded.data = move_into(&tail, id.data, id.len);
	}
	plain->rest.mode_reason = move_text(&tail, device->mode_reason);
	plain->rest.provision.site = move_text(&tail, device->provision.site);
	plain->rest.calendar = move_calendar(&room, &tail, device->calendar);
	plain->rest.provision.calendar = move_calendar(&room, &tail, device->provision.calendar);
}

struct snapshot *snapshot_new(const struct device *device)
{
	struct plain plain;
	const size_t n_words = words_of(device), n_masks = masks_of(n_words);
	fill(&plain, device);
	/* What is a pointer remains one: as many words are not zero before and after the move. */
	const size_t n_values = pack(&plain, n_words, NULL, NULL);
	struct snapshot *out = su_new_bytes(sizeof(*out) + (n_masks + n_values) * WORD_BYTES +
					    calendars_bytes(device) + tail_bytes(device));
	out->n_words = (uint32_t)n_words;
	out->n_values = (uint32_t)n_values;
	uint64_t *behind = out->words + n_masks + n_values;
	move_in(&plain, device, (struct calendar *)(void *)behind,
		(uint8_t *)behind + calendars_bytes(device));
	(void)pack(&plain, n_words, out->words, out->words + n_masks);
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
	struct rest rest;
	struct reader reader = { snapshot->words, snapshot->words + masks_of(snapshot->n_words),
		0 };
	unpack(&reader, out, HEAD_BYTES);
	unpack(&reader, &rest, sizeof(rest));
	unpack(&reader, out->told.components,
		out->told.n_components * sizeof(struct installed_component));
	out->row_version = rest.row_version;
	out->calendar = rest.calendar;
	out->provision = rest.provision;
	out->mode = rest.mode;
	out->mode_reason = rest.mode_reason;
}
