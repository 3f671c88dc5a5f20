/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl: the command line of authors and operators. */
#include <curl/curl.h>

#include "tools/command_list.h"

static const struct cli_command *const commands[] = {
	&cmd_keygen,
	&cmd_manifest_create,
	&cmd_manifest_sign,
	&cmd_manifest_show,
	&cmd_manifest_verify,
	&cmd_policy_show,
	&cmd_policy_check,
	&cmd_policy_put,
	&cmd_publish,
	&cmd_policy_simulate,
	&cmd_status,
	&cmd_trust_add,
	&cmd_trust_list,
	&cmd_trust_revoke,
	&cmd_token_create,
	&cmd_token_list,
	&cmd_token_revoke,
	&cmd_release_list,
	&cmd_release_show,
	&cmd_release_plan,
	&cmd_release_approve,
	&cmd_release_withdraw,
	&cmd_device_list,
	&cmd_device_show,
	&cmd_device_deploy,
	&cmd_device_decision,
	&cmd_device_history,
	&cmd_device_credentials,
	&cmd_provision_show,
	&cmd_provision_put,
	&cmd_provision_delete,
	NULL,
};

int main(int argc, char **argv)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	int status = cli_main("suitctl", commands, argc, argv);
	curl_global_cleanup();
	return status;
}
