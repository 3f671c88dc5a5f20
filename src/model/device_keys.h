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
	MESSAGE_CALENDAR = 9, /* in a status message; in a registration it is key 4 */
	MESSAGE_ANSWER = 10,
};
#define REGISTRATION_CALENDAR 4

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
	CHARACTERISTICS_PROFILE = 12,
};

enum profile_key {
	PROFILE_REACHABILITY = 1,
	PROFILE_ALWAYS_ON = 2,
	PROFILE_BEHIND_NAT = 3,
	PROFILE_ANSWERS = 4,
	PROFILE_TAKES_PUSH = 5,
	PROFILE_AWAKE_S = 6,
	PROFILE_WAKE_EVERY_S = 7,
	PROFILE_LINK_BYTES_PER_S = 8,
	PROFILE_INSTALL_S = 9,
};

enum calendar_key {
	CALENDAR_TIME_ZONE = 1,
	CALENDAR_WINDOWS = 2,
};

/* Weekly: days, start_minute, duration_min. Interval: until, and from unless it is already. */
enum window_key {
	WINDOW_KEY_MEANING = 1,
	WINDOW_KEY_DAYS = 2,
	WINDOW_KEY_START_MINUTE = 3,
	WINDOW_KEY_DURATION_MIN = 4,
	WINDOW_KEY_FROM_S = 5,
	WINDOW_KEY_UNTIL_S = 6,
};

enum answer_key {
	ANSWER_KEY_KIND = 1,
	ANSWER_KEY_AT_S = 2,
	ANSWER_KEY_REASON = 3,
};

/* What suitd sends to a device. */
enum command_key {
	COMMAND_KEY_KIND = 0, /* HTTP only: CoAP says it in the path */
	COMMAND_KEY_DEPLOYMENT = 1,
	COMMAND_KEY_RELEASE = 2,
	COMMAND_KEY_URGENCY = 3,
	COMMAND_KEY_ENVELOPE_BYTES = 4,
	COMMAND_KEY_DOWNLOAD_BYTES = 5,
	COMMAND_KEY_INTERRUPTION_S = 6,
	COMMAND_KEY_DEADLINE_S = 7,
	COMMAND_KEY_START_S = 8,
	COMMAND_KEY_REASON = 9,
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
extern const struct name_row command_keys[];
extern const struct name_row profile_keys[];
/* Calendars have another shape in JSON (policy/calendar_json.h); these words stand in complaints about CBOR. */
extern const struct name_row calendar_keys[];
extern const struct name_row window_keys[];
extern const struct name_row answer_keys[];

/* The states that a device may report, a part of deployment_state_names. */
extern const struct name_row reported_state_names[];

#define MESSAGE_LIFETIME_MIN_S       60
#define MESSAGE_LIFETIME_MAX_S       31536000
#define MESSAGE_SHORT_TEXT_MAX_BYTES 64
#define MESSAGE_REASON_MAX_BYTES     200
