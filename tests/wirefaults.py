"""How an exchange over HTTP breaks on the wire, whoever is asked: each leaves no usable answer."""

from __future__ import annotations

from rawserver import Act, dripping, reply, then_close, then_reset, then_silence

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_SIZED = _HEAD + b"Content-Length: 500\r\n\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

#: What happens once the whole request has come.
ON_REQUEST: dict[str, Act] = {
    "closed without a byte": then_close(b""),
    "reset without a byte": then_reset(b""),
    "cut in the status line": then_close(b"HTTP/1.1 20"),
    "cut in the headers": then_close(_HEAD + b"Content-Le"),
    "cut before the body": then_close(_SIZED),
    "cut in a body of known length": then_close(_SIZED + b'{"MediaContainer": {'),
    "reset in a body of known length": then_reset(_SIZED + b'{"data": {'),
    "cut in a body of chunks": then_close(_CHUNKED + b'5\r\n{"a":\r\n'),
    "cut in a chunk": then_close(_CHUNKED + b'50\r\n{"a":'),
    "a chunk of no size": then_close(_CHUNKED + b"zz\r\n{}\r\n"),
    "another protocol": then_close(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "TLS where none was asked for": then_close(b"\x15\x03\x03\x00\x02\x02\x46"),
    "an answer before HTTP had headers": then_close(b"hello\r\n\r\n"),
    "a status below all": then_close(b"HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n"),
    "a status of four digits": then_close(b"HTTP/1.1 2000 No\r\nContent-Length: 0\r\n\r\n"),
    "a length that is no number": then_close(_HEAD + b"Content-Length: many\r\n\r\n{}"),
    "two lengths": then_close(_HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "an unknown transfer encoding": then_close(_HEAD + b"Transfer-Encoding: sealed\r\n\r\n{}"),
    "headers without end": then_close(_HEAD + b"A: b\r\n" * 30_000),
    "only 100 Continue": then_close(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "only 102 Processing": then_close(b"HTTP/1.1 102 Processing\r\n\r\n"),
    "only 103 Early Hints": then_close(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "101 Switching Protocols": then_close(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
    "half a refusal": then_close(reply(400, "bad " * 100)[:-100]),
}
#: The same, where the answer does not end and the connection stays.
WITHOUT_END: dict[str, Act] = {
    "silence": then_silence(b""),
    "silence after the headers": then_silence(_SIZED),
    "silence in the body": then_silence(_SIZED + b'{"data"'),
    "headers that drip": dripping(_SIZED, 0.05),
    "a body that drips": dripping(_SIZED + b" " * 500, 0.05),
}
#: What happens to a connection before anything is read from it.
ON_CONNECTION: dict[str, Act] = {
    "closed at once": then_close(b""),
    "reset at once": then_reset(b""),
    "greeted in another protocol": then_close(b"220 mail.example ESMTP\r\n"),
    "answered unasked": then_close(b"\x00" * 40),
}
