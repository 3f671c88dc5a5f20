/* SPDX-License-Identifier: Apache-2.0 */
/* Where the key comes from that seals the secrets of devices. */
#pragma once

#include "daemon/config.h"
#include "server/credential.h"

/*
 * In this order: the systemd credential "credential-key"; the file that the configuration names;
 * credential.key in the storage directory, which is made when it is missing.
 */
enum su_status credential_file_load(const struct config *config, struct credential_key **out,
	struct su_error *err) SU_MUST_CHECK;
