/* SPDX-License-Identifier: Apache-2.0 */
/* What the loop remembers of one endpoint, and the messages of it that wait for their turn. */
#pragma once

#include "model/deployment.h"
#include "policy/estimate.h"
#include "tracker/release_facts.h"
#include "tracker/snapshot.h"

struct turn;

enum remembered_state {
	REMEMBERED_STALE, /* to be loaded (again) before it is used */
	REMEMBERED_LOADING,
	REMEMBERED_READY,
};

struct remembered {
	struct remembered *bucket_next;             /* registry */
	struct remembered *lru_previous, *lru_next; /* registry */
	struct remembered *load_next;               /* loader */

	const char *endpoint; /* name */
	enum remembered_state state;
	uint64_t epoch;            /* of the registry when it was loaded */
	bool spoiled;              /* a change was announced while it was being loaded */
	struct snapshot *device;   /* NULL: no such device */
	struct snapshot *foreseen; /* what is laid down though there is no such device; or NULL */
	bool has_credential;
	bool has_active;
	struct deployment active; /* the deployment in flight */
	char *active_reason;
	struct estimate learned;     /* of its class, when it was loaded */
	struct release_facts *facts; /* of active's release */
	uint64_t judged; /* generation (release_news.h) at which its choice held; 0: not made yet */
	int64_t last_seen_ms;
	int64_t rests_from_ms;     /* of poll_fault.h; 0: it does not */
	struct turn *first, *last; /* turns in their order; the first may be running */
	size_t n_turns;
	bool running, pumping;
	bool is_held_up; /* the first turn has waited too long for the database */
	/* For the pusher. */
	bool commanding; /* a command is under way */
	bool reach_lost; /* a command was lost: nothing more until the device is heard again */
	unsigned cannot; /* bit (1 << enum command_kind) each that it said it does not know */

	char name[];
};

/* device has nothing but a name and a provision; NULL: nothing is laid down. */
void remembered_set_foreseen(struct remembered *of, const struct device *device);
void remembered_set_device(struct remembered *of, const struct device *device); /* NULL: none */
/* NULL: none in flight. facts: a reference of its own is taken. */
void remembered_set_active(
	struct remembered *of, const struct deployment *active, struct release_facts *facts);
/* In use: must not be forgotten. */
bool remembered_is_pinned(const struct remembered *of);
struct remembered *remembered_new(const char *endpoint);
void remembered_free(struct remembered **of);
