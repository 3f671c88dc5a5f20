/* SPDX-License-Identifier: Apache-2.0 */
/* The paths that a device serves, and its answers. */
#include "tools/device_orders.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define IMAGE_PATH "/suit/image/"

void device_orders_init(struct device_orders *orders, const struct device_orders_opts *opts)
{
	memset(orders, 0, sizeof(*orders));
	orders->opts = *opts;
	orders->push = device_push_new(opts->state);
}

void device_orders_deinit(struct device_orders *orders)
{
	device_push_free(&orders->push);
}

static void describe_offer(const struct device_command *command, char *out, size_t size)
{
	char time[SU_TIME_TEXT_SIZE];
	int len = snprintf(out, size, "offered: %llu bytes",
		(unsigned long long)(command->download_bytes > 0 ? command->download_bytes
								 : command->envelope_bytes));
	if (command->has_urgency)
		len += snprintf(out + len, size - (size_t)len, ", %s",
			name_of(urgency_names, (int)command->urgency));
	if (command->interruption_s > 0)
		len += snprintf(out + len, size - (size_t)len, ", %llu s without service",
			(unsigned long long)command->interruption_s);
	if (command->deadline_s > 0) {
		su_time_format((int64_t)command->deadline_s * 1000, time);
		snprintf(out + len, size - (size_t)len, ", until %s", time);
	}
}

static struct offer_answer make_answer(const struct device_script *script, int64_t now_ms)
{
	static const enum answer_kind kinds[] = {
		[SAYS_NOW] = ANSWER_NOW,
		[SAYS_AT] = ANSWER_AT,
		[SAYS_NO] = ANSWER_NO,
		[SAYS_NOTHING] = ANSWER_NO,
		[SAYS_NONSENSE] = ANSWER_NO,
	};
	return (struct offer_answer){
		.kind = kinds[script->says],
		.at_ms =
			script->says == SAYS_AT ? now_ms / 1000 * 1000 + script->after_s * 1000 : 0,
		.reason = script->reason,
	};
}

static void say_answer(
	const struct device_orders *orders, const char *offer, const struct offer_answer *answer)
{
	char time[SU_TIME_TEXT_SIZE] = "";
	const struct device_script *script = &orders->opts.script;
	const char *word = name_of(answer_kind_names, (int)answer->kind);
	if (script->says == SAYS_NOTHING)
		word = "nothing";
	else if (script->says == SAYS_NONSENSE)
		word = "nonsense";
	if (answer->kind == ANSWER_AT)
		su_time_format(answer->at_ms, time);
	device_channel_say(orders->opts.channel, "%s; answers: %s%s%s%s%s", offer, word,
		*time != '\0' ? " " : "", time, answer->reason != NULL ? ": " : "",
		answer->reason != NULL ? answer->reason : "");
}

/* An offer that comes once more gets the answer that it got. */
static bool is_repeated(const struct device_orders *orders, const struct device_command *offer)
{
	return digest_equal(&orders->put_off, &offer->release) &&
	       su_uuid_equal(orders->deployment, offer->deployment) &&
	       orders->answer.kind == ANSWER_AT;
}

static void take_offer(struct device_orders *orders, const struct device_command *offer,
	bool in_reply, struct su_buf *reply)
{
	static const uint8_t nonsense[] = { 0xa1, 0x01, 0x18, 0x63 }; /* {1: 99} */
	const struct device_script *script = &orders->opts.script;
	char text[160];
	if (!is_repeated(orders, offer))
		orders->answer = make_answer(script, su_clock_wall_ms());
	describe_offer(offer, text, sizeof(text));
	say_answer(orders, text, &orders->answer);
	orders->deployment = offer->deployment;
	orders->put_off = (struct digest){ 0 };
	if (orders->answer.kind != ANSWER_NOW) {
		orders->put_off = offer->release;
		orders->put_off_until_ms =
			script->says == SAYS_AT ? orders->answer.at_ms : INT64_MAX;
	}
	if (script->says == SAYS_NOTHING)
		return;
	if (!in_reply || script->by_status)
		orders->has_answer = true;
	else if (script->says == SAYS_NONSENSE)
		su_buf_append(reply, nonsense, sizeof(nonsense));
	else
		device_command_put_answer(&orders->answer, reply);
}

static enum link_code take_install(
	struct device_orders *orders, const struct device_command *command)
{
	bool known = orders->opts.is_known(orders->opts.arg, &command->release);
	device_channel_say(orders->opts.channel,
		known ? "told: install" : "told: install, but of this release nothing is here");
	if (!known)
		return LINK_CONFLICT;
	orders->install = true;
	orders->release = command->release;
	return LINK_CHANGED;
}

static void say_notice(const struct device_orders *orders, const struct device_command *notice)
{
	char time[SU_TIME_TEXT_SIZE] = "now";
	if (notice->start_s > 0)
		su_time_format((int64_t)notice->start_s * 1000, time);
	device_channel_say(orders->opts.channel, "told: service goes away at %s for %llu s%s%s",
		time, (unsigned long long)notice->interruption_s,
		notice->reason[0] != '\0' ? ": " : "", notice->reason);
}

static enum link_code take(struct device_orders *orders, const struct device_command *command,
	bool in_reply, struct su_buf *reply)
{
	enum link_code code = LINK_CHANGED;
	switch (command->kind) {
	case DEVICE_OFFER:
		take_offer(orders, command, in_reply, reply);
		break;
	case DEVICE_TRIGGER:
		device_channel_say(orders->opts.channel, "told: fetch the update");
		orders->triggered = true;
		orders->release = command->release;
		orders->deployment = command->deployment;
		orders->put_off = (struct digest){ 0 };
		break;
	case DEVICE_INSTALL:
		code = take_install(orders, command);
		break;
	case DEVICE_NOTICE:
		say_notice(orders, command);
		break;
	case DEVICE_ASK:
		device_channel_say(orders->opts.channel, "asked how far it is");
		orders->asked = !in_reply;
		break;
	}
	orders->opts.on_order(orders->opts.arg);
	return code;
}

enum su_status device_orders_take(
	struct device_orders *orders, struct su_span bytes, struct su_error *err)
{
	struct device_command command;
	struct su_buf reply = { 0 };
	orders->called_at_ms = su_clock_mono_ms();
	SU_TRY(device_command_decode(bytes, NULL, &command, err));
	(void)take(orders, &command, false, &reply);
	su_buf_free(&reply);
	return SU_OK;
}

static void serve_command(struct device_orders *orders, enum device_command_kind kind,
	const struct link_call *call, struct link_answer *answer)
{
	struct su_error err = { 0 };
	struct device_command command;
	answer->code = LINK_NOT_ALLOWED;
	if (call->method != LINK_POST)
		return;
	answer->code = LINK_TOO_LARGE; /* commands are small: they come in one piece */
	if (call->more || call->offset > 0)
		return;
	if (device_command_decode(call->body, &kind, &command, &err) == SU_OK) {
		answer->code = take(orders, &command, true, &answer->body);
		return;
	}
	answer->code = LINK_BAD;
	su_buf_printf(&answer->body, "%s%s%s", err.field, *err.field != '\0' ? " " : "", err.text);
}

/* The value of d in the query, "" when there is none or it is no UUID. */
static void read_deployment(const char *query, char out[SU_UUID_TEXT_SIZE])
{
	struct su_uuid id;
	const char *value = strncmp(query, "d=", 2) == 0 ? query : strstr(query, "&d=");
	*out = '\0';
	if (value == NULL)
		return;
	char text[SU_UUID_TEXT_SIZE];
	snprintf(text, sizeof(text), "%s", strchr(value, '=') + 1);
	if (su_uuid_parse(text, &id, NULL) == SU_OK)
		su_uuid_format(id, out);
}

static void serve_push(
	struct device_orders *orders, const struct link_call *call, struct link_answer *answer)
{
	char deployment[SU_UUID_TEXT_SIZE];
	bool is_manifest = strcmp(call->path, "/suit/manifest") == 0;
	read_deployment(call->query, deployment);
	if (call->method != LINK_PUT) {
		answer->code = LINK_NOT_ALLOWED;
	} else if (is_manifest) {
		if (!device_push_manifest(orders->push, call, deployment, answer))
			return;
		orders->manifest_pushed = true;
		if (su_uuid_parse(deployment, &orders->deployment, NULL) != SU_OK)
			orders->deployment = (struct su_uuid){ 0 };
		device_channel_say(orders->opts.channel, "was given a manifest of %llu bytes",
			(unsigned long long)device_push_envelope(orders->push).len);
		orders->opts.on_order(orders->opts.arg);
	} else {
		if (!device_push_image(orders->push, call, call->path + strlen(IMAGE_PATH),
			    deployment, answer))
			return;
		orders->image_pushed = true;
		device_channel_say(orders->opts.channel, "was given the image %.12s, %llu bytes",
			call->path + strlen(IMAGE_PATH),
			(unsigned long long)(call->offset + call->body.len));
		orders->opts.on_order(orders->opts.arg);
	}
}

void device_orders_serve(void *arg, const struct link_call *call, struct link_answer *answer)
{
	struct device_orders *orders = arg;
	static const struct {
		const char *path;
		enum device_command_kind kind;
	} commands[] = {
		{ "/suit/offer", DEVICE_OFFER },
		{ "/suit/trigger", DEVICE_TRIGGER },
		{ "/suit/install", DEVICE_INSTALL },
		{ "/suit/notice", DEVICE_NOTICE },
	};
	orders->called_at_ms = su_clock_mono_ms();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(call->path, commands[i].path) == 0) {
			serve_command(orders, commands[i].kind, call, answer);
			return;
		}
	if (strcmp(call->path, "/suit/manifest") == 0 ||
		strncmp(call->path, IMAGE_PATH, strlen(IMAGE_PATH)) == 0) {
		serve_push(orders, call, answer);
	} else if (strcmp(call->path, "/suit/status") == 0) {
		answer->code = call->method == LINK_GET ? LINK_CONTENT : LINK_NOT_ALLOWED;
		if (call->method == LINK_GET)
			orders->opts.describe(orders->opts.arg, &answer->body);
	} else {
		answer->code = LINK_UNKNOWN;
	}
}
