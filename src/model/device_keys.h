/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The integer keys of the device plane's CBOR maps and the words that stand for them in JSON
 * (api/device.cddl). Whoever reads or writes these messages takes keys and bounds from here.
 */
#pragma once

#include "model/names.h"

/* Registration and status message share one numbering. */
enum message_key {
	MESSAGE_LIFETIME = 1,
	MESSAGE_ENVELOPE_FORM = 2,
	MESSAGE_CHARACTERISTICS = 3,
	MESSAGE_DEPLOYMENT = 4,
	MESSAGE_RELEASE = 5,
	MESSAGE_STATE = 6,
	MESSAGE_PROGRESS = 7,
	MESSAGE_REASON = 8,
};

enum characteristics_key {
	CHARACTERISTICS_VENDOR_IDS = 1,
	CHARACTERISTICS_CLASS_IDS = 2,
	CHARACTERISTICS_DEVICE_ID = 3,
	CHARACTERISTICS_SERIAL = 4,
	CHARACTERISTICS_MANUFACTURER = 5,
	CHARACTERISTICS_MODEL = 6,
	CHARACTERISTICS_HARDWARE_VERSION = 7,
	CHARACTERISTICS_SITE = 8,
	CHARACTERISTICS_BATTERY_MWH = 9,
	CHARACTERISTICS_FREE_MEMORY_BYTES = 10,
	CHARACTERISTICS_COMPONENTS = 11,
};

enum installed_key {
	INSTALLED_COMPONENT = 1,
	INSTALLED_DIGEST = 2,
	INSTALLED_SEQUENCE_NUMBER = 3,
	INSTALLED_VERSION = 4,
	INSTALLED_SIZE_BYTES = 5,
	INSTALLED_ACTIVE_SLOT = 6,
};

/* Key and JSON word; the values of envelope-form and deployment-state are those of the C enumerations. */
extern const struct name_row registration_keys[];
extern const struct name_row status_message_keys[];
extern const struct name_row characteristics_keys[];
extern const struct name_row installed_keys[];

/* The states that a device may report, a part of deployment_state_names. */
extern const struct name_row reported_state_names[];

#define MESSAGE_LIFETIME_MIN_S       60
#define MESSAGE_LIFETIME_MAX_S       31536000
#define MESSAGE_SHORT_TEXT_MAX_BYTES 64
#define MESSAGE_REASON_MAX_BYTES     200
