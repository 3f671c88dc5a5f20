/* SPDX-License-Identifier: Apache-2.0 */
/* What suit-device's command line says of the device's habits: profile, windows, answers, misbehaviour. */
#pragma once

#include "model/device.h"
#include "tools/cli.h"

/* "mon,tue 02:00 PT2H"; "daily" is every day. */
enum su_status device_options_parse_window(const char *text, enum window_meaning meaning,
	struct window *out, struct su_error *err) SU_MUST_CHECK;

/* What the device says to every offer. */
enum device_says { SAYS_NOW, SAYS_AT, SAYS_NO, SAYS_NOTHING, SAYS_NONSENSE };
struct device_script {
	enum device_says says;
	int64_t after_s;    /* SAYS_AT */
	const char *reason; /* SAYS_NO; or NULL */
	bool by_status;     /* not in the reply, but in a status message later */
};
/* "now", "at:SECONDS", "no", "no:REASON", "silent", "nonsense". reason points into text. */
enum su_status device_options_parse_answer(
	const char *text, struct device_script *out, struct su_error *err) SU_MUST_CHECK;

/* Options that were not given leave what they are for untouched. */
enum su_status device_options_read_profile(
	const struct cli *cli, struct profile *out, struct su_error *err) SU_MUST_CHECK;
/* calendar_out: NULL when no option gives one; else it lives as long as cli. */
enum su_status device_options_read_calendar(const struct cli *cli,
	const struct calendar **calendar_out, struct su_error *err) SU_MUST_CHECK;
/* Whole numbers within bounds; *inout stays when the option is not given. */
enum su_status device_options_read_number(const struct cli *cli, const char *option,
	int64_t minimum, int64_t maximum, int64_t *inout, struct su_error *err) SU_MUST_CHECK;

/* clang-format off */
#define DEVICE_OPTIONS_HABITS                                                                      \
	{ "reachability", "WORD", "always, while_working or queue (sleeps between its messages)" },   \
	{ "always-on", NULL, "tells that it is never idle" },                                         \
	{ "behind-nat", NULL, "tells that it can be reached over its own session only" },             \
	{ "answers", NULL, "tells that there is somebody to ask" },                                   \
	{ "push", NULL, "takes manifest and images that are pushed" },                                \
	{ "awake", "SECONDS", "queue: listens so long after its messages, default 93" },              \
	{ "wake-every", "SECONDS", "queue: wakes so often, default 3600" },                           \
	{ "link-rate", "BYTES", "tells how much its link carries in a second" },                      \
	{ "install-time", "SECONDS", "tells how long an installation interrupts it" },                \
	{ "time-zone", "NAME", "of its windows, as Europe/Berlin; default UTC" },                     \
	{ "idle", "WINDOW", "weekly, as \"mon,tue 02:00 PT2H\" or \"daily 02:00 PT2H\"; may be"       \
		" repeated" },                                                                       \
	{ "busy", "WINDOW", "weekly; may be repeated" },                                              \
	{ "reachable", "WINDOW", "weekly; may be repeated" },                                         \
	{ "idle-until", "TIME", "idle from now on, RFC 3339" },                                       \
	{ "busy-until", "TIME", "busy from now on, RFC 3339" }
/* clang-format on */
