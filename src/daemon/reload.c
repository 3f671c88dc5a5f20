/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a new configuration over, or leaving the old one in force. */
#include "daemon/reload.h"

#include "base/log.h"
#include "base/memory.h"

static void on_difference(void *arg, const char *option, bool may_reload)
{
	(void)arg;
	if (may_reload)
		su_log(SU_LOG_INFO, "option changed", SU_STR("option", option));
	else
		su_log(SU_LOG_WARNING, "option needs a restart to change",
			SU_STR("option", option));
}

void reload_apply(const struct config *config)
{
	su_log_set_level((enum su_log_level)config->log.level);
}

enum su_status reload_config(struct config *running, const char *path, struct su_error *err)
{
	struct config *fresh su_auto(config_free) = NULL;
	SU_TRY(config_load(path, &fresh, err));
	config_compare(running, fresh, on_difference, NULL);
	running->log = fresh->log;
	reload_apply(running);
	return SU_OK;
}
