/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of the reference device, each a function that ends in a request, a timer or the next step. */
#include "tools/device_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "suit/trust.h"
#include "tools/device_download.h"
#include "tools/device_install.h"
#include "tools/device_message.h"
#include "tools/device_report.h"
#include "tools/whole_file.h"

#define ENVELOPE_MAX_BYTES (1u << 20)
#define RETRY_MS           2000
#define MAX_RETRIES        5

struct device_agent {
	struct device_agent_opts opts;
	struct link *link;
	struct su_timer *timer;
	struct device_state *state;
	char *endpoint;
	char *query;        /* "ep=<endpoint>" */
	char *location;     /* "/rd/<id>", once registered */
	struct su_buf body; /* of the request under way */
	struct su_buf incoming;
	struct device_download *download;
	unsigned retries;
	bool failed; /* the last update did not work */

	/* The update under way; arena NULL: none. */
	struct su_arena *arena;
	struct envelope envelope;
	struct device_install install;
	bool told_downloading;
};

static void register_device(struct device_agent *agent);
static void poll_server(struct device_agent *agent);
static void run_manifest(struct device_agent *agent);

static void say(const struct device_agent *agent, const char *fmt, ...) SU_PRINTF(2, 3);
static void say(const struct device_agent *agent, const char *fmt, ...)
{
	char line[512];
	va_list args;
	if (agent->opts.quiet)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	printf("%s: %s\n", agent->opts.endpoint, line);
	fflush(stdout);
}

static void end(struct device_agent *agent, bool success)
{
	if (agent->opts.once && agent->opts.on_end != NULL)
		agent->opts.on_end(agent->opts.arg, success);
}

static void later(struct device_agent *agent, int64_t delay_ms)
{
	su_timer_set(agent->timer, delay_ms);
}

static void forget_update(struct device_agent *agent)
{
	su_arena_free(&agent->arena);
	agent->envelope = (struct envelope){ 0 };
	unlink(device_state_path(agent->state->arena, agent->state, "manifest.suit"));
}

/* The server did not answer or is not ready: the same again, a few times when only one round is wanted. */
static void try_again(struct device_agent *agent, const struct su_error *why)
{
	say(agent, "waits: %s", why->text);
	if (agent->opts.once && ++agent->retries > MAX_RETRIES)
		end(agent, false);
	else
		later(agent, RETRY_MS);
}

static void send(struct device_agent *agent, enum link_method method, const char *path,
	link_reply_fn on_reply)
{
	struct link_request request = {
		.method = method,
		.plane = true,
		.path = path,
		.query = agent->query,
		.body = su_buf_span(&agent->body),
	};
	link_send(agent->link, &request, NULL, on_reply, agent);
}

static void send_status(struct device_agent *agent, enum deployment_state state, const char *reason,
	link_reply_fn on_reply)
{
	struct device_progress progress = {
		.release = agent->envelope.manifest_digest,
		.state = state,
		.reason = reason,
	};
	su_buf_clear(&agent->body);
	device_message_status(&progress, &agent->body);
	send(agent, LINK_POST, "/suit/status", on_reply);
}

static void on_reported(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	struct su_error err = { 0 };
	if (reply->status == SU_RETRY) {
		try_again(agent, &reply->error);
		return;
	}
	if (reply->status != SU_OK)
		say(agent, "the report was refused: %s", reply->error.text);
	else
		say(agent, "reported that the new image runs");
	agent->state->report_pending = false;
	if (device_state_save(agent->state, &err) != SU_OK)
		say(agent, "%s %s", err.field, err.text);
	poll_server(agent);
}

/* Takes the encoded report, signs it when there is a key, and sends it. */
static void send_report(struct device_agent *agent, struct su_buf *report, link_reply_fn on_reply)
{
	struct su_error err = { 0 };
	su_buf_clear(&agent->body);
	if (agent->opts.report_key == NULL)
		su_buf_append_span(&agent->body, su_buf_span(report));
	else if (cose_sign(agent->opts.report_key, cose_alg_for(agent->opts.report_key),
			 su_buf_span(report), false, SU_SPAN_EMPTY, &agent->body, &err) != SU_OK)
		say(agent, "the report cannot be signed: %s", err.text);
	su_buf_free(report);
	send(agent, LINK_POST, "/suit/report", on_reply);
}

static void report_success(struct device_agent *agent)
{
	struct su_buf report = { 0 };
	device_report_success(agent->state, &report);
	send_report(agent, &report, on_reported);
}

static void on_failure_reported(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	if (reply->status != SU_OK)
		say(agent, "the failure report was refused: %s", reply->error.text);
	forget_update(agent);
	agent->failed = true;
	if (agent->opts.once)
		end(agent, false);
	else
		later(agent, agent->opts.poll_interval_ms);
}

static void report_failure(struct device_agent *agent, const struct su_error *why)
{
	struct command_site *site = &agent->install.failed_at;
	say(agent, "the update failed: %s", why->text);
	struct su_buf report = { 0 };
	device_report_failure(&agent->envelope, site, why, &report);
	send_report(agent, &report, on_failure_reported);
}

static void on_refused(void *arg, const struct link_reply *reply)
{
	on_failure_reported(arg, reply);
}

static void on_reboot_told(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	struct su_error err = { 0 };
	(void)reply; /* the restart does not wait for a server that is away */
	device_install_commit(&agent->install, agent->state);
	if (device_state_save(agent->state, &err) != SU_OK) {
		report_failure(agent, &err);
		return;
	}
	say(agent, "restarts with the new image");
	forget_update(agent);
	free(agent->location);
	agent->location = NULL;
	later(agent, agent->opts.restart_ms);
}

static bool shall_fail(struct device_agent *agent)
{
	agent->opts.seed = agent->opts.seed * 6364136223846793005u + 1442695040888963407u;
	return (agent->opts.seed >> 33) % 100 < agent->opts.fail_percent;
}

static void on_installing_told(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	(void)reply;
	if (shall_fail(agent)) {
		struct su_error err;
		su_fail(&err, SU_IO, "", "the flash memory could not be written");
		report_failure(agent, &err);
		return;
	}
	say(agent, "installs");
	send_status(agent, DEPLOYMENT_REBOOTING, NULL, on_reboot_told);
}

static void on_downloaded_told(void *arg, const struct link_reply *reply)
{
	(void)reply;
	send_status(arg, DEPLOYMENT_INSTALLING, NULL, on_installing_told);
}

static void on_downloaded(void *arg, const struct su_error *err)
{
	struct device_agent *agent = arg;
	device_download_free(&agent->download);
	if (err == NULL)
		run_manifest(agent);
	else if (err->status == SU_RETRY)
		try_again(agent, err);
	else
		report_failure(agent, err);
}

static void begin_download(struct device_agent *agent)
{
	struct device_download_opts opts = {
		.link = agent->link,
		.uri = agent->install.missing_uri,
		.staging = device_install_staging(
			agent->arena, agent->state, &agent->envelope, agent->install.missing_uri),
		.size_bytes = agent->install.missing_size_bytes,
		.on_done = on_downloaded,
		.arg = agent,
	};
	uint64_t resumed = 0;
	device_download_start(&opts, &agent->download, &resumed);
	if (resumed > 0)
		say(agent, "resumes the download of %s at byte %llu", opts.uri,
			(unsigned long long)resumed);
	else
		say(agent, "downloads %s", opts.uri);
}

static void on_downloading_told(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	(void)reply;
	begin_download(agent);
}

static void run_manifest(struct device_agent *agent)
{
	struct su_error err = { 0 };
	agent->install.now_ms = su_clock_wall_ms();
	enum su_status status = device_install_run(&agent->install, &err);
	if (status == SU_RETRY && !agent->told_downloading) {
		agent->told_downloading = true;
		send_status(agent, DEPLOYMENT_DOWNLOADING, NULL, on_downloading_told);
	} else if (status == SU_RETRY) {
		begin_download(agent);
	} else if (status == SU_OK) {
		say(agent, "has verified every payload");
		send_status(agent, DEPLOYMENT_DOWNLOADED, NULL, on_downloaded_told);
	} else {
		report_failure(agent, &err);
	}
}

/* What a device checks before it looks at any command (suit-manifest section 6.2). */
static enum su_status check_envelope(
	struct device_agent *agent, struct su_span bytes, struct su_error *err)
{
	struct envelope_options options = { .allow_untagged = true };
	struct survey survey;
	struct trust_result trust;
	SU_TRY(envelope_decode(agent->arena, bytes, &options, &agent->envelope, err));
	SU_TRY(survey_manifest(agent->arena, &agent->envelope.manifest, &survey, err));
	SU_TRY(trust_judge(agent->arena, &agent->envelope, &survey, agent->opts.anchors,
		agent->opts.n_anchors, &trust, err));
	if (agent->envelope.manifest.sequence_number < agent->state->sequence_number)
		return su_fail(err, SU_CONFLICT, "",
			"the sequence number %llu is lower than the installed one, %llu",
			(unsigned long long)agent->envelope.manifest.sequence_number,
			(unsigned long long)agent->state->sequence_number);
	return SU_OK;
}

static void begin_update(struct device_agent *agent, struct su_span bytes)
{
	struct su_error err = { 0 };
	su_arena_free(&agent->arena);
	agent->arena = su_arena_new();
	agent->told_downloading = false;
	bytes = su_arena_copy(agent->arena, bytes);
	if (check_envelope(agent, bytes, &err) != SU_OK) {
		say(agent, "refuses the manifest: %s", err.text);
		if (digest_is_set(&agent->envelope.manifest_digest)) {
			char reason[160];
			snprintf(reason, sizeof(reason), "%.150s", err.text);
			send_status(agent, DEPLOYMENT_REJECTED, reason, on_refused);
		} else {
			forget_update(agent);
			later(agent, agent->opts.poll_interval_ms);
			end(agent, false);
		}
		return;
	}
	char digest[DIGEST_TEXT_SIZE];
	digest_format(&agent->envelope.manifest_digest, digest);
	say(agent, "accepts manifest %s, sequence number %llu", digest,
		(unsigned long long)agent->envelope.manifest.sequence_number);
	agent->install = (struct device_install){
		.arena = agent->arena,
		.envelope = &agent->envelope,
		.state = agent->state,
		.told = &agent->opts.told,
	};
	run_manifest(agent);
}

static bool on_envelope_bytes(
	void *arg, uint64_t offset, struct su_span bytes, struct su_span etag, uint64_t total)
{
	struct device_agent *agent = arg;
	(void)etag;
	(void)total;
	if (offset != agent->incoming.len || offset + bytes.len > ENVELOPE_MAX_BYTES)
		return false;
	su_buf_append_span(&agent->incoming, bytes);
	return true;
}

static void nothing_to_do(struct device_agent *agent)
{
	if (agent->opts.once)
		end(agent, !agent->failed);
	else
		later(agent, agent->opts.poll_interval_ms);
}

static void on_polled(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	struct su_error err = { 0 };
	if (reply->status == SU_RETRY) {
		try_again(agent, &reply->error);
		return;
	}
	agent->retries = 0;
	if (reply->status == SU_NOT_FOUND || reply->unchanged) {
		nothing_to_do(agent);
		return;
	}
	if (reply->status != SU_OK) {
		say(agent, "the poll was refused: %s", reply->error.text);
		agent->failed = true;
		nothing_to_do(agent);
		return;
	}
	/* Kept, so that a restart goes on with it. */
	const char *path = device_state_path(agent->state->arena, agent->state, "manifest.suit");
	if (whole_file_write(path, su_buf_span(&agent->incoming), 0644, &err) != SU_OK)
		say(agent, "%s %s", err.field, err.text);
	begin_update(agent, su_buf_span(&agent->incoming));
}

static void poll_server(struct device_agent *agent)
{
	struct link_request request = {
		.method = LINK_GET,
		.plane = true,
		.path = "/suit/manifest",
		.query = agent->query,
		.etag = digest_span(&agent->state->installed_manifest),
	};
	su_buf_clear(&agent->incoming);
	link_send(agent->link, &request, on_envelope_bytes, on_polled, agent);
}

/* An update that a restart interrupted goes on where it stopped. */
static bool resume_update(struct device_agent *agent)
{
	const char *path = device_state_path(agent->state->arena, agent->state, "manifest.suit");
	struct su_span bytes;
	if (access(path, R_OK) != 0 || whole_file_read(agent->state->arena, path,
					       ENVELOPE_MAX_BYTES, &bytes, NULL) != SU_OK)
		return false;
	say(agent, "goes on with the update that was under way");
	begin_update(agent, bytes);
	return true;
}

static void on_registered(void *arg, const struct link_reply *reply)
{
	struct device_agent *agent = arg;
	if (reply->status == SU_RETRY) {
		try_again(agent, &reply->error);
		return;
	}
	agent->retries = 0;
	if (reply->status != SU_OK) {
		say(agent, "the registration was refused: %s", reply->error.text);
		end(agent, false);
		return;
	}
	free(agent->location);
	agent->location = su_strdup(reply->location != NULL ? reply->location : "");
	say(agent, "registered as %s", agent->location);
	if (agent->state->report_pending)
		report_success(agent);
	else if (!resume_update(agent))
		poll_server(agent);
}

static void register_device(struct device_agent *agent)
{
	struct characteristics *told = &agent->opts.told;
	told->n_components = agent->state->n_components;
	memcpy(told->components, agent->state->components, sizeof(told->components));
	su_buf_clear(&agent->body);
	device_message_registration(
		told, agent->opts.envelope_form, agent->opts.lifetime_s, &agent->body);
	send(agent, LINK_POST, "/rd", on_registered);
}

/* The timer stands for whatever comes next: nothing of it is remembered but the state itself. */
static void on_timer(void *arg)
{
	struct device_agent *agent = arg;
	if (agent->location == NULL)
		register_device(agent);
	else if (agent->state->report_pending)
		report_success(agent);
	else if (agent->arena != NULL)
		run_manifest(agent);
	else
		poll_server(agent);
}

enum su_status device_agent_start(const struct device_agent_opts *opts, struct link *link_take,
	struct device_agent **out, struct su_error *err)
{
	struct device_agent *agent = su_new(struct device_agent);
	agent->opts = *opts;
	agent->link = link_take;
	enum su_status status = device_state_open(opts->folder, &agent->state, err);
	if (status != SU_OK) {
		link_free(&agent->link);
		free(agent);
		return status;
	}
	agent->opts.endpoint = agent->endpoint = su_strdup(opts->endpoint);
	agent->query = su_printf("ep=%s", opts->endpoint);
	agent->timer = su_timer_new(opts->loop, on_timer, agent);
	later(agent, opts->start_delay_ms);
	*out = agent;
	return SU_OK;
}

void device_agent_stop(struct device_agent **agent)
{
	if (*agent == NULL)
		return;
	link_free(&(*agent)->link);
	device_download_free(&(*agent)->download);
	su_timer_free(&(*agent)->timer);
	device_state_close(&(*agent)->state);
	su_buf_free(&(*agent)->body);
	su_buf_free(&(*agent)->incoming);
	su_arena_free(&(*agent)->arena);
	free((*agent)->endpoint);
	free((*agent)->query);
	free((*agent)->location);
	free(*agent);
	*agent = NULL;
}
