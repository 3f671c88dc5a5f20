/* SPDX-License-Identifier: Apache-2.0 */
/* What the devices of the fixture say, and what has become of them. */
#include "tracker_fixture.h"

struct characteristics fixture_device(
	struct fixture *fixture, struct su_span image, uint64_t sequence_number)
{
	struct characteristics told = {
		.n_vendor_ids = 1,
		.n_class_ids = 1,
		.vendor_ids = { author_uuid(AUTHOR_VENDOR) },
		.class_ids = { author_uuid(AUTHOR_CLASS) },
	};
	if (!image.len)
		return told;
	told.n_components = 1;
	told.components[0] = (struct installed_component){
		.id = author_component(fixture_arena(fixture), NULL),
		.digest = author_digest(image),
		.has_sequence_number = sequence_number > 0,
		.sequence_number = sequence_number,
	};
	return told;
}

struct answer fixture_say(
	struct fixture *fixture, const char *endpoint, enum deployment_state state)
{
	const struct status_message message = { .has_state = true, .state = state };
	return fixture_status(fixture, endpoint, &message);
}

const char *fixture_state(struct fixture *fixture, const char *endpoint)
{
	return fixture_sql(fixture,
		"SELECT p.state FROM deployment p JOIN device d ON d.id = p.device_id"
		" WHERE endpoint = '%s' ORDER BY p.id DESC LIMIT 1",
		endpoint);
}
