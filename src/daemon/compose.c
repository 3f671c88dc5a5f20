/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the daemon in the order in which they start; they stop in the opposite one. */
#include "daemon/compose.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/work.h"
#include "daemon/credential_file.h"
#include "daemon/listeners.h"
#include "daemon/policy_file.h"
#include "daemon/reload.h"
#include "daemon/service.h"
#include "daemon/small_file.h"
#include "server/coap.h"
#include "server/coap_stats.h"
#include "server/device_front.h"
#include "server/http.h"
#include "server/public_paths.h"
#include "store/blob_space.h"
#include "store/committer.h"
#include "store/migrate.h"
#include "store/notify.h"
#include "tracker/policy_holder.h"
#include "tracker/tracker.h"

#define DATABASE_RETRY_S   1
#define MAX_PEM_FILE_BYTES (256 * 1024)

struct house {
	struct config *config;
	const char *config_path;
	struct credential_key *credential_key;
	struct blob_store *blobs;
	struct su_loop *loop;
	struct su_work *work;
	struct policy_holder *policies;
	struct committer *committer;
	struct tracker *tracker;
	struct device_front *devices;
	struct public_paths *paths;
	struct intake_opts intake;
	struct http *http;
	struct coap *coap;
	struct coap_stats coap_stats;
	struct notify *notify;
	struct service *service;
};

struct part {
	const char *name;
	enum su_status (*start)(struct house *house, struct su_error *err);
	void (*stop)(struct house *house);
};

static void stop_nothing(struct house *house)
{
	(void)house;
}

/* Nothing runs yet, so there is nothing better to do than to wait; SIGTERM still ends the process. */
static enum su_status start_schema(struct house *house, struct su_error *err)
{
	unsigned applied;
	enum su_status status;
	while ((status = migrate_run(house->config->database.conninfo, &applied, err)) ==
		SU_RETRY) {
		service_tell_status("waiting for the database");
		su_log(SU_LOG_WARNING, "waiting for the database", SU_STR("why", err->text));
		sleep(DATABASE_RETRY_S);
	}
	if (status == SU_OK && applied > 0)
		su_log(SU_LOG_INFO, "schema brought up to date", SU_INT("migrations", applied));
	return status;
}

static enum su_status start_storage(struct house *house, struct su_error *err)
{
	SU_TRY(blob_store_open(house->config->storage.directory, &house->blobs, err));
	blob_space_watch(house->blobs, (uint64_t)house->config->storage.low_space_bytes);
	enum su_status status = credential_file_load(house->config, &house->credential_key, err);
	if (status != SU_OK)
		blob_store_close(&house->blobs);
	return status;
}

static void stop_storage(struct house *house)
{
	credential_key_free(&house->credential_key);
	blob_store_close(&house->blobs);
}

static void on_terminate(int signal_number, void *arg)
{
	struct house *house = arg;
	su_log(SU_LOG_INFO, "stopping", SU_INT("signal", signal_number));
	su_loop_stop(house->loop);
}

static void on_hangup(int signal_number, void *arg)
{
	(void)signal_number;
	struct house *house = arg;
	struct su_error err = { 0 };
	service_tell_reloading();
	if (reload_config(house->config, house->config_path, &err) == SU_OK)
		su_log(SU_LOG_INFO, "configuration reloaded");
	else
		su_log(SU_LOG_ERROR, "configuration not reloaded, the old one stays",
			SU_STR("option", err.field), SU_STR("why", err.text));
	service_tell_ready();
}

static enum su_status start_loop(struct house *house, struct su_error *err)
{
	(void)err;
	signal(SIGPIPE, SIG_IGN);
	house->loop = su_loop_new();
	su_loop_on_signal(house->loop, SIGTERM, on_terminate, house);
	su_loop_on_signal(house->loop, SIGINT, on_terminate, house);
	su_loop_on_signal(house->loop, SIGHUP, on_hangup, house);
	return SU_OK;
}

static void stop_loop(struct house *house)
{
	su_loop_free(&house->loop);
}

static enum su_status start_workers(struct house *house, struct su_error *err)
{
	(void)err;
	struct su_work_hooks hooks = store_conn_hooks(house->config->database.conninfo);
	house->work = su_work_new(house->loop, (unsigned)house->config->limits.workers,
		(size_t)house->config->limits.max_jobs, &hooks);
	return SU_OK;
}

static void stop_workers(struct house *house)
{
	su_work_free(&house->work);
}

static enum su_status start_policy(struct house *house, struct su_error *err)
{
	return policy_file_start(house->config, house->loop, house->work, &house->policies, err);
}

/* What is still loading is for the workers to end. */
static void stop_policy(struct house *house)
{
	su_work_stop(house->work);
	policy_holder_stop(&house->policies);
}

static enum su_status start_committer(struct house *house, struct su_error *err)
{
	const struct config *config = house->config;
	const struct committer_opts opts = {
		.loop = house->loop,
		.conninfo = config->database.conninfo,
		.max_queued = (size_t)config->limits.max_writes,
		.max_batch = (size_t)config->limits.max_batch,
	};
	return committer_start(&opts, &house->committer, err);
}

static enum su_status start_tracker(struct house *house, struct su_error *err)
{
	SU_TRY(start_committer(house, err));
	const struct tracker_opts opts = {
		.loop = house->loop,
		.work = house->work,
		.committer = house->committer,
		.blobs = house->blobs,
		.max_cached_devices = (size_t)house->config->device.max_cached,
		.require_known_devices = house->config->device.require_known,
		.now_ms = su_clock_wall_ms,
		.policies = house->policies,
	};
	enum su_status status = tracker_start(&opts, &house->tracker, err);
	if (status != SU_OK)
		committer_stop(&house->committer);
	return status;
}

/* What workers and committer still complete belongs to the tracker; workers may ask for a commit. */
static void stop_tracker(struct house *house)
{
	tracker_quiesce(house->tracker);
	su_work_stop(house->work);
	committer_stop(&house->committer);
	tracker_stop(&house->tracker);
}

static enum su_status start_device_front(struct house *house, struct su_error *err)
{
	(void)err;
	const struct device_front_opts opts = {
		.loop = house->loop,
		.work = house->work,
		.tracker = house->tracker,
		.credential_key = house->credential_key,
		.require_credentials = house->config->device.require_credentials,
	};
	house->devices = device_front_new(&opts);
	house->paths = public_paths_new(house->loop, house->work);
	return SU_OK;
}

static void stop_device_front(struct house *house)
{
	public_paths_free(&house->paths);
	device_front_free(&house->devices);
}

/* What HTTP handlers work with. */
static struct http_env http_env_of(struct house *house)
{
	const struct config *config = house->config;
	house->intake = (struct intake_opts){
		.n_public_names = config->firmware.public_names.n,
		.public_names = config->firmware.public_names.items,
		.allow_untagged = config->manifest.allow_untagged,
		.allow_example_keys = config->manifest.allow_example_keys,
		.max_envelope_bytes = (size_t)config->manifest.max_envelope_bytes,
		.policies = house->policies,
	};
	return (struct http_env){
		.loop = house->loop,
		.work = house->work,
		.blobs = house->blobs,
		.paths = house->paths,
		.command_stats = tracker_commands(house->tracker),
		.poll_stats = tracker_polls(house->tracker),
		.coap_stats = &house->coap_stats,
		.intake = &house->intake,
		.policies = house->policies,
		.credential_key = house->credential_key,
		.devices = house->devices,
		.public_url = config->http.public_url,
		.max_body_bytes = (size_t)config->http.max_body_bytes,
		.max_image_bytes = (uint64_t)config->http.max_image_bytes,
		.upload_lifetime_ms = config->limits.upload_lifetime_ms,
		.open_metrics = config->http.open_metrics,
	};
}

/* No certificate configured: both stay empty. */
static enum su_status read_certificate(const struct config_http *config, struct su_buf *certificate,
	struct su_buf *key, struct su_error *err)
{
	if (!config->certificate)
		return SU_OK;
	SU_TRY(small_file_read(config->certificate, MAX_PEM_FILE_BYTES, certificate, err));
	return small_file_read(config->key, MAX_PEM_FILE_BYTES, key, err);
}

static enum su_status start_http(struct house *house, struct su_error *err)
{
	const struct config_http *config = &house->config->http;
	struct su_buf certificate su_auto(su_buf_free) = { 0 };
	struct su_buf key su_auto(su_buf_free) = { 0 };
	struct http_listen *listen su_auto(su_free_ptr) = NULL;
	size_t n_listen;
	SU_TRY(read_certificate(config, &certificate, &key, err));
	SU_TRY(listeners_http(&config->listen, &listen, &n_listen, err));
	if (n_listen == 0)
		return SU_OK;
	const struct http_opts opts = {
		.env = http_env_of(house),
		.n_listen = n_listen,
		.listen = listen,
		.certificate_pem = config->certificate ? su_buf_str(&certificate) : NULL,
		.key_pem = config->key ? su_buf_str(&key) : NULL,
		.max_connections = (unsigned)config->max_connections,
		.max_connections_per_address = (unsigned)config->max_connections_per_address,
		.idle_timeout_ms = config->idle_timeout_ms,
		.command_timeout_ms = config->command_timeout_ms,
		.min_progress_bytes = (unsigned)config->min_progress_bytes,
	};
	enum su_status status = http_start(&opts, &house->http, err);
	if (key.len > 0)
		explicit_bzero(key.data, key.len);
	return status;
}

static void stop_http(struct house *house)
{
	http_stop(&house->http);
}

static enum su_status start_coap(struct house *house, struct su_error *err)
{
	const struct config_coap *config = &house->config->coap;
	if (config->listen.n + config->listen_secure.n == 0)
		return SU_OK;
	const struct coap_opts opts = {
		.loop = house->loop,
		.devices = house->devices,
		.blobs = house->blobs,
		.paths = house->paths,
		.stats = &house->coap_stats,
		.n_listen = config->listen.n,
		.listen = config->listen.items,
		.n_listen_secure = config->listen_secure.n,
		.listen_secure = config->listen_secure.items,
		.max_sessions = (unsigned)config->max_sessions,
		.max_body_bytes = (size_t)config->max_body_bytes,
		.max_bodies = (size_t)config->max_bodies,
		.max_observers = (size_t)config->max_observers,
		.body_timeout_ms = config->body_timeout_ms,
		.answer_timeout_ms = config->answer_timeout_ms,
	};
	return coap_start(&opts, &house->coap, err);
}

static void stop_coap(struct house *house)
{
	coap_stop(&house->coap);
}

static void on_notify(void *arg, enum notify_topic topic, const char *payload)
{
	struct house *house = arg;
	policy_holder_on_notify(house->policies, topic);
	tracker_on_notify(house->tracker, topic, payload);
	device_front_on_notify(house->devices, topic, payload);
	public_paths_on_notify(house->paths, topic);
	if (house->http)
		http_on_notify(house->http, topic, payload);
}

static enum su_status start_notify(struct house *house, struct su_error *err)
{
	const struct notify_opts opts = {
		.loop = house->loop,
		.conninfo = house->config->database.conninfo,
		.origin = committer_origin(house->committer),
		.on_notify = on_notify,
		.arg = house,
	};
	return notify_start(&opts, &house->notify, err);
}

static void stop_notify(struct house *house)
{
	notify_stop(&house->notify);
}

static enum su_status start_service(struct house *house, struct su_error *err)
{
	(void)err;
	house->service = service_start(house->loop);
	return SU_OK;
}

static void stop_service(struct house *house)
{
	service_stop(&house->service);
}

static const struct part parts[] = {
	{ "schema", start_schema, stop_nothing },
	{ "storage", start_storage, stop_storage },
	{ "loop", start_loop, stop_loop },
	{ "workers", start_workers, stop_workers },
	{ "policy", start_policy, stop_policy },
	{ "tracker", start_tracker, stop_tracker },
	{ "devices", start_device_front, stop_device_front },
	{ "http", start_http, stop_http },
	{ "coap", start_coap, stop_coap },
	{ "notify", start_notify, stop_notify },
	{ "service", start_service, stop_service },
};
#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

static enum su_status start_parts(struct house *house, size_t *started_out, struct su_error *err)
{
	for (*started_out = 0; *started_out < N_PARTS; (*started_out)++) {
		const struct part *part = &parts[*started_out];
		enum su_status status = part->start(house, err);
		if (status != SU_OK) {
			su_error_prefix(err, "%s", part->name);
			return status;
		}
		su_log(SU_LOG_DEBUG, "part started", SU_STR("part", part->name));
	}
	return SU_OK;
}

enum su_status compose_run(struct config *config, const char *config_path, struct su_error *err)
{
	struct house house = { .config = config, .config_path = config_path };
	size_t started;
	reload_apply(config);
	enum su_status status = start_parts(&house, &started, err);
	if (status == SU_OK) {
		su_log(SU_LOG_INFO, "ready", SU_STR("version", SUITD_VERSION));
		service_tell_ready();
		su_loop_run(house.loop);
	}
	while (started > 0)
		parts[--started].stop(&house);
	if (status == SU_OK)
		su_log(SU_LOG_INFO, "stopped");
	return status;
}
