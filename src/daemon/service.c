/* SPDX-License-Identifier: Apache-2.0 */
/* Speaks sd_notify(3). The watchdog is fed from the loop, so a loop that hangs starves it. */
#include "daemon/service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/memory.h"

struct service {
	struct su_timer *watchdog; /* NULL: the unit has none */
	int64_t interval_ms;
};

static void on_watchdog(void *arg)
{
	struct service *service = arg;
	sd_notify(0, "WATCHDOG=1");
	su_timer_set(service->watchdog, service->interval_ms);
}

struct service *service_start(struct su_loop *loop)
{
	struct service *service = su_new(struct service);
	uint64_t limit_us = 0;
	if (sd_watchdog_enabled(0, &limit_us) <= 0)
		return service;
	service->interval_ms = (int64_t)(limit_us / 1000 / 3);
	service->watchdog = su_timer_new(loop, on_watchdog, service);
	su_timer_set(service->watchdog, 0);
	return service;
}

void service_stop(struct service **service)
{
	if (!service || !*service)
		return;
	sd_notify(0, "STOPPING=1");
	su_timer_free(&(*service)->watchdog);
	free(*service);
	*service = NULL;
}

void service_tell_ready(void)
{
	sd_notify(0, "READY=1\nSTATUS=serving");
}

/* systemd.service(5), Type=notify-reload: the time lets systemd tell this reload from an older one. */
void service_tell_reloading(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, now_us);
}

void service_tell_status(const char *text)
{
	sd_notifyf(0, "STATUS=%s", text);
}
