/* SPDX-License-Identifier: Apache-2.0 */
/* Where suitd listens: the addresses of the configuration, or sockets that systemd hands over. */
#pragma once

#include <stddef.h>

#include "daemon/config.h"
#include "server/http.h"

/*
 * The caller frees *out. Sockets named "http" (FileDescriptorName= of the socket unit; a unit of
 * another name is SU_INVALID) take the place of the configured addresses. Call it once.
 */
enum su_status listeners_http(const struct config_list *configured, struct http_listen **out,
	size_t *n_out, struct su_error *err) SU_MUST_CHECK;
