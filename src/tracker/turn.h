/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn: one message of one device, from its arrival to its answer. The turns of a device run one
 * after the other. A turn works on copies of what is remembered; a commit makes them what is
 * remembered, and a conflict with another writer loads the device anew and begins the turn again.
 */
#pragma once

#include "store/connection.h"
#include "tracker/lifecycle.h"
#include "tracker/tracker_parts.h"

struct turn;

#define TURN_MAX_STEPS 4

struct turn_kind {
	/* Looks at the copies and goes on with turn_end, turn_commit or turn_send_to_worker. */
	void (*begin)(struct turn *turn);
	void (*committed)(struct turn *turn); /* after turn_commit: turn_end or another commit */
	void (*finish)(struct turn *turn, const struct su_error *err); /* tells the sender */
};

struct turn {
	const struct turn_kind *kind;
	struct turn *next;
	struct tracker *tracker;
	struct remembered *of;
	struct su_arena *arena; /* all that the turn needs, itself included */
	struct contact contact;
	unsigned attempts;

	/* Copies, made anew before each begin. */
	struct device *device;   /* NULL: there is none */
	struct device *foreseen; /* then: what is laid down for it; or NULL */
	bool has_active;
	struct deployment active;
	struct release_facts *facts; /* of active; a reference */

	/* What turn_commit writes. */
	struct device_write write;
	struct deployment_history steps[TURN_MAX_STEPS]; /* one message may tell of several */
	const char *actor;                               /* of the steps; NULL: the device */
	bool rejudge;    /* the change may alter which release fits */
	bool look_again; /* the change may alter how the deployment in flight goes on */
	bool is_planned; /* plan.look_ms is set already: no need to decide what comes next */

	/* Filled on the worker. */
	struct su_error error;
	void (*then)(struct turn *turn);
	void (*run)(struct turn *turn, struct store_conn *conn);
};

/* size bytes that begin with a struct turn, in an arena of their own. The contact is copied. */
void *turn_new(struct tracker *tracker, const struct contact *contact, const struct turn_kind *kind,
	size_t size);
/* The turn belongs to the tracker from here. Without room for it, it is finished at once: SU_BUSY. */
void turn_enqueue_take(struct turn *turn);
/* Finishes the turn; err NULL: it worked. The turn is gone afterwards. */
void turn_end(struct turn *turn, const struct su_error *err);
void turn_end_with(struct turn *turn, enum su_status status, const char *field, const char *text);
/* Finishes the turn of nobody: it was never enqueued. */
void turn_drop(struct turn *turn, const struct su_error *err);

/* Writes turn->device (must be given) as turn->write says. */
void turn_commit(struct turn *turn);
/* run on a worker (it may use the turn, but nothing that is remembered), then on the loop. */
void turn_send_to_worker(struct turn *turn, void (*run)(struct turn *turn, struct store_conn *conn),
	void (*then)(struct turn *turn));

/* Moves turn->active; a move becomes part of the write. */
enum lifecycle_verdict turn_move(struct turn *turn, enum lifecycle_event event, const char *detail);
/* A row of the history that leaves the state as it is: the write has it, and what else was changed. */
void turn_note(struct turn *turn, const char *event, const char *detail);
/* The device exists, and who speaks may speak for it. */
enum su_status turn_check_device(const struct turn *turn, struct su_error *err) SU_MUST_CHECK;
enum su_status turn_check_contact(const struct turn *turn, struct su_error *err) SU_MUST_CHECK;
/* The contact as part of the device row: last seen, transport, address. */
void turn_note_contact(struct turn *turn);

/* To be called when a device was loaded, or not. */
void turn_on_loaded(struct tracker *tracker, struct remembered *of, const struct su_error *err);
/* Fails all turns that have not begun. */
void turn_fail_waiting(struct remembered *of, const struct su_error *err);
