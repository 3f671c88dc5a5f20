/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CoAP and the HTTP front end of the device plane share: who a device is, and the tracker
 * to hand its messages to. Loop thread, except where noted.
 */
#pragma once

#include "server/credential.h"
#include "store/credential_store.h"
#include "store/notify.h"
#include "tracker/tracker.h"

struct device_front;

struct device_front_opts {
	struct su_loop *loop;
	struct su_work *work; /* its thread context is a struct store_conn * */
	struct tracker *tracker;
	const struct credential_key *credential_key; /* NULL: pre-shared keys stay closed */
	bool require_credentials; /* refuse devices that do not prove who they are */
};

/* Begins to load the credentials; until that is done everybody is told to come back. */
struct device_front *device_front_new(const struct device_front_opts *opts);
/* Running loads may still end afterwards, on the loop. */
void device_front_free(struct device_front **front);
/* To be called with every notification of the store. */
void device_front_on_notify(
	struct device_front *front, enum notify_topic topic, const char *payload);
/*
 * This is now the credential of a device, as it stands in the database; without key and token it
 * has none. Known on the loop before anything that is posted to it afterwards. Any thread; copies.
 */
void device_front_put_credential(struct device_front *front, const struct credential *credential);

/* Whether devices are served: their credentials are loaded. Any thread. */
bool device_front_is_ready(const struct device_front *front);
struct tracker *device_front_tracker(const struct device_front *front);

/* What a peer says and shows about itself; each may be NULL. */
struct device_claim {
	const char *endpoint;   /* the query parameter ep */
	const char *identity;   /* of the PSK with which its DTLS session was made */
	uint64_t generation;    /* of that PSK */
	const char *bearer;     /* the secret of the Authorization header */
	bool endpoint_optional; /* the resource alone tells which device is meant */
};

/*
 * Fills endpoint (valid until the loop's next turn; NULL when it is optional and nothing tells it)
 * and authenticated. SU_INVALID: no or a bad name; SU_UNAUTHENTICATED: proof is missing or does not
 * hold; SU_DENIED: it is another device; SU_RETRY: credentials are not loaded yet.
 */
enum su_status device_front_identify(const struct device_front *front,
	const struct device_claim *claim, struct contact *contact,
	struct su_error *err) SU_MUST_CHECK;

/* The pre-shared key of an identity, empty when there is none. Valid as above. */
struct su_span device_front_psk(
	const struct device_front *front, struct su_span identity, uint64_t *generation_out);
