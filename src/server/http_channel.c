/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits, by endpoint name; the commands that were given out; and what became of them. */
#include "server/http_channel.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/loop.h"
#include "base/memory.h"
#include "server/command_wire.h"

#define BUCKETS 1024

struct http_wait {
	struct http_wait *next, **at; /* in its bucket, or of those that a newer one has replaced */
	struct http_channel *channel;
	struct http_waiter waiter;
	char *endpoint;
	int64_t until_ms;
	bool told; /* on_reach was called, or will be when the command before is over */
	struct su_timer *timer;
};

struct http_command {
	struct http_command *next, **at; /* of those under way, or of those that are over */
	struct http_channel *channel;
	char *endpoint;
	uint64_t number;
	bool heard; /* since it was sent */
	int socket; /* over which it was sent; -1: it is not yet */
	struct su_timer *timer;
	enum command_outcome outcome;
	command_done_fn done;
	void *arg;
};

struct http_channel {
	struct http_channel_opts opts;
	struct http_wait *buckets[BUCKETS], *replaced;
	size_t n_waits, n_commands;
	struct http_command *under_way, *over;
	uint64_t last_number;
	struct su_timer *timer; /* tells what is over */
	bool closing;
};

static struct http_wait **bucket_of(struct http_channel *channel, const char *endpoint)
{
	return &channel->buckets[su_span_hash(su_span_str(endpoint)) % BUCKETS];
}

static struct http_wait *find_wait(struct http_channel *channel, const char *endpoint)
{
	struct http_wait *wait = *bucket_of(channel, endpoint);
	while (wait && strcmp(wait->endpoint, endpoint) != 0)
		wait = wait->next;
	return wait;
}

static struct http_command *find_in(struct http_command *command, const char *endpoint)
{
	while (command && strcmp(command->endpoint, endpoint) != 0)
		command = command->next;
	return command;
}

/* Until its end is told. There are few at any time: the tracker has its own bound. */
static struct http_command *find_command(struct http_channel *channel, const char *endpoint)
{
	struct http_command *command = find_in(channel->under_way, endpoint);
	return command ? command : find_in(channel->over, endpoint);
}

static void put_first(struct http_command **list, struct http_command *command)
{
	command->next = *list;
	command->at = list;
	if (*list)
		(*list)->at = &command->next;
	*list = command;
}

static void take_out(struct http_command *command)
{
	*command->at = command->next;
	if (command->next)
		command->next->at = command->at;
}

static void put_wait(struct http_wait **list, struct http_wait *wait)
{
	wait->next = *list;
	wait->at = list;
	if (*list)
		(*list)->at = &wait->next;
	*list = wait;
}

static void take_wait(struct http_wait *wait)
{
	*wait->at = wait->next;
	if (wait->next)
		wait->next->at = wait->at;
}

static void count_waits(struct http_channel *channel, size_t n)
{
	channel->n_waits = n;
	if (channel->opts.waiting)
		atomic_store_explicit(channel->opts.waiting, n, memory_order_relaxed);
}

void http_channel_leave(struct http_channel *channel, struct http_wait **wait)
{
	struct http_wait *left = *wait;
	if (!left)
		return;
	take_wait(left);
	count_waits(channel, channel->n_waits - 1);
	su_timer_free(&left->timer);
	su_free_ptr(&left->endpoint);
	su_free_ptr(wait);
}

static void end_wait(struct http_wait *wait, const struct http_channel_answer *answer)
{
	struct http_waiter waiter = wait->waiter;
	http_channel_leave(wait->channel, &wait);
	waiter.on_answer(waiter.arg, answer);
}

static void end_wait_with_nothing(struct http_wait *wait)
{
	const struct http_channel_answer nothing = { .stopping = wait->channel->closing };
	end_wait(wait, &nothing);
}

/* While a command is under way nothing can be sent: then the end of that one tells it. */
static void tell_reach(struct http_channel *channel, const char *endpoint, int64_t now_ms)
{
	if (!channel->closing && !find_command(channel, endpoint))
		channel->opts.on_reach(channel->opts.arg, endpoint, now_ms);
}

/* First to tell that it waits, then that it has waited long enough. */
static void on_wait_time(void *arg)
{
	struct http_wait *wait = arg;
	if (wait->told) {
		end_wait_with_nothing(wait);
		return;
	}
	wait->told = true;
	su_timer_set(wait->timer, wait->waiter.wait_ms);
	tell_reach(wait->channel, wait->endpoint, wait->waiter.now_ms);
}

/* Two devices that bear one name would chase each other as fast as they can, if this were told at once. */
static void replace(struct http_channel *channel, struct http_wait *earlier)
{
	take_wait(earlier);
	put_wait(&channel->replaced, earlier);
	earlier->told = true;
	su_timer_set(earlier->timer, channel->opts.replaced_ms);
}

enum su_status http_channel_wait(struct http_channel *channel, const struct http_waiter *waiter,
	struct http_wait **out, struct su_error *err)
{
	struct http_wait *earlier = find_wait(channel, waiter->endpoint);
	if (channel->closing)
		return su_fail(err, SU_RETRY, "", "the server is stopping");
	if (channel->n_waits >= channel->opts.max_waits)
		return su_fail(err, SU_BUSY, "", "too many devices are waiting for commands");
	if (earlier)
		replace(channel, earlier);
	struct http_wait *wait = su_new(struct http_wait);
	wait->channel = channel;
	wait->waiter = *waiter;
	wait->waiter.endpoint = wait->endpoint = su_strdup(waiter->endpoint);
	wait->until_ms = waiter->now_ms + waiter->wait_ms;
	put_wait(bucket_of(channel, wait->endpoint), wait);
	count_waits(channel, channel->n_waits + 1);
	wait->timer = su_timer_new(channel->opts.loop, on_wait_time, wait);
	su_timer_set(wait->timer, 0);
	*out = wait;
	return SU_OK;
}

static void tell(struct http_command *command)
{
	struct http_channel *channel = command->channel;
	const struct command_result result = { .outcome = command->outcome };
	take_out(command);
	channel->n_commands--;
	command->done(command->arg, &result);
	const struct http_wait *wait = find_wait(channel, command->endpoint);
	if (wait && wait->told)
		tell_reach(channel, command->endpoint, wait->waiter.now_ms);
	su_free_ptr(&command->endpoint);
	su_free_ptr(&command);
}

static void tell_all(void *arg)
{
	struct http_channel *channel = arg;
	while (channel->over)
		tell(channel->over);
}

/* Told later, as we may be within send. */
static void finish(struct http_command *command, enum command_outcome outcome)
{
	struct http_channel *channel = command->channel;
	command->outcome = outcome;
	su_timer_free(&command->timer);
	su_close_fd(&command->socket);
	take_out(command);
	put_first(&channel->over, command);
	su_timer_set(channel->timer, 0);
}

static bool is_acknowledged(const struct http_command *command)
{
	int n_left = 0;
	return ioctl(command->socket, SIOCOUTQ, &n_left) == 0 && n_left == 0;
}

static void on_time(void *arg)
{
	struct http_command *command = arg;
	finish(command, command->heard && is_acknowledged(command) ? COMMAND_TAKEN : COMMAND_LOST);
}

void http_channel_heard(struct http_channel *channel, const char *endpoint)
{
	struct http_command *command = find_command(channel, endpoint);
	if (!command || command->socket < 0 || command->heard)
		return;
	command->heard = true;
	/* On another connection the device may be faster than the acknowledgement on this one. */
	su_timer_set(command->timer, is_acknowledged(command) ? 0 : channel->opts.grace_ms);
}

void http_channel_sent(struct http_channel *channel, uint64_t number, int socket)
{
	struct http_command *command = channel->under_way;
	while (command && command->number != number)
		command = command->next;
	if (!command || socket < 0) {
		su_close_fd(&socket);
		if (command)
			finish(command, COMMAND_LOST);
		return;
	}
	command->socket = socket;
	su_timer_set(command->timer, channel->opts.silence_ms);
}

static bool in_reach(void *self, const char *endpoint, int64_t now_ms, int64_t *until_ms_out)
{
	struct http_channel *channel = self;
	const struct http_wait *wait = find_wait(channel, endpoint);
	(void)now_ms;
	if (!wait || find_command(channel, endpoint))
		return false;
	*until_ms_out = wait->until_ms;
	return true;
}

static struct http_command *new_command(struct http_channel *channel, const char *endpoint)
{
	struct http_command *command = su_new(struct http_command);
	command->channel = channel;
	command->endpoint = su_strdup(endpoint);
	command->number = ++channel->last_number;
	command->socket = -1;
	command->timer = su_timer_new(channel->opts.loop, on_time, command);
	put_first(&channel->under_way, command);
	channel->n_commands++;
	return command;
}

static void give(
	struct http_wait *wait, struct http_command *command, const struct device_command *given)
{
	struct su_buf body su_auto(su_buf_free) = { 0 };
	command_wire_write(wait->waiter.format, given, true, &body);
	const struct http_channel_answer answer = { command->number, su_buf_span(&body), false };
	end_wait(wait, &answer);
}

static enum su_status send_to_device(void *self, const struct device_command *given,
	command_done_fn done, void *arg, struct su_error *err)
{
	struct http_channel *channel = self;
	struct http_wait *wait = find_wait(channel, given->endpoint);
	if (channel->closing)
		return su_fail(err, SU_RETRY, "", "the server is stopping");
	if (!wait)
		return su_fail(err, SU_NOT_FOUND, "", "the device does not wait for a command");
	if (find_command(channel, given->endpoint) ||
		channel->n_commands >= channel->opts.max_commands)
		return su_fail(err, SU_BUSY, "", "another command is under way");
	struct http_command *command = new_command(channel, given->endpoint);
	command->done = done;
	command->arg = arg;
	if (given->kind == COMMAND_PUSH) /* an answer is no place for it: the device is to pull */
		finish(command, COMMAND_CANNOT);
	else
		give(wait, command, given);
	return SU_OK;
}

struct channel http_channel_of(struct http_channel *channel)
{
	return (struct channel){ channel, in_reach, send_to_device };
}

struct http_channel *http_channel_new(const struct http_channel_opts *opts)
{
	struct http_channel *channel = su_new(struct http_channel);
	channel->opts = *opts;
	channel->timer = su_timer_new(opts->loop, tell_all, channel);
	return channel;
}

void http_channel_stop(struct http_channel *channel)
{
	if (!channel || channel->closing)
		return;
	channel->closing = true;
	while (channel->replaced)
		end_wait_with_nothing(channel->replaced);
	for (size_t i = 0; i < BUCKETS; i++)
		while (channel->buckets[i])
			end_wait_with_nothing(channel->buckets[i]);
	while (channel->under_way)
		finish(channel->under_way, COMMAND_LOST);
	tell_all(channel);
	su_timer_free(&channel->timer);
}

void http_channel_free(struct http_channel **channel)
{
	if (!*channel)
		return;
	http_channel_stop(*channel);
	su_free_ptr(channel);
}
