/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP twin of the device plane, by libcurl on worker threads. */
#pragma once

#include "base/work.h"
#include "tools/link.h"

enum su_status link_http_new(struct su_work *work, const char *server,
	const struct link_identity *identity, struct link **out,
	struct su_error *err) SU_MUST_CHECK;
