/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the seed and starts the holder on a connection of its own. */
#include "daemon/policy_file.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/small_file.h"

static enum su_status read_seed(const char *path, struct su_buf *out, struct su_error *err)
{
	enum su_status status = small_file_read(path, POLICY_MAX_BYTES, out, err);
	if (status != SU_NOT_FOUND)
		return status;
	su_log(SU_LOG_DEBUG, "no policy file, the default policy is the first",
		SU_STR("file", path));
	return SU_OK;
}

enum su_status policy_file_start(const struct config *config, struct su_loop *loop,
	struct su_work *work, struct policy_holder **out, struct su_error *err)
{
	struct su_buf seed su_auto(su_buf_free) = { 0 };
	struct store_conn *conn su_auto(store_conn_free) =
		store_conn_new(config->database.conninfo);
	if (config->policy.file)
		SU_TRY(read_seed(config->policy.file, &seed, err));
	const struct policy_holder_opts opts = {
		.loop = loop,
		.work = work,
		.conn = conn,
		.seed = su_buf_span(&seed),
		.now_ms = su_clock_wall_ms(),
	};
	return policy_holder_start(&opts, out, err);
}
