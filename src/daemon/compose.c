/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the daemon in the order in which they start; they stop in the opposite one. */
#include "daemon/compose.h"

#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/work.h"
#include "daemon/credential_file.h"
#include "daemon/reload.h"
#include "daemon/service.h"
#include "store/blob.h"
#include "store/connection.h"
#include "store/migrate.h"

#define DATABASE_RETRY_S 1

struct house {
	struct config *config;
	const char *config_path;
	struct credential_key *credential_key;
	struct blob_store *blobs;
	struct su_loop *loop;
	struct su_work *work;
	struct service *service;
};

struct part {
	const char *name;
	enum su_status (*start)(struct house *house, struct su_error *err);
	void (*stop)(struct house *house);
};

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

static void stop_nothing(struct house *house)
{
	(void)house;
}

static enum su_status start_blobs(struct house *house, struct su_error *err)
{
	SU_TRY(blob_store_open(house->config->storage.directory, &house->blobs, err));
	enum su_status status = credential_file_load(house->config, &house->credential_key, err);
	if (status != SU_OK)
		blob_store_close(&house->blobs);
	return status;
}

static void stop_blobs(struct house *house)
{
	credential_key_free(&house->credential_key);
	blob_store_close(&house->blobs);
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

static enum su_status start_work(struct house *house, struct su_error *err)
{
	(void)err;
	struct su_work_hooks hooks = store_conn_hooks(house->config->database.conninfo);
	house->work = su_work_new(house->loop, (unsigned)house->config->limits.workers,
		(size_t)house->config->limits.max_jobs, &hooks);
	return SU_OK;
}

static void stop_work(struct house *house)
{
	su_work_free(&house->work);
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
	{ "storage", start_blobs, stop_blobs },
	{ "loop", start_loop, stop_loop },
	{ "workers", start_work, stop_work },
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
