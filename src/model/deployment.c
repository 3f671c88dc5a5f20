/* SPDX-License-Identifier: Apache-2.0 */
/* Words for the states and modes of a deployment. */
#include "model/deployment.h"

const struct name_row deployment_state_names[] = {
	{ DEPLOYMENT_PLANNED, "planned" },
	{ DEPLOYMENT_OFFERED, "offered" },
	{ DEPLOYMENT_DEFERRED, "deferred" },
	{ DEPLOYMENT_ACCEPTED, "accepted" },
	{ DEPLOYMENT_DOWNLOADING, "downloading" },
	{ DEPLOYMENT_DOWNLOADED, "downloaded" },
	{ DEPLOYMENT_INSTALLING, "installing" },
	{ DEPLOYMENT_REBOOTING, "rebooting" },
	{ DEPLOYMENT_CONFIRMED, "confirmed" },
	{ DEPLOYMENT_FAILED, "failed" },
	{ DEPLOYMENT_REJECTED, "rejected" },
	{ DEPLOYMENT_CANCELLED, "cancelled" },
	{ DEPLOYMENT_SUPERSEDED, "superseded" },
	{ DEPLOYMENT_EXPIRED, "expired" },
	{ 0, NULL },
};

const struct name_row update_mode_names[] = {
	{ MODE_CLIENT, "client" },
	{ MODE_NEGOTIATED, "negotiated" },
	{ MODE_SERVER, "server" },
	{ 0, NULL },
};

bool deployment_state_is_end(enum deployment_state state)
{
	return state >= DEPLOYMENT_CONFIRMED;
}

const struct name_row answer_kind_names[] = {
	{ ANSWER_NOW, "now" },
	{ ANSWER_AT, "at" },
	{ ANSWER_NO, "no" },
	{ 0, NULL },
};
