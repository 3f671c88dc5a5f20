/* SPDX-License-Identifier: Apache-2.0 */
/* What a reference device says to the tracker, and to whoever watches it. One request at a time. */
#pragma once

#include "suit/key.h"
#include "tools/device_message.h"
#include "tools/link.h"

struct device_channel {
	struct link *link;
	char *endpoint;
	const struct key *report_key; /* signs reports; NULL: they go bare */
	bool quiet;
	struct su_buf body; /* of the request under way */
	/* Once this state has been told, nothing is heard of the device any more. */
	bool falls_silent;
	enum deployment_state silent_at;
};

/* One line on standard output, unless quiet. */
void device_channel_say(const struct device_channel *channel, const char *fmt, ...) SU_PRINTF(2, 3);

void device_channel_register(struct device_channel *channel,
	const struct device_registration *registration, link_reply_fn on_reply, void *arg);
void device_channel_status(struct device_channel *channel, const struct device_progress *progress,
	link_reply_fn on_reply, void *arg);
void device_channel_news(struct device_channel *channel, const struct device_news *news,
	link_reply_fn on_reply, void *arg);
/* Renews the registration at location, without saying anything new. */
void device_channel_renew(
	struct device_channel *channel, const char *location, link_reply_fn on_reply, void *arg);
/* HTTP: waits for a command; a reply without any bytes brings none. */
void device_channel_await(struct device_channel *channel, unsigned wait_s, link_sink_fn sink,
	link_reply_fn on_reply, void *arg);
/* The encoded SUIT_Report is consumed. */
void device_channel_report(struct device_channel *channel, struct su_buf *report_take,
	link_reply_fn on_reply, void *arg);
/* etag: of what is installed. */
void device_channel_poll(struct device_channel *channel, struct su_span etag, link_sink_fn sink,
	link_reply_fn on_reply, void *arg);
