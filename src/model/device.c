/* SPDX-License-Identifier: Apache-2.0 */
/* Words about devices, the rule for endpoint names, and look-ups in what a device told. */
#include "model/device.h"

#include "base/utf8.h"

const struct name_row transport_names[] = {
	{ TRANSPORT_COAP, "coap" },
	{ TRANSPORT_COAPS, "coaps" },
	{ TRANSPORT_HTTP, "http" },
	{ TRANSPORT_HTTPS, "https" },
	{ 0, NULL },
};

const struct name_row envelope_form_names[] = {
	{ ENVELOPE_FULL, "full" },
	{ ENVELOPE_SEVERED, "severed" },
	{ 0, NULL },
};

enum su_status endpoint_check(struct su_span name, struct su_error *err)
{
	if (name.len == 0 || name.len > ENDPOINT_MAX_BYTES)
		return su_fail(err, SU_INVALID, "endpoint",
			"an endpoint name has 1 to %d bytes, not %zu", ENDPOINT_MAX_BYTES,
			name.len);
	for (size_t offset = 0; offset < name.len;) {
		uint32_t code_point;
		size_t len = su_utf8_next(
			su_span_of(name.data + offset, name.len - offset), &code_point);
		if (len == 0)
			return su_fail(err, SU_INVALID, "endpoint",
				"the endpoint name is not UTF-8 at offset %zu", offset);
		if (!su_utf8_is_printable(code_point))
			return su_fail(err, SU_INVALID, "endpoint",
				"the endpoint name has a character that cannot be shown at offset "
				"%zu",
				offset);
		offset += len;
	}
	return SU_OK;
}

static bool have_id(const struct su_uuid *ids, size_t n_ids, struct su_uuid id)
{
	for (size_t i = 0; i < n_ids; i++)
		if (su_uuid_equal(ids[i], id))
			return true;
	return false;
}

bool characteristics_have_vendor(const struct characteristics *told, struct su_uuid id)
{
	return have_id(told->vendor_ids, told->n_vendor_ids, id);
}

bool characteristics_have_class(const struct characteristics *told, struct su_uuid id)
{
	return have_id(told->class_ids, told->n_class_ids, id);
}

const struct installed_component *characteristics_component(
	const struct characteristics *told, struct component_id id)
{
	for (size_t i = 0; i < told->n_components; i++)
		if (component_id_equal(told->components[i].id, id))
			return &told->components[i];
	return NULL;
}

struct profile device_profile(const struct device *device)
{
	struct profile profile = device->provision.profile;
	profile_fill(&profile, &device->told.profile);
	return profile;
}

const char *device_site(const struct device *device)
{
	return device->provision.site ? device->provision.site : device->told.site;
}

const struct calendar *device_calendar(const struct device *device)
{
	return device->provision.calendar ? device->provision.calendar : device->calendar;
}
