"""seccomp_agent.py SOCKET ERRNO - the other side of linux.seccomp.listenerPath, for spec_linux.bats.

Takes one connection, prints what was sent and "end" when nothing came behind it, then answers one system call with ERRNO.
"""
import array
import fcntl
import socket
import struct
import sys

RECV, SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND

server = socket.socket(socket.AF_UNIX)
server.settimeout(20)
server.bind(sys.argv[1])
server.listen(1)
client, _ = server.accept()
fds = array.array("i")
text, ancillary, _, _ = client.recvmsg(65536, socket.CMSG_SPACE(4))
for level, kind, data in ancillary:
    if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
        fds.frombytes(data[:4])
print(text.decode())
print("end" if client.recv(1) == b"" else "more", flush=True)
call = bytearray(80)
fcntl.ioctl(fds[0], RECV, call)
(identity,) = struct.unpack_from("Q", call)
fcntl.ioctl(fds[0], SEND, bytearray(struct.pack("QqiI", identity, 0, -int(sys.argv[2]), 0)))
