/* SPDX-License-Identifier: Apache-2.0 */
/* The block: a header, the head of struct device, its components, then all texts and identifiers. */
#include "tracker/snapshot.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Everything before the components is copied as it is; row_version stands behind them. */
#define HEAD_BYTES offsetof(struct device, told.components)

struct snapshot {
	int64_t row_version;
	struct installed_component *components;
	uint8_t *head;
	uint8_t bytes[] __attribute__((aligned(16)));
};

static size_t text_bytes(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static size_t tail_bytes(const struct device *device)
{
	const struct characteristics *told = &device->told;
	size_t total = text_bytes(device->endpoint) + text_bytes(device->address) +
		       text_bytes(told->serial) + text_bytes(told->manufacturer) +
		       text_bytes(told->model) + text_bytes(told->hardware_version) +
		       text_bytes(told->site);
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

struct snapshot *snapshot_new(const struct device *device)
{
	size_t components_bytes = device->told.n_components * sizeof(struct installed_component);
	size_t head_bytes = (HEAD_BYTES + 15) / 16 * 16;
	struct snapshot *out =
		su_new_bytes(sizeof(*out) + head_bytes + components_bytes + tail_bytes(device));
	out->row_version = device->row_version;
	out->head = out->bytes;
	out->components = (struct installed_component *)(void *)(out->bytes + head_bytes);
	uint8_t *tail = out->bytes + head_bytes + components_bytes;

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
}
