/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of api/device.cddl: integer keys and their JSON words. */
#include "model/device_keys.h"

#include "model/deployment.h"

const struct name_row registration_keys[] = {
	{ MESSAGE_LIFETIME, "lifetime" },
	{ MESSAGE_ENVELOPE_FORM, "envelope_form" },
	{ MESSAGE_CHARACTERISTICS, "characteristics" },
	{ REGISTRATION_CALENDAR, "calendar" },
	{ 0, NULL },
};

const struct name_row status_message_keys[] = {
	{ MESSAGE_CHARACTERISTICS, "characteristics" },
	{ MESSAGE_DEPLOYMENT, "deployment" },
	{ MESSAGE_RELEASE, "release" },
	{ MESSAGE_STATE, "state" },
	{ MESSAGE_PROGRESS, "progress" },
	{ MESSAGE_REASON, "reason" },
	{ MESSAGE_CALENDAR, "calendar" },
	{ MESSAGE_ANSWER, "answer" },
	{ 0, NULL },
};

const struct name_row characteristics_keys[] = {
	{ CHARACTERISTICS_VENDOR_IDS, "vendor_ids" },
	{ CHARACTERISTICS_CLASS_IDS, "class_ids" },
	{ CHARACTERISTICS_DEVICE_ID, "device_id" },
	{ CHARACTERISTICS_SERIAL, "serial" },
	{ CHARACTERISTICS_MANUFACTURER, "manufacturer" },
	{ CHARACTERISTICS_MODEL, "model" },
	{ CHARACTERISTICS_HARDWARE_VERSION, "hardware_version" },
	{ CHARACTERISTICS_SITE, "site" },
	{ CHARACTERISTICS_BATTERY_MWH, "battery_mwh" },
	{ CHARACTERISTICS_FREE_MEMORY_BYTES, "free_memory_bytes" },
	{ CHARACTERISTICS_COMPONENTS, "components" },
	{ CHARACTERISTICS_PROFILE, "profile" },
	{ 0, NULL },
};

const struct name_row installed_keys[] = {
	{ INSTALLED_COMPONENT, "component" },
	{ INSTALLED_DIGEST, "digest" },
	{ INSTALLED_SEQUENCE_NUMBER, "sequence_number" },
	{ INSTALLED_VERSION, "version" },
	{ INSTALLED_SIZE_BYTES, "size_bytes" },
	{ INSTALLED_ACTIVE_SLOT, "active_slot" },
	{ 0, NULL },
};

const struct name_row command_keys[] = {
	{ COMMAND_KEY_KIND, "command" },
	{ COMMAND_KEY_DEPLOYMENT, "deployment" },
	{ COMMAND_KEY_RELEASE, "release" },
	{ COMMAND_KEY_URGENCY, "urgency" },
	{ COMMAND_KEY_ENVELOPE_BYTES, "envelope_bytes" },
	{ COMMAND_KEY_DOWNLOAD_BYTES, "download_bytes" },
	{ COMMAND_KEY_INTERRUPTION_S, "interruption_s" },
	{ COMMAND_KEY_DEADLINE_S, "deadline" },
	{ COMMAND_KEY_START_S, "start" },
	{ COMMAND_KEY_REASON, "reason" },
	{ 0, NULL },
};

const struct name_row profile_keys[] = {
	{ PROFILE_REACHABILITY, "reachability" },
	{ PROFILE_ALWAYS_ON, "always_on" },
	{ PROFILE_BEHIND_NAT, "behind_nat" },
	{ PROFILE_ANSWERS, "answers" },
	{ PROFILE_TAKES_PUSH, "takes_push" },
	{ PROFILE_AWAKE_S, "awake_s" },
	{ PROFILE_WAKE_EVERY_S, "wake_every_s" },
	{ PROFILE_LINK_BYTES_PER_S, "link_bytes_per_s" },
	{ PROFILE_INSTALL_S, "install_s" },
	{ 0, NULL },
};

const struct name_row calendar_keys[] = {
	{ CALENDAR_TIME_ZONE, "time_zone" },
	{ CALENDAR_WINDOWS, "windows" },
	{ 0, NULL },
};

const struct name_row window_keys[] = {
	{ WINDOW_KEY_MEANING, "meaning" },
	{ WINDOW_KEY_DAYS, "days" },
	{ WINDOW_KEY_START_MINUTE, "start" },
	{ WINDOW_KEY_DURATION_MIN, "duration" },
	{ WINDOW_KEY_FROM_S, "from" },
	{ WINDOW_KEY_UNTIL_S, "until" },
	{ 0, NULL },
};

const struct name_row answer_keys[] = {
	{ ANSWER_KEY_KIND, "answer" },
	{ ANSWER_KEY_AT_S, "at" },
	{ ANSWER_KEY_REASON, "reason" },
	{ 0, NULL },
};

const struct name_row reported_state_names[] = {
	{ DEPLOYMENT_DEFERRED, "deferred" },
	{ DEPLOYMENT_ACCEPTED, "accepted" },
	{ DEPLOYMENT_DOWNLOADING, "downloading" },
	{ DEPLOYMENT_DOWNLOADED, "downloaded" },
	{ DEPLOYMENT_INSTALLING, "installing" },
	{ DEPLOYMENT_REBOOTING, "rebooting" },
	{ DEPLOYMENT_FAILED, "failed" },
	{ DEPLOYMENT_REJECTED, "rejected" },
	{ 0, NULL },
};
