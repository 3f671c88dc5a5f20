/* SPDX-License-Identifier: Apache-2.0 */
/* Socket activation (sd_listen_fds(3)), or plain addresses. */
#include "daemon/listeners.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/memory.h"

#define HTTP_NAME "http"

static void free_names(char ***names)
{
	for (char **name = *names; name && *name; name++)
		free(*name);
	free((void *)*names);
}

/* Without LISTEN_FDNAMES systemd calls each of them "unknown"; then they can only be HTTP's. */
static bool is_ours(const char *name)
{
	return strcmp(name, HTTP_NAME) == 0 || strcmp(name, "unknown") == 0;
}

static enum su_status check_socket(int fd, const char *name, struct su_error *err)
{
	if (!is_ours(name))
		return su_fail(err, SU_INVALID, "",
			"systemd handed over a socket named \"%.60s\", only \"" HTTP_NAME
			"\" is known",
			name);
	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
		return su_fail(err, SU_INVALID, "",
			"the socket that systemd handed over is not a listening stream socket");
	return SU_OK;
}

static void take_configured(const struct config_list *configured, struct http_listen *listen)
{
	for (size_t i = 0; i < configured->n; i++)
		listen[i] = (struct http_listen){ .address = configured->items[i], .fd = -1 };
}

enum su_status listeners_http(const struct config_list *configured, struct http_listen **out,
	size_t *n_out, struct su_error *err)
{
	char **names su_auto(free_names) = NULL;
	int n = sd_listen_fds_with_names(1, &names);
	if (n < 0)
		return su_fail(err, SU_INVALID, "", "sockets of systemd: %s", strerror(-n));
	*n_out = n > 0 ? (size_t)n : configured->n;
	*out = su_new_array(*n_out ? *n_out : 1, sizeof(**out));
	if (n == 0)
		take_configured(configured, *out);
	for (int i = 0; i < n; i++) {
		SU_TRY(check_socket(SD_LISTEN_FDS_START + i, names[i], err));
		(*out)[i].fd = SD_LISTEN_FDS_START + i;
	}
	return SU_OK;
}
