/* SPDX-License-Identifier: Apache-2.0 */
/* Being a systemd service: readiness, watchdog, reload. Without systemd nothing of it happens. */
#pragma once

#include "base/loop.h"

struct service;

/* Starts to feed the watchdog when the unit has one. */
struct service *service_start(struct su_loop *loop);
void service_stop(struct service **service); /* says STOPPING=1 */

void service_tell_ready(void);
void service_tell_reloading(void);
void service_tell_status(const char *text);
