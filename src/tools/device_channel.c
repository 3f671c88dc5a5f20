/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the device plane. */
#include "tools/device_channel.h"

#include <stdarg.h>
#include <stdio.h>

#include "suit/cose.h"

void device_channel_say(const struct device_channel *channel, const char *fmt, ...)
{
	char line[512];
	va_list args;
	if (channel->quiet)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	printf("%s: %s\n", channel->endpoint, line);
	fflush(stdout);
}

static void post(
	struct device_channel *channel, const char *path, link_reply_fn on_reply, void *arg)
{
	struct link_request request = {
		.method = LINK_POST,
		.plane = true,
		.path = path,
		.endpoint = channel->endpoint,
		.body = su_buf_span(&channel->body),
	};
	link_send(channel->link, &request, NULL, on_reply, arg);
}

void device_channel_register(struct device_channel *channel,
	const struct device_registration *registration, link_reply_fn on_reply, void *arg)
{
	su_buf_clear(&channel->body);
	device_message_registration(registration, &channel->body);
	post(channel, "/rd", on_reply, arg);
}

/* Nobody hears of the reply: whatever was to follow does not. */
static void fall_silent(void *arg, const struct link_reply *reply)
{
	struct device_channel *channel = arg;
	(void)reply;
	device_channel_say(channel, "goes silent");
	link_sleep(channel->link);
}

void device_channel_status(struct device_channel *channel, const struct device_progress *progress,
	link_reply_fn on_reply, void *arg)
{
	su_buf_clear(&channel->body);
	device_message_status(progress, &channel->body);
	if (channel->falls_silent && progress->state == channel->silent_at)
		post(channel, "/suit/status", fall_silent, channel);
	else
		post(channel, "/suit/status", on_reply, arg);
}

void device_channel_news(struct device_channel *channel, const struct device_news *news,
	link_reply_fn on_reply, void *arg)
{
	su_buf_clear(&channel->body);
	device_message_news(news, &channel->body);
	post(channel, "/suit/status", on_reply, arg);
}

void device_channel_renew(
	struct device_channel *channel, const char *location, link_reply_fn on_reply, void *arg)
{
	su_buf_clear(&channel->body);
	post(channel, location, on_reply, arg);
}

void device_channel_await(struct device_channel *channel, unsigned wait_s, link_sink_fn sink,
	link_reply_fn on_reply, void *arg)
{
	struct link_request request = {
		.method = LINK_GET,
		.plane = true,
		.path = "/suit/command",
		.endpoint = channel->endpoint,
		.wait_s = wait_s,
	};
	link_send(channel->link, &request, sink, on_reply, arg);
}

void device_channel_report(struct device_channel *channel, struct su_buf *report_take,
	link_reply_fn on_reply, void *arg)
{
	struct su_error err = { 0 };
	const struct key *key = channel->report_key;
	su_buf_clear(&channel->body);
	if (key == NULL)
		su_buf_append_span(&channel->body, su_buf_span(report_take));
	else if (cose_sign(key, cose_alg_for(key), su_buf_span(report_take), false, SU_SPAN_EMPTY,
			 &channel->body, &err) != SU_OK)
		device_channel_say(channel, "the report cannot be signed: %s", err.text);
	su_buf_free(report_take);
	post(channel, "/suit/report", on_reply, arg);
}

void device_channel_poll(struct device_channel *channel, struct su_span etag, link_sink_fn sink,
	link_reply_fn on_reply, void *arg)
{
	struct link_request request = {
		.method = LINK_GET,
		.plane = true,
		.path = "/suit/manifest",
		.endpoint = channel->endpoint,
		.etag = etag,
	};
	link_send(channel->link, &request, sink, on_reply, arg);
}
