/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A refusal that is sent while its request is still coming: were the socket closed then, the unread
 * bytes would reset the connection and the client might never see why it was refused. So a second
 * descriptor keeps the socket for a moment, and what still comes is thrown away. Loop thread.
 */
#pragma once

#include "base/loop.h"

struct http_linger;

struct http_linger *http_linger_new(struct su_loop *loop);
void http_linger_free(struct http_linger **linger); /* closes all that linger */
/* fd stays the caller's. Does nothing when too many linger already. */
void http_linger_keep(struct http_linger *linger, int fd);
