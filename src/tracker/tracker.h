/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status tracker as the device plane sees it. All functions are for the loop's thread and never
 * block: they work on remembered devices, load unknown ones through a worker, and answer through a
 * completion, which may run before the function returns. Messages of one device are handled one
 * after the other. A change is acknowledged only after its commit.
 */
#pragma once

#include "base/work.h"
#include "model/deployment.h"
#include "model/device.h"
#include "store/blob.h"
#include "store/committer.h"
#include "store/notify.h"

struct command_stats;
struct policy_holder;
struct poll_stats;
struct tracker;

struct tracker_opts {
	struct su_loop *loop;
	struct su_work *work; /* its thread context is a struct store_conn * */
	struct committer *committer;
	struct blob_store *blobs;
	size_t max_cached_devices;
	bool require_known_devices; /* only endpoints that have a credential may register */
	int64_t (*now_ms)(void);    /* Unix time; NULL: silent devices have no time limits */
	/* NULL: what fits is offered at the next poll, tried once. */
	struct policy_holder *policies;
};
enum su_status tracker_start(
	const struct tracker_opts *opts, struct tracker **out, struct su_error *err) SU_MUST_CHECK;
/* Refuses new messages. Stop workers and committer then, and nothing is under way any more. */
void tracker_quiesce(struct tracker *tracker);
void tracker_stop(struct tracker **tracker);
/* Whether what devices say can be written down at the moment. Any thread. */
bool tracker_takes_writes(const struct tracker *tracker);
/* What came of the commands that were sent, and of polls; until tracker_stop. */
const struct command_stats *tracker_commands(const struct tracker *tracker);
const struct poll_stats *tracker_polls(const struct tracker *tracker);
/* To be called with every notification of the store. */
void tracker_on_notify(struct tracker *tracker, enum notify_topic topic, const char *payload);

/* Who speaks. The front end has checked that an authenticated peer bears this endpoint name. */
struct contact {
	const char *endpoint;
	enum transport transport;
	const char *address;            /* "[::1]:5683" */
	bool authenticated;             /* DTLS PSK or device token */
	const enum envelope_form *form; /* what this poll asks for; NULL: as registered */
	int64_t now_ms;
};

/* What a device should install. Valid during the completion. */
struct offer {
	struct digest release;  /* manifest digest: also the ETag */
	struct digest envelope; /* blob, in the form that the device asks for */
	uint64_t envelope_bytes;
	struct su_uuid deployment;
};

/* err NULL: it worked. */
typedef void (*tracker_done_fn)(void *arg, const struct su_error *err);
/* offer NULL with err NULL: there is nothing for this device. */
typedef void (*tracker_offer_fn)(void *arg, const struct offer *offer, const struct su_error *err);
/* registration: names /rd/<id>. */
typedef void (*tracker_registered_fn)(
	void *arg, const struct su_uuid *registration, const struct su_error *err);

/* In an update what is not given stays as it is; in a registration it is unknown. */
struct registration {
	int64_t lifetime_s; /* 0: not given (DEVICE_DEFAULT_LIFETIME_S) */
	bool has_envelope_form;
	enum envelope_form envelope_form; /* not given: ENVELOPE_FULL */
	bool has_characteristics;
	struct characteristics told;
	const struct calendar *calendar; /* NULL: not given; without windows: none any more */
};

/* SU_CONFLICT: another live device (other serial or device identifier) holds this name. Copies what it needs. */
void tracker_register(struct tracker *tracker, const struct contact *contact,
	const struct registration *registration, tracker_registered_fn done, void *arg);
/* change NULL: only renews the lifetime. SU_NOT_FOUND: unknown or replaced registration. contact->endpoint may be NULL. */
void tracker_update(struct tracker *tracker, const struct contact *contact, struct su_uuid id,
	const struct registration *change, tracker_done_fn done, void *arg);
/* SU_NOT_FOUND and contact->endpoint as above. */
void tracker_remove(struct tracker *tracker, const struct contact *contact, struct su_uuid id,
	tracker_done_fn done, void *arg);

/* The poll: chooses and records a deployment when there is none in flight. SU_NOT_FOUND: not registered. */
void tracker_poll(
	struct tracker *tracker, const struct contact *contact, tracker_offer_fn done, void *arg);
/* False after a poll was answered: the database could not tell, what was offered before stood in. */
bool tracker_has_chosen(struct tracker *tracker, const char *endpoint);

/* What a poll comes to when nothing has to be decided, loaded or written for it. */
struct peek {
	bool has_offer;
	struct offer offer; /* valid until the loop's next turn */
	int64_t again_s;    /* as tracker_poll_again_s */
	bool is_spoken_to;  /* commands may be sent to it: the way to it is to be kept open */
	bool is_sight_due;  /* that it was heard is to be written down: tracker_sight */
};
/* False: only tracker_poll can tell. Changes nothing. */
bool tracker_peek(struct tracker *tracker, const struct contact *contact, struct peek *out);
/* Nothing is remembered of this name, and nothing under way for it: the database would have to be asked. */
bool tracker_is_stranger(struct tracker *tracker, const char *endpoint);
/* The device has polled. */
void tracker_sight(struct tracker *tracker, const struct contact *contact);

/* A sign of life that asks for nothing: of a device that waits to be told something. SU_NOT_FOUND: not registered. */
void tracker_greet(
	struct tracker *tracker, const struct contact *contact, tracker_done_fn done, void *arg);

/* How long it may wait for its next poll, spread over the fleet; sooner for what is urgent. 0: not laid down. */
int64_t tracker_poll_again_s(struct tracker *tracker, const char *endpoint, int64_t now_ms);

/* Progress in the update cycle, api/device.cddl status-message. */
struct status_message {
	bool has_deployment;
	struct su_uuid deployment; /* else the one in flight */
	bool has_release;
	struct digest release; /* must be that deployment's, when given */
	bool has_state;
	enum deployment_state
		state; /* accepted, deferred, downloading, downloaded, installing, rebooting, failed, rejected */
	bool has_progress;
	uint64_t progress_bytes;
	const char *reason;              /* with failed, rejected, deferred; or NULL */
	const struct calendar *calendar; /* as in a registration */
	const struct offer_answer *
		answer; /* to the offer of this deployment, when it did not come at once; NULL: none */
	bool has_characteristics;    /* then told replaces what was told before */
	struct characteristics told; /* last, for it is large and seldom there */
};
/* SU_DENIED: the deployment is another device's. SU_CONFLICT: the state makes no sense now. */
void tracker_status(struct tracker *tracker, const struct contact *contact,
	const struct status_message *message, tracker_done_fn done, void *arg);

/* A SUIT_Report, bare or in COSE. SU_UNAUTHENTIC: its signature does not hold; SU_NOT_FOUND: names a
 * manifest that was never deployed to this device. Copies body. */
void tracker_report(struct tracker *tracker, const struct contact *contact, struct su_span body,
	tracker_done_fn done, void *arg);

/* Called whenever what tracker_poll would answer for this endpoint may have changed: for Observe.
 * endpoint NULL: for anybody. */
typedef void (*tracker_change_fn)(void *arg, const char *endpoint);
void tracker_on_change(struct tracker *tracker, tracker_change_fn on_change, void *arg);
