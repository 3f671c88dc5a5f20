/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to devices over HTTP, each as the answer to a request that waits for it (long poll). While
 * it waits the device is in reach; one command at a time for each device.
 *
 * HTTP has no receipt for an answer. A command is taken when the answer was written, the peer's TCP has
 * acknowledged all of it, and the device was heard once more afterwards: its next poll, a status message,
 * anything. It is lost when the connection broke first, when its bytes stay unacknowledged although the
 * device came back (its old connection had died unnoticed), or when the device stays silent. How the
 * requests are held open is not known here. Loop thread.
 */
#pragma once

#include <stdatomic.h>

#include "server/wire_reader.h"
#include "tracker/channel.h"

struct http_channel;
struct http_wait;

struct http_channel_opts {
	struct su_loop *loop;
	size_t max_waits, max_commands;
	atomic_uint_fast64_t
		*waiting;    /* how many wait, for who reads it elsewhere; NULL: nobody does */
	int64_t replaced_ms; /* after which one that a newer one has replaced is answered */
	int64_t silence_ms;  /* so long a device may do without a word after a command */
	int64_t grace_ms;    /* so long an acknowledgement may take although the device was heard */
	/* A device waits. Never within http_channel_wait. */
	void (*on_reach)(void *arg, const char *endpoint, int64_t now_ms);
	void *arg;
};

struct http_channel *http_channel_new(const struct http_channel_opts *opts);
/* Answers all who wait; commands under way are lost. on_reach is not called any more. */
void http_channel_stop(struct http_channel *channel);
void http_channel_free(struct http_channel **channel);
struct channel http_channel_of(struct http_channel *channel);

/* The end of a wait: a command, or nothing. */
struct http_channel_answer {
	uint64_t command;    /* its number for http_channel_sent; 0: nothing came */
	struct su_span body; /* of the command; valid during the call */
	bool stopping;       /* nothing came because the server stops */
};
/* Who waits. Copied. */
struct http_waiter {
	const char *endpoint;
	enum wire_format format;
	int64_t now_ms, wait_ms;
	/* Called once, never within http_channel_wait; the wait is gone then. */
	void (*on_answer)(void *arg, const struct http_channel_answer *answer);
	void *arg;
};
/* Replaces an earlier wait of the same device: that one gets nothing. SU_BUSY: too many wait; SU_RETRY: stopping. */
enum su_status http_channel_wait(struct http_channel *channel, const struct http_waiter *waiter,
	struct http_wait **out, struct su_error *err) SU_MUST_CHECK;
/* The request is gone: ends the wait without an answer. */
void http_channel_leave(struct http_channel *channel, struct http_wait **wait);

/* The answer with this command was written to socket, which is the channel's from here; -1: it could not be. */
void http_channel_sent(struct http_channel *channel, uint64_t number, int socket);
/* A message of the device has come. */
void http_channel_heard(struct http_channel *channel, const char *endpoint);
