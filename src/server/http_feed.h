/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams: bodies of any length in bounded memory. Bytes gather in one piece; when it is full the
 * connection is suspended until a worker has written it.
 */
#pragma once

#include "server/http_exchange.h"

void http_feed_begin(struct http_exchange *exchange);
/* Takes what fits; *size is what is left. false: the exchange is refused or waits. */
void http_feed_take(struct http_exchange *exchange, const char *data, size_t *size);
void http_feed_end(struct http_exchange *exchange);
/* The stream, if there is one, will get no more. */
void http_feed_drop(struct http_exchange *exchange);
