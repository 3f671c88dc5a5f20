/* SPDX-License-Identifier: Apache-2.0 */
/* One device and one release that the tests ask about: some of their fields are unknown. */
#pragma once

#include "policy/fields.h"

#define EXAMPLE_NOW_MS   INT64_C(1800000000000) /* 2027-01-15T08:00:00Z */
#define EXAMPLE_DAY_MS   INT64_C(86400000)
#define EXAMPLE_CLASS_ID "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

static const struct device example_device = {
	.endpoint = "meter-7",
	.transport = TRANSPORT_COAPS,
	.mode = MODE_NEGOTIATED,
	.registered_at_ms = EXAMPLE_NOW_MS - 100 * EXAMPLE_DAY_MS,
	.last_seen_at_ms = EXAMPLE_NOW_MS - 40 * EXAMPLE_DAY_MS,
	.told = { .n_class_ids = 1,
		.class_ids = { { { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00,
			0xc0, 0x4f, 0xd4, 0x30, 0xc8 } } },
		.model = "m1",
		.site = "told",
		.has_battery = true,
		.battery_mwh = 5000,
		.profile = { .has_always_on = true,
			.always_on = true,
			.has_wake_every = true,
			.wake_every_s = 3600 } },
	.provision = { .site = "north", .profile = { .has_answers = true } },
};

static struct release_image example_images[] = {
	{ .component = { { (const uint8_t *)"\x81\x41\x00", 3 } },
		.has_size = true,
		.size_bytes = 1000 },
	{ .component = { { (const uint8_t *)"\x81\x41\x01", 3 } },
		.has_size = true,
		.size_bytes = 500 },
	{ .component = { { (const uint8_t *)"\x81\x41\x01", 3 } },
		.has_size = true,
		.size_bytes = 7,
		.integrated = true },
};

static const struct release example_release = {
	.kind = KIND_SECURITY,
	.version = "1.2.0",
	.has_update_priority = true,
	.update_priority = -3,
	.waits = 1U << WAIT_AUTHORIZATION | 1U << WAIT_POWER,
	.published_at_ms = EXAMPLE_NOW_MS - EXAMPLE_DAY_MS,
	.labels_json =
		"{\"cvss\": 9.8, \"team\": \"radio\", \"beta\": true, \"count\": 3, \"none\": "
		"null, \"list\": [1]}",
	.n_images = 3,
	.images = example_images,
};

static inline struct facts example_facts(void)
{
	struct facts facts = {
		.now_ms = EXAMPLE_NOW_MS, .device = &example_device, .release = &example_release
	};
	facts_sum_up(&facts, EXAMPLE_NOW_MS - 10 * EXAMPLE_DAY_MS);
	return facts;
}
