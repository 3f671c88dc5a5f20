/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices send. The first byte picks message and format; whatever is accepted must be within
 * the bounds of api/device.cddl.
 */
#include <stdlib.h>

#include "model/device_keys.h"
#include "server/device_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_characteristics(const struct characteristics *told)
{
	require(told->n_vendor_ids <= DEVICE_MAX_IDS && told->n_class_ids <= DEVICE_MAX_IDS);
	require(told->n_components <= DEVICE_MAX_COMPONENTS);
	for (size_t i = 0; i < told->n_components; i++) {
		const struct installed_component *installed = &told->components[i];
		require(component_id_check(installed->id.encoded, NULL) == SU_OK);
		require(installed->version.n_parts <= VERSION_MAX_PARTS);
		require(characteristics_component(told, installed->id) == installed);
	}
}

static void try_registration(enum wire_format format, struct su_span body, struct su_arena *arena)
{
	struct registration registration;
	struct su_error err = { 0 };
	if (device_wire_read_registration(format, body, arena, &registration, &err) != SU_OK) {
		require(err.status != SU_OK && err.text[0]);
		return;
	}
	require(registration.lifetime_s == 0 ||
		(registration.lifetime_s >= MESSAGE_LIFETIME_MIN_S &&
			registration.lifetime_s <= MESSAGE_LIFETIME_MAX_S));
	check_characteristics(&registration.told);
}

static void try_status(enum wire_format format, struct su_span body, struct su_arena *arena)
{
	struct status_message message;
	struct su_error err = { 0 };
	if (device_wire_read_status(format, body, arena, &message, &err) != SU_OK) {
		require(err.status != SU_OK && err.text[0]);
		return;
	}
	if (message.has_state)
		require(name_of(reported_state_names, (int)message.state) != NULL);
	check_characteristics(&message.told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct su_arena *arena = su_arena_new();
	enum wire_format format = data[0] & 1 ? WIRE_JSON : WIRE_CBOR;
	struct su_span body = su_span_of(data + 1, size - 1);
	if (data[0] & 2)
		try_status(format, body, arena);
	else
		try_registration(format, body, arena);
	su_arena_free(&arena);
	return 0;
}
