/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the pusher speaks to a device without knowing the protocol: each front end that can send
 * to devices gives the tracker one channel. One command at a time for each device; the answer
 * comes by a callback on the loop's thread, always, exactly once. Loop thread only.
 */
#pragma once

#include "model/deployment.h"
#include "model/urgency.h"
#include "tracker/tracker.h"

enum command_kind {
	COMMAND_OFFER,   /* an update is there: now, at T, or no? */
	COMMAND_TRIGGER, /* fetch the manifest and the images, then wait for COMMAND_INSTALL */
	COMMAND_PUSH, /* manifest and images are carried to the device; then as after COMMAND_TRIGGER */
	COMMAND_INSTALL, /* install what was downloaded, now */
	COMMAND_NOTICE,  /* service will be taken away */
	COMMAND_ASK,     /* what runs, and how far is it? The answer comes in as a status message */
};
#define COMMAND_KIND_COUNT (COMMAND_ASK + 1)
extern const struct name_row command_kind_names[];

struct device_command {
	enum command_kind kind;
	const char *endpoint;
	struct su_uuid deployment;
	struct digest release;
	enum urgency urgency;
	struct digest envelope; /* blob, in the form that the device asks for */
	uint64_t envelope_bytes;
	uint64_t download_bytes; /* of all images; 0: unknown */
	int64_t interruption_s;  /* expected; 0: none */
	int64_t deadline_ms;     /* offer: the latest time that its answer may name; 0: none */
	int64_t start_ms; /* notice: when service goes away; offer: when suitd would begin; 0: now */
	const char *reason; /* notice; or NULL */
	size_t n_images;    /* push: what the device has to be given, in this order */
	const struct command_image {
		struct component_id component;
		struct digest digest;
		struct digest blob;
		uint64_t size_bytes;
	} * images;
};

enum command_outcome {
	COMMAND_TAKEN,  /* the device has it (no more than that) */
	COMMAND_NOW,    /* offer: go ahead */
	COMMAND_AT,     /* offer: at at_ms */
	COMMAND_NO,     /* offer: not now; install: it has not got what to install; reason */
	COMMAND_CANNOT, /* the device does not know this kind of command, or refuses it for good */
	COMMAND_NONSENSE,     /* an answer that cannot be read */
	COMMAND_LOST,         /* no answer; the device may have it all the same */
	COMMAND_OUT_OF_REACH, /* nothing was sent */
};
#define COMMAND_OUTCOME_COUNT (COMMAND_OUT_OF_REACH + 1)
extern const struct name_row command_outcome_names[];
struct command_result {
	enum command_outcome outcome;
	int64_t at_ms;
	const char *reason; /* the device's own words, bounded and printable; or NULL */
};
typedef void (*command_done_fn)(void *arg, const struct command_result *result);

struct channel {
	void *self;
	/* Whether a command could be delivered at this moment. until_ms_out: as far as is known. */
	bool (*in_reach)(void *self, const char *endpoint, int64_t now_ms, int64_t *until_ms_out);
	/* Copies what it needs. done never runs before this returns. SU_BUSY: another command is under way. */
	enum su_status (*send)(void *self, const struct device_command *command,
		command_done_fn done, void *arg, struct su_error *err);
};
#define TRACKER_MAX_CHANNELS 4
/* Before the first message; copies it. What it leads to must outlive the tracker's last command:
 * until tracker_quiesce. */
void tracker_add_channel(struct tracker *tracker, const struct channel *channel);
/* To be called by a channel when a device has come into reach (its session, its long poll). */
void tracker_in_reach(struct tracker *tracker, const char *endpoint, int64_t now_ms);
/* To be called when the channel ends: nothing is asked of it any more. */
void tracker_remove_channel(struct tracker *tracker, const void *self);
/* Whether commands may be sent to it before its next poll; also when it is not known. */
bool tracker_is_spoken_to(struct tracker *tracker, const char *endpoint, int64_t now_ms);
/* How the device works, provisioned or told; false: it is not remembered at this moment. */
bool tracker_profile(struct tracker *tracker, const char *endpoint, struct profile *out);
