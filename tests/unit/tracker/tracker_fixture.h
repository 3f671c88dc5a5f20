/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tracker on a real database with everything that it needs, and its asynchronous functions as
 * plain calls: each runs the loop until the answer has come.
 */
#pragma once

#include "author.h"
#include "store/blob.h"
#include "store/connection.h"
#include "store/txn.h"
#include "tracker/intake.h"
#include "tracker/management.h"
#include "tracker/tracker.h"

#define FIXTURE_NOW INT64_C(1763712000000)

struct fixture;

/* Each test's own: set_up leaves NULL where PostgreSQL is not installed, and fixture_of then skips. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);
struct fixture *fixture_of(void **state);
/* Restarts the tracker, which forgets all that it remembered. */
void fixture_restart(struct fixture *fixture);
/* The same in the middle of things: what is under way ends as when the daemon stops. */
void fixture_reboot(struct fixture *fixture);

/* Restarts the tracker with this policy in force, a document of JSON; the first one of the test. */
void fixture_use_policy(struct fixture *fixture, const char *document);

struct su_arena *fixture_arena(struct fixture *fixture);
struct store_conn *fixture_conn(struct fixture *fixture);
struct blob_store *fixture_blobs(struct fixture *fixture);
struct tracker *fixture_tracker(struct fixture *fixture);
const struct key *fixture_author(struct fixture *fixture); /* trusted for everything */
struct intake_opts fixture_intake_opts(void);
void fixture_require_known(struct fixture *fixture, bool require);

/* The time that contacts and the tracker's clock show. */
int64_t fixture_now(struct fixture *fixture);
void fixture_advance(struct fixture *fixture, int64_t ms);
/* Runs the loop until what the database told has been heard. */
void fixture_settle(struct fixture *fixture);
/* Runs the loop until something happens, or this long. */
void fixture_turn(struct fixture *fixture, int64_t at_most_ms);

/* One line of SQL's answer, in the fixture's arena. */
const char *fixture_sql(struct fixture *fixture, const char *fmt, ...) SU_PRINTF(2, 3);

/* Publishing. image: stored first. The release is approved when approve is given. */
enum su_status fixture_publish(struct fixture *fixture, const struct firmware *firmware,
	struct release *out, struct su_error *err);
struct release fixture_approved(struct fixture *fixture, const struct firmware *firmware);
void fixture_put_image(struct fixture *fixture, struct su_span bytes);

/* What a device of the author's class says: it runs this image (empty: says nothing of it). */
struct characteristics fixture_device(
	struct fixture *fixture, struct su_span image, uint64_t sequence_number);

/* Who speaks, at the fixture's time. */
struct contact fixture_contact(const struct fixture *fixture, const char *endpoint);

/* The tracker's functions. authenticated: as if with a credential. */
struct answer {
	struct su_error error; /* status SU_OK: it worked */
	struct su_uuid registration;
	bool has_offer;
	struct offer offer;
};
struct answer fixture_register(
	struct fixture *fixture, const char *endpoint, const struct characteristics *told);
struct answer fixture_renew(struct fixture *fixture, const char *endpoint, struct su_uuid id,
	const struct characteristics *told);
struct answer fixture_remove(struct fixture *fixture, const char *endpoint, struct su_uuid id);
struct answer fixture_poll(struct fixture *fixture, const char *endpoint);
struct answer fixture_status(
	struct fixture *fixture, const char *endpoint, const struct status_message *message);
struct answer fixture_report(struct fixture *fixture, const char *endpoint, struct su_span body);
/* The next contacts come (or do not come) with a credential. */
void fixture_authenticate(struct fixture *fixture, bool authenticated);

/* Short forms. */
struct answer fixture_say(
	struct fixture *fixture, const char *endpoint, enum deployment_state state);
const char *fixture_state(struct fixture *fixture, const char *endpoint); /* newest deployment's */
