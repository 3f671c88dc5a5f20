/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of an update, each a function that ends in a request whose reply begins the next. */
#include "tools/device_update.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tools/device_download.h"
#include "tools/device_install.h"
#include "tools/device_report.h"

struct device_update {
	struct device_update_opts opts;
	struct su_arena *arena;
	struct envelope envelope;
	struct device_install install;
	struct device_download *download;
	bool told_downloading;
	enum device_update_need need;
	enum deployment_state state; /* told last */
	struct su_error why;         /* it ends without success; SU_OK: it does not */
	enum deployment_state end;   /* then: failed or rejected */
	void (*next)(struct device_update *update); /* after a wait */
};

static void run_manifest(struct device_update *update);

static void tell(struct device_update *update, enum deployment_state state, link_reply_fn on_reply)
{
	struct device_progress progress = {
		.release = update->envelope.manifest_digest,
		.state = state,
		.reason = update->why.status != SU_OK ? update->why.text : NULL,
	};
	update->state = state;
	device_channel_status(update->opts.channel, &progress, on_reply, update);
}

/* True when the reply has to be waited for again, by doing the same again. */
static bool waits(struct device_update *update, const struct link_reply *reply,
	void (*again)(struct device_update *update))
{
	if (reply->status != SU_RETRY)
		return false;
	update->next = again;
	update->opts.on_wait(update->opts.arg, reply);
	return true;
}

static void report_end(struct device_update *update);

static void on_end_reported(void *arg, const struct link_reply *reply)
{
	struct device_update *update = arg;
	if (waits(update, reply, report_end))
		return;
	if (reply->status != SU_OK)
		device_channel_say(update->opts.channel, "the failure report was refused: %s",
			reply->error.text);
	update->opts.on_end(update->opts.arg, false);
}

static void report_end(struct device_update *update)
{
	struct su_buf report = { 0 };
	device_report_failure(&update->envelope, &update->install.failed_at, &update->why, &report);
	device_channel_report(update->opts.channel, &report, on_end_reported, update);
}

static void tell_end(struct device_update *update);

static void on_end_told(void *arg, const struct link_reply *reply)
{
	struct device_update *update = arg;
	if (waits(update, reply, tell_end))
		return;
	if (reply->status != SU_OK)
		device_channel_say(
			update->opts.channel, "the server did not take it: %s", reply->error.text);
	/* A report needs a manifest that it is about. */
	if (update->end == DEPLOYMENT_FAILED)
		report_end(update);
	else
		update->opts.on_end(update->opts.arg, false);
}

static void tell_end(struct device_update *update)
{
	tell(update, update->end, on_end_told);
}

/* Rejected: it is not for this device. Failed: it was, and did not work. */
static void give_up(
	struct device_update *update, enum deployment_state end, const struct su_error *why)
{
	update->why = *why;
	/* The server takes 200 bytes. */
	snprintf(update->why.text, sizeof(update->why.text), "%.190s", why->text);
	update->end = end;
	device_channel_say(update->opts.channel, "%s: %s",
		end == DEPLOYMENT_REJECTED ? "refuses the manifest" : "the update failed",
		why->text);
	tell_end(update);
}

/* A device that says of itself what is not so. */
static void twist_digests(struct device_state *state)
{
	for (size_t i = 0; i < state->n_components; i++)
		state->components[i].digest.bytes[0] ^= 1;
}

static void on_reboot_told(void *arg, const struct link_reply *reply)
{
	struct device_update *update = arg;
	struct su_error err = { 0 };
	(void)reply; /* the restart does not wait for a server that is away */
	update->opts.state->awaits_word = false;
	if (update->opts.come_back_old)
		device_channel_say(update->opts.channel, "will come back with the old image");
	else
		device_install_commit(&update->install, update->opts.state, update->opts.kept_old);
	if (update->opts.report_other)
		twist_digests(update->opts.state);
	if (device_state_save(update->opts.state, &err) != SU_OK) {
		give_up(update, DEPLOYMENT_FAILED, &err);
		return;
	}
	device_state_tidy(update->opts.state);
	device_channel_say(update->opts.channel, "restarts with the new image");
	update->opts.on_end(update->opts.arg, true);
}

static void on_installing_told(void *arg, const struct link_reply *reply)
{
	struct device_update *update = arg;
	(void)reply;
	if (update->opts.shall_fail) {
		struct su_error err;
		su_fail(&err, SU_IO, "", "the flash memory could not be written");
		give_up(update, DEPLOYMENT_FAILED, &err);
		return;
	}
	device_channel_say(update->opts.channel, "installs");
	tell(update, DEPLOYMENT_REBOOTING, on_reboot_told);
}

static void begin_installation(struct device_update *update)
{
	tell(update, DEPLOYMENT_INSTALLING, on_installing_told);
}

static void park(struct device_update *update, enum device_update_need need,
	void (*next)(struct device_update *update))
{
	update->need = need;
	update->next = next;
	update->opts.on_park(update->opts.arg);
}

static void on_downloaded_told(void *arg, const struct link_reply *reply)
{
	struct device_update *update = arg;
	(void)reply;
	if (!update->opts.awaits_word) {
		begin_installation(update);
		return;
	}
	device_channel_say(update->opts.channel, "waits until it may install");
	park(update, UPDATE_NEEDS_WORD, begin_installation);
}

static void on_downloaded(void *arg, const struct link_reply *reply)
{
	struct device_update *update = arg;
	device_download_free(&update->download);
	if (waits(update, reply, run_manifest))
		return;
	if (reply->status == SU_OK)
		run_manifest(update);
	else
		give_up(update, DEPLOYMENT_FAILED, &reply->error);
}

static void begin_download(struct device_update *update)
{
	const struct device_missing *missing = &update->install.missing;
	if (update->opts.pushed) {
		park(update, UPDATE_NEEDS_PAYLOAD, run_manifest);
		return;
	}
	struct device_download_opts opts = {
		.link = update->opts.channel->link,
		.uri = missing->uri,
		.staging = missing->staging,
		.size_bytes = missing->size_bytes,
		.on_done = on_downloaded,
		.arg = update,
	};
	uint64_t resumed = 0;
	device_download_start(&opts, &update->download, &resumed);
	if (resumed > 0)
		device_channel_say(update->opts.channel, "resumes the download of %s at byte %llu",
			opts.uri, (unsigned long long)resumed);
	else
		device_channel_say(update->opts.channel, "downloads %s", opts.uri);
}

static void on_downloading_told(void *arg, const struct link_reply *reply)
{
	(void)reply;
	begin_download(arg);
}

static void on_accepted_told(void *arg, const struct link_reply *reply)
{
	(void)reply;
	tell(arg, DEPLOYMENT_DOWNLOADING, on_downloading_told);
}

static void on_run_ended(
	struct device_update *update, enum su_status status, const struct su_error *err)
{
	if (status == SU_RETRY && update->told_downloading) {
		begin_download(update);
	} else if (status == SU_RETRY) {
		update->told_downloading = true;
		tell(update, DEPLOYMENT_ACCEPTED, on_accepted_told);
	} else if (status == SU_OK) {
		device_channel_say(update->opts.channel, "has verified every payload");
		tell(update, DEPLOYMENT_DOWNLOADED, on_downloaded_told);
	} else {
		/* A condition that did not hold before anything was fetched. */
		bool rejected = status == SU_CONFLICT && !update->told_downloading;
		give_up(update, rejected ? DEPLOYMENT_REJECTED : DEPLOYMENT_FAILED, err);
	}
}

static void run_manifest(struct device_update *update)
{
	struct su_error err = { 0 };
	update->install.now_ms = su_clock_wall_ms();
	enum su_status status = device_install_run(&update->install, &err);
	on_run_ended(update, status, &err);
}

static enum su_status check(
	struct device_update *update, struct su_span bytes, struct su_error *err)
{
	SU_TRY(device_verify_envelope(
		update->arena, bytes, update->opts.trust, &update->envelope, err));
	uint64_t offered = update->envelope.manifest.sequence_number;
	uint64_t installed = update->opts.state->sequence_number;
	if (offered < installed)
		return su_fail(err, SU_CONFLICT, "",
			"the sequence number %llu is lower than the installed one, %llu",
			(unsigned long long)offered, (unsigned long long)installed);
	return SU_OK;
}

struct device_update *device_update_begin(
	const struct device_update_opts *opts, struct su_span bytes)
{
	struct su_error err = { 0 };
	char digest[DIGEST_TEXT_SIZE];
	struct device_update *update = su_new(struct device_update);
	update->opts = *opts;
	update->arena = su_arena_new();
	if (check(update, su_arena_copy(update->arena, bytes), &err) != SU_OK) {
		give_up(update, DEPLOYMENT_REJECTED, &err);
		return update;
	}
	digest_format(&update->envelope.manifest_digest, digest);
	device_channel_say(opts->channel, "accepts manifest %s, sequence number %llu", digest,
		(unsigned long long)update->envelope.manifest.sequence_number);
	update->install = (struct device_install){
		.arena = update->arena,
		.envelope = &update->envelope,
		.state = opts->state,
		.told = opts->told,
		.trust = opts->trust,
	};
	run_manifest(update);
	return update;
}

void device_update_continue(struct device_update *update)
{
	update->need = UPDATE_NEEDS_NOTHING;
	update->next(update);
}

enum device_update_need device_update_needs(const struct device_update *update)
{
	return update->need;
}

void device_update_fetch(struct device_update *update)
{
	update->opts.pushed = false;
}

void device_update_await_word(struct device_update *update)
{
	update->opts.awaits_word = true;
}

const struct digest *device_update_release(const struct device_update *update)
{
	return &update->envelope.manifest_digest;
}

enum deployment_state device_update_state(const struct device_update *update)
{
	return update->state;
}

void device_update_free(struct device_update **update)
{
	if (*update == NULL)
		return;
	device_download_free(&(*update)->download);
	su_arena_free(&(*update)->arena);
	free(*update);
	*update = NULL;
}
