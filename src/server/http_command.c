/* SPDX-License-Identifier: Apache-2.0 */
/* /device/v1/suit/command: a device that speaks HTTP waits here for its next command. */
#include <inttypes.h>
#include <string.h>

#include "server/device_front.h"
#include "server/http_channel.h"
#include "server/http_device.h"
#include "server/http_hold.h"

#define LONGEST_WAIT_S 300
/* A poll that does not want to wait still gets what is there: so long it may take to look. */
#define LEAST_WAIT_MS 1000

struct waiting {
	struct http_call *call;
	struct http_waiter waiter;
	struct http_wait *wait; /* NULL: over */
	bool stays;             /* a long poll */
	uint64_t command;
};

static void reply_nothing(struct http_call *call)
{
	http_reply_empty(call, 204);
	http_reply_header(call, "Cache-Control", "no-store");
	http_hold_finish(call);
}

/* Who does not wait, polls: as often as it would poll for manifests. */
static void reply_steering(const struct waiting *waiting)
{
	struct http_call *call = waiting->call;
	const struct http_waiter *waiter = &waiting->waiter;
	int64_t again_s = tracker_poll_again_s(
		device_front_tracker(call->env->devices), waiter->endpoint, waiter->now_ms);
	if (again_s > 0 && !waiting->stays)
		http_reply_header(call, "Retry-After", "%" PRId64, again_s);
}

static void on_sent(void *arg, int socket)
{
	const struct waiting *waiting = arg;
	http_channel_sent(waiting->call->env->commands, waiting->command, socket);
}

static void reply_command(struct waiting *waiting, const struct http_channel_answer *answer)
{
	struct http_call *call = waiting->call;
	bool is_cbor = waiting->waiter.format == WIRE_CBOR;
	http_reply_bytes(call, 200, is_cbor ? "application/cbor" : "application/json",
		su_arena_copy(call->arena, answer->body));
	http_reply_header(call, "Cache-Control", "no-store");
	waiting->command = answer->command;
	http_hold_on_sent(call, on_sent, waiting);
	http_hold_finish(call);
}

static void on_answer(void *arg, const struct http_channel_answer *answer)
{
	struct waiting *waiting = arg;
	struct su_error err = { 0 };
	waiting->wait = NULL;
	if (answer->command) {
		reply_command(waiting, answer);
	} else if (answer->stopping) {
		(void)su_fail(&err, SU_RETRY, "", "the server is stopping");
		http_device_reply_fault(waiting->call, &err);
	} else {
		reply_steering(waiting);
		reply_nothing(waiting->call);
	}
}

/* Gone, or it has something else to say: then it is answered first. */
static void on_stir(void *arg)
{
	struct waiting *waiting = arg;
	http_channel_leave(waiting->call->env->commands, &waiting->wait);
	reply_nothing(waiting->call);
}

static void on_greeted(void *arg, const struct su_error *fault)
{
	struct waiting *waiting = arg;
	struct http_call *call = waiting->call;
	struct su_error err = { 0 };
	if (fault)
		http_device_reply_fault(call, fault);
	else if (http_channel_wait(call->env->commands, &waiting->waiter, &waiting->wait, &err) !=
		 SU_OK)
		http_device_reply_fault(call, &err);
	else
		http_hold_watch(call, on_stir, waiting);
}

static enum su_status read_wait(
	const struct http_call *call, struct waiting *out, struct su_error *err)
{
	int64_t wait_s = 0;
	SU_TRY(http_call_number(call, "wait", &wait_s, err));
	if (wait_s > LONGEST_WAIT_S)
		return su_fail(err, SU_INVALID, "wait", "wait must be a number from 0 to %d",
			LONGEST_WAIT_S);
	out->stays = wait_s > 0;
	out->waiter.wait_ms = out->stays ? wait_s * 1000 : LEAST_WAIT_MS;
	return SU_OK;
}

static enum wire_format wanted_format(const struct http_call *call)
{
	const char *accepted = http_call_header(call, "Accept");
	return accepted && strstr(accepted, "application/cbor") ? WIRE_CBOR : WIRE_JSON;
}

void http_device_command(struct http_call *call)
{
	struct contact contact;
	struct su_error err = { 0 };
	struct waiting *waiting = su_arena_new_of(call->arena, struct waiting);
	if (!http_device_identify(call, false, &contact))
		return;
	waiting->call = call;
	waiting->waiter = (struct http_waiter){
		.endpoint = contact.endpoint,
		.format = wanted_format(call),
		.now_ms = call->now_ms,
		.on_answer = on_answer,
		.arg = waiting,
	};
	if (read_wait(call, waiting, &err) != SU_OK)
		http_device_reply_fault(call, &err);
	else if (call->is_head) /* would take a command without showing it */
		reply_nothing(call);
	else
		tracker_greet(
			device_front_tracker(call->env->devices), &contact, on_greeted, waiting);
}
