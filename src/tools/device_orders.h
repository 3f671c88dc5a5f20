/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What suitd wants of a device: its commands answered, and kept until the agent has the time. They
 * come at any moment, also in the middle of an update; nothing here sends anything.
 */
#pragma once

#include "tools/device_channel.h"
#include "tools/device_command.h"
#include "tools/device_options.h"
#include "tools/device_push.h"

struct device_orders_opts {
	const struct device_channel *channel; /* to say what was told */
	const struct device_state *state;
	struct device_script script;
	/* Something is to be done. Runs inside the call: it may only make a note of it. */
	void (*on_order)(void *arg);
	/* How far the device is: a status message. */
	void (*describe)(void *arg, struct su_buf *out);
	/* Whether a release is downloaded or on its way, so that it can be told to install it. */
	bool (*is_known)(void *arg, const struct digest *release);
	void *arg;
};

struct device_orders {
	struct device_orders_opts opts;
	struct device_push *push;
	int64_t called_at_ms; /* monotonic; of the last call */

	/* To be done; the agent clears them. */
	bool triggered;        /* fetch release */
	bool manifest_pushed;  /* device_push_envelope has it */
	bool image_pushed;     /* one more of its images is here */
	bool install;          /* install release */
	bool asked;            /* send a status message */
	bool has_answer;       /* send it: it did not travel in the reply */
	struct digest release; /* of the last trigger or install */
	struct su_uuid deployment;
	struct offer_answer answer;

	/* The device has said "no" or "at T" to this release: it does not take it by itself before. */
	struct digest put_off;
	int64_t put_off_until_ms;
};

void device_orders_init(struct device_orders *orders, const struct device_orders_opts *opts);
void device_orders_deinit(struct device_orders *orders);

/* A link_listen_fn: arg is the orders. */
void device_orders_serve(void *orders, const struct link_call *call, struct link_answer *answer);
/* A command that was fetched over HTTP: an answer to an offer goes out as a status message. */
enum su_status device_orders_take(
	struct device_orders *orders, struct su_span bytes, struct su_error *err) SU_MUST_CHECK;
