/* SPDX-License-Identifier: Apache-2.0 */
/* A device as the status tracker knows it (RFC 9019 section 2: status tracker). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "model/component.h"
#include "model/deployment.h"
#include "model/names.h"
#include "model/profile.h"
#include "model/window.h"

#define ENDPOINT_MAX_BYTES        128
#define DEVICE_MAX_COMPONENTS     32
#define DEVICE_MAX_IDS            8
#define DEVICE_DEFAULT_LIFETIME_S 86400

enum transport { TRANSPORT_COAP, TRANSPORT_COAPS, TRANSPORT_HTTP, TRANSPORT_HTTPS };
extern const struct name_row transport_names[];

/* Which form of the envelope the device asks for: with all severable members, or the small one. */
enum envelope_form { ENVELOPE_FULL, ENVELOPE_SEVERED };
extern const struct name_row envelope_form_names[];

/* What a device tells about itself: /rd registration and /suit/status, api/device.cddl. */
struct characteristics {
	size_t n_vendor_ids, n_class_ids;
	struct su_uuid vendor_ids[DEVICE_MAX_IDS];
	struct su_uuid class_ids[DEVICE_MAX_IDS];
	bool has_device_id;
	struct su_uuid device_id;     /* SUIT device identifier */
	const char *serial;           /* tells two devices with one name apart; NULL: not said */
	const char *manufacturer;     /* NULL: not said */
	const char *model;            /* NULL: not said */
	const char *hardware_version; /* NULL: not said */
	const char *site;             /* group for capacity; NULL: not said */
	bool has_battery;
	uint64_t battery_mwh;
	bool has_free_memory;
	uint64_t free_memory_bytes; /* room for an image */
	struct profile profile;
	size_t n_components;
	struct installed_component components[DEVICE_MAX_COMPONENTS];
};

/* What an operator laid down for a device; may exist before the device appears. */
struct provision {
	struct profile profile;
	bool has_mode;
	enum update_mode mode;
	const char *site;                /* NULL: not given */
	const struct calendar *calendar; /* NULL: not given */
	int64_t row_version;             /* 0: nothing is laid down */
};

/* Pointers live in the arena that the producing function was given. */
struct device {
	int64_t id;
	const char *endpoint;        /* 1..ENDPOINT_MAX_BYTES of printable UTF-8, unique */
	struct su_uuid registration; /* names /rd/<id>; renewed by each new registration */
	int64_t registered_at_ms, updated_at_ms, expires_at_ms, removed_at_ms; /* removed: 0 = no */
	int64_t last_seen_at_ms;
	int64_t lifetime_s;
	enum transport transport;
	const char *address; /* last seen, for operators */
	enum envelope_form envelope_form;
	struct characteristics told;
	const struct calendar *calendar; /* as the device told it; NULL: it told none */
	struct provision provision;      /* stands above what the device told */
	enum update_mode
		mode; /* settled at registration, and again when what it rests on changes */
	const char *mode_reason; /* the rule and the facts behind it */
	int64_t row_version;     /* optimistic lock: each write names the version it read */
};

enum su_status endpoint_check(struct su_span name, struct su_error *err) SU_MUST_CHECK;

/* Whether told names id among its vendor (class) identifiers. */
bool characteristics_have_vendor(const struct characteristics *told, struct su_uuid id);
bool characteristics_have_class(const struct characteristics *told, struct su_uuid id);
/* NULL when the device did not report this component. */
const struct installed_component *characteristics_component(
	const struct characteristics *told, struct component_id id);

/* What counts: provisioned, else told. */
struct profile device_profile(const struct device *device);
const char *device_site(const struct device *device);
const struct calendar *device_calendar(const struct device *device);
