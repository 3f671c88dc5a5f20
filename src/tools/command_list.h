/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of suitctl, one file each. */
#pragma once

#include "tools/cli.h"

extern const struct cli_command cmd_keygen;
extern const struct cli_command cmd_manifest_create, cmd_manifest_sign, cmd_manifest_show,
	cmd_manifest_verify;
extern const struct cli_command cmd_policy_show, cmd_policy_check, cmd_policy_put,
	cmd_policy_simulate;
extern const struct cli_command cmd_publish;
extern const struct cli_command cmd_status;
extern const struct cli_command cmd_token_create, cmd_token_list, cmd_token_revoke;
extern const struct cli_command cmd_trust_add, cmd_trust_list, cmd_trust_revoke;
extern const struct cli_command cmd_release_list, cmd_release_show, cmd_release_plan,
	cmd_release_approve, cmd_release_withdraw;
extern const struct cli_command cmd_device_list, cmd_device_show, cmd_device_deploy,
	cmd_device_decision, cmd_device_history, cmd_device_credentials;
extern const struct cli_command cmd_provision_show, cmd_provision_put, cmd_provision_delete;
