/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the daemon in the order in which they start; they stop in the opposite one. */
#include "daemon/compose.h"

#include <signal.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "daemon/reload.h"
#include "daemon/service.h"

struct house {
	struct config *config;
	const char *config_path;
	struct su_loop *loop;
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
	{ "loop", start_loop, stop_loop },
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
