/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the devices, spread over a few seconds, and counting how they end. */
#include "tools/fleet.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "tools/link_coap.h"
#include "tools/link_http.h"

#define HTTP_THREADS      8
#define POLL_THREADS      64 /* devices that wait for commands hold theirs */
#define STARTS_PER_SECOND 500

struct fleet {
	const struct fleet_opts *opts;
	struct su_loop *loop;
	struct coap_driver *coap;
	struct su_work *http;
	unsigned ended, failed;
};

static void on_end(void *arg, bool success)
{
	struct fleet *fleet = arg;
	fleet->ended++;
	fleet->failed += !success;
	if (fleet->ended == fleet->opts->size)
		su_loop_stop(fleet->loop);
}

static void on_signal(int signal_number, void *arg)
{
	struct fleet *fleet = arg;
	(void)signal_number;
	su_loop_stop(fleet->loop);
}

static bool is_coap(const char *server)
{
	return strncmp(server, "coap", 4) == 0;
}

static enum su_status open_transport(struct fleet *fleet, struct su_error *err)
{
	struct coap_driver_opts coap = {
		.loop = fleet->loop,
		.server = fleet->opts->server,
		.block_szx = fleet->opts->block_szx,
		.max_szx = fleet->opts->max_szx,
	};
	if (is_coap(fleet->opts->server))
		return coap_driver_new(&coap, &fleet->coap, err);
	bool waits = fleet->opts->device.listens || !device_mix_is_empty(&fleet->opts->mix);
	unsigned threads = waits ? POLL_THREADS : HTTP_THREADS;
	fleet->http = su_work_new(fleet->loop, threads, fleet->opts->size, NULL);
	return SU_OK;
}

static enum su_status open_link(
	struct fleet *fleet, const char *endpoint, struct link **out, struct su_error *err)
{
	const struct fleet_opts *opts = fleet->opts;
	struct link_identity identity = { endpoint, opts->psk, opts->token };
	if (fleet->coap == NULL)
		return link_http_new(fleet->http, opts->server, &identity, out, err);
	*out = link_coap_new(fleet->coap, &identity);
	return SU_OK;
}

static enum su_status start_device(
	struct fleet *fleet, unsigned index, struct device_agent **out, struct su_error *err)
{
	struct device_agent_opts device = fleet->opts->device;
	char endpoint[ENDPOINT_MAX_BYTES + 1];
	char *folder su_auto(su_free_ptr) = NULL;
	struct link *link = NULL;
	device.loop = fleet->loop;
	device.on_end = on_end;
	device.arg = fleet;
	if (fleet->opts->size > 1) {
		snprintf(endpoint, sizeof(endpoint), "%s-%05u", device.endpoint, index);
		folder = su_printf("%s/%s", device.folder, endpoint);
		device.endpoint = endpoint;
		device.folder = folder;
		device.start_delay_ms = index * INT64_C(1000) / STARTS_PER_SECOND;
		device_mix_apply(&fleet->opts->mix, device.seed, index, &device);
		device.seed += index;
	}
	SU_TRY(open_link(fleet, device.endpoint, &link, err));
	return device_agent_start(&device, link, out, err);
}

static enum su_status start_all(
	struct fleet *fleet, struct device_agent **agents, struct su_error *err)
{
	const struct fleet_opts *opts = fleet->opts;
	if (opts->size > 1 && mkdir(opts->device.folder, 0755) != 0 && errno != EEXIST)
		return su_fail(
			err, SU_IO, opts->device.folder, "cannot be made: %s", strerror(errno));
	for (unsigned i = 0; i < opts->size; i++)
		SU_TRY(start_device(fleet, i, &agents[i], err));
	return SU_OK;
}

enum su_status fleet_run(const struct fleet_opts *opts, unsigned *failed_out, struct su_error *err)
{
	struct fleet fleet = { .opts = opts, .loop = su_loop_new() };
	struct device_agent **agents su_auto(su_free_ptr) =
		su_new_array(opts->size, sizeof(struct device_agent *));
	su_loop_on_signal(fleet.loop, SIGINT, on_signal, &fleet);
	su_loop_on_signal(fleet.loop, SIGTERM, on_signal, &fleet);
	enum su_status status = open_transport(&fleet, err);
	if (status == SU_OK)
		status = start_all(&fleet, agents, err);
	if (status == SU_OK)
		su_loop_run(fleet.loop);
	for (unsigned i = 0; i < opts->size && agents[i] != NULL; i++)
		device_agent_halt(agents[i]);
	su_work_free(&fleet.http);
	for (unsigned i = 0; i < opts->size; i++)
		device_agent_stop(&agents[i]);
	coap_driver_free(&fleet.coap);
	su_loop_free(&fleet.loop);
	*failed_out = fleet.failed;
	if (opts->device.once) /* a signal came before they had ended */
		*failed_out += opts->size - fleet.ended;
	return status;
}
