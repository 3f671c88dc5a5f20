/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent consists of, for its own files only. Two of them lead into each other, as a device's days do:
 * an exchange with the server (device_agent.c) ends in the choice of what is next (device_agent_act.c).
 */
#pragma once

#include "tools/device_agent.h"
#include "tools/device_channel.h"
#include "tools/device_orders.h"
#include "tools/device_update.h"

typedef void (*device_agent_step_fn)(struct device_agent *agent);

struct device_agent {
	struct device_agent_opts opts;
	struct device_channel channel;
	struct su_timer *timer;
	device_agent_step_fn next; /* when the timer expires */
	struct device_state *state;
	struct device_update *update; /* NULL: none under way */
	struct su_buf incoming;       /* the envelope of the poll under way */
	struct su_buf incoming_etag;
	char *location; /* of the registration; NULL: there is none */
	struct device_orders orders;
	struct offer_answer answer; /* on its way */
	bool resting;               /* no exchange is under way, the timer runs */
	bool called;                /* commands come by themselves; else they are polled for */
	bool no_commands;           /* the server has none to be polled for */
	unsigned waits;             /* in a row */
	bool failed;                /* the last update did not work */
	bool ended_one;             /* an update has ended, well or not */
	int64_t steered_ms; /* how long the server wants the next poll to wait; 0: it did not say */
	/* On the monotonic clock. */
	int64_t renew_at_ms;   /* register again */
	int64_t contact_at_ms; /* poll, or say that it is still there */
	int64_t spoke_at_ms;   /* last exchange */
	int64_t parked_at_ms;  /* the update waits since then */
};

/* What is done once the delay is over; replaces an earlier one. */
void device_agent_later(struct device_agent *agent, int64_t delay_ms, device_agent_step_fn next);
/* Nobody has answered: again, after a wait that doubles. */
void device_agent_wait_and(
	struct device_agent *agent, const struct link_reply *reply, device_agent_step_fn again);
void device_agent_end(struct device_agent *agent, bool success);
uint64_t device_agent_draw(struct device_agent *agent); /* at random */
void device_agent_save(struct device_agent *agent);
void device_agent_fill_told(struct device_agent *agent);
bool device_agent_read_release(struct su_span bytes, struct digest *out);
/* The manifest that is installed already is no update, whoever sends it. */
bool device_agent_has(const struct device_agent *agent, struct su_span bytes);
/* Kept, so that a restart goes on with it. False: it cannot be, which has been said. */
bool device_agent_keep_envelope(struct device_agent *agent, struct su_span bytes, bool awaits_word);

/* It was heard now: when it shows up next. */
void device_agent_plan_contact(struct device_agent *agent);
/* What an answer to a poll says of the next one. */
void device_agent_heed_steering(struct device_agent *agent, int64_t fresh_ms);
bool device_agent_sleeps(const struct device_agent *agent);
/* Until it stops listening; a device that does not sleep listens always. */
int64_t device_agent_awake_left_ms(const struct device_agent *agent, int64_t now_ms);
/* How long the update waits by itself for what it needs. */
int64_t device_agent_patience_ms(const struct device_agent *agent, int64_t now_ms);

/* Exchanges. */
void device_agent_register(struct device_agent *agent);
void device_agent_renew(struct device_agent *agent);
void device_agent_poll(struct device_agent *agent);
void device_agent_begin_update(struct device_agent *agent, struct su_span bytes, bool pushed);

/* Between two exchanges: does what suitd wants, else rests. */
void device_agent_act(struct device_agent *agent);
void device_agent_start_listening(struct device_agent *agent);
