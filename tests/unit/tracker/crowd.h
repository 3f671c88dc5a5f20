/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that say anything at any time: sensible things, things that are too early or too late,
 * what they or others said before, and what is about nobody's deployment. Nobody waits for an answer
 * before the next message.
 */
#pragma once

#include "dice.h"
#include "peers.h"
#include "tracker_fixture.h"

#define CROWD_DEVICES    12 /* more than the fixture's tracker remembers */
#define CROWD_RELEASES   12
#define CROWD_REMEMBERED 64

struct crowd_device {
	char endpoint[16];
	struct su_uuid registration; /* acknowledged last */
	bool is_unsure;              /* a later one may have been taken, or not */
	struct su_uuid deployment;   /* offered last */
	struct digest release;
	uint64_t runs;                 /* sequence number */
	bool is_registered, has_offer; /* as far as it knows */
	unsigned phase;                /* of what it was offered */
};

struct crowd_release {
	struct digest digest;
	struct su_span image;
};

struct crowd_message;

struct crowd {
	struct fixture *fixture;
	struct dice *dice;
	struct crowd_device devices[CROWD_DEVICES];
	size_t n_releases; /* release i has the sequence number i + 1; device 0 is also told of none */
	struct crowd_release releases[CROWD_RELEASES];
	size_t n_sent, n_answered, n_refused;
	struct crowd_message *said[CROWD_REMEMBERED];
	struct su_buf journal;
	struct su_error fault; /* an answer that no message may get */
};

void crowd_init(struct crowd *crowd, struct fixture *fixture, struct dice *dice);
void crowd_deinit(struct crowd *crowd);
void crowd_note(struct crowd *crowd, const char *fmt, ...) SU_PRINTF(2, 3);
/* Some device says something. */
void crowd_speak(struct crowd *crowd);
/* This one registers as what it is. */
void crowd_register(struct crowd *crowd, size_t device);
bool crowd_waits(const struct crowd *crowd);
