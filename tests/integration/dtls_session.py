# SPDX-License-Identifier: Apache-2.0
"""A DTLS client with a pre-shared key over OpenSSL's library, whose records a test can hold in its hand."""

import ctypes
import ctypes.util

from coap_raw import open_socket

CIPHER = b"PSK-AES128-CCM8:@SECLEVEL=0"
MTU = 1400
SET_MTU, NO_QUERY_MTU = 17, 1 << 12
PENDING, SET_EOF_RETURN = 10, 130
KEY_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_uint, ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char), ctypes.c_uint,
    ctypes.POINTER(ctypes.c_char), ctypes.c_uint)  # fmt: skip


def load(name, functions):
    library = ctypes.CDLL(ctypes.util.find_library(name))
    for function, (result, *arguments) in functions.items():
        getattr(library, function).restype = result
        getattr(library, function).argtypes = arguments
    return library


VOID, INT, LONG, TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_char_p
crypto = load("crypto", {
    "BIO_s_mem": (VOID,), "BIO_new": (VOID, VOID), "BIO_read": (INT, VOID, VOID, INT),
    "BIO_write": (INT, VOID, TEXT, INT), "BIO_ctrl": (LONG, VOID, INT, LONG, VOID)})  # fmt: skip
ssl = load("ssl", {
    "DTLS_client_method": (VOID,), "SSL_CTX_new": (VOID, VOID), "SSL_CTX_free": (None, VOID),
    "SSL_CTX_set_cipher_list": (INT, VOID, TEXT), "SSL_new": (VOID, VOID), "SSL_free": (None, VOID),
    "SSL_CTX_set_psk_client_callback": (None, VOID, KEY_CALLBACK), "SSL_connect": (INT, VOID),
    "SSL_set_bio": (None, VOID, VOID, VOID), "SSL_set_options": (ctypes.c_uint64, VOID, ctypes.c_uint64),
    "SSL_ctrl": (LONG, VOID, INT, LONG, VOID), "SSL_read": (INT, VOID, VOID, INT),
    "SSL_write": (INT, VOID, TEXT, INT)})  # fmt: skip


class DtlsSession:
    """One session over one socket. seal() gives the datagram of a message, opened() the message in one."""

    def __init__(self, uri, identity, key, timeout=5):
        self.socket = open_socket(uri, timeout)
        self.on_key = KEY_CALLBACK(lambda *args: self._give_key(identity.encode(), key.encode(), *args))
        self.context = ssl.SSL_CTX_new(ssl.DTLS_client_method())
        assert ssl.SSL_CTX_set_cipher_list(self.context, CIPHER) == 1
        ssl.SSL_CTX_set_psk_client_callback(self.context, self.on_key)
        self.ssl = ssl.SSL_new(self.context)
        self.inward, self.outward = (crypto.BIO_new(crypto.BIO_s_mem()) for _ in range(2))
        for bio in (self.inward, self.outward):
            crypto.BIO_ctrl(bio, SET_EOF_RETURN, -1, None)
        ssl.SSL_set_bio(self.ssl, self.inward, self.outward)
        ssl.SSL_set_options(self.ssl, NO_QUERY_MTU)
        ssl.SSL_ctrl(self.ssl, SET_MTU, MTU, None)
        while ssl.SSL_connect(self.ssl) != 1:
            self.socket.send(self._written())
            self._take(self.socket.recv(4096))

    @staticmethod
    def _give_key(identity, key, _ssl, _hint, identity_out, _size, key_out, _key_size):
        ctypes.memmove(identity_out, identity + b"\0", len(identity) + 1)
        ctypes.memmove(key_out, key, len(key))
        return len(key)

    def _written(self):
        size = crypto.BIO_ctrl(self.outward, PENDING, 0, None)
        out = ctypes.create_string_buffer(size)
        assert crypto.BIO_read(self.outward, out, size) == size
        return out.raw

    def _take(self, datagram):
        assert crypto.BIO_write(self.inward, datagram, len(datagram)) == len(datagram)

    def seal(self, message):
        assert ssl.SSL_write(self.ssl, message, len(message)) == len(message)
        return self._written()

    def opened(self, datagram):
        out = ctypes.create_string_buffer(4096)
        self._take(datagram)
        size = ssl.SSL_read(self.ssl, out, len(out))
        assert size > 0, "not a record of application data"
        return out.raw[:size]

    # As a socket

    def send(self, message):
        self.socket.send(self.seal(message))

    def recv(self, _size=4096):
        return self.opened(self.socket.recv(4096))

    def close(self):
        ssl.SSL_free(self.ssl)
        ssl.SSL_CTX_free(self.context)
        self.socket.close()
