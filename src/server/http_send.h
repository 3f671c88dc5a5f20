/* SPDX-License-Identifier: Apache-2.0 */
/* Hands the reply of a request to libmicrohttpd. */
#pragma once

#include "server/http_exchange.h"

/* 500 where none was given. The result is libmicrohttpd's to hear. */
enum MHD_Result http_send_reply(struct http_exchange *exchange);
