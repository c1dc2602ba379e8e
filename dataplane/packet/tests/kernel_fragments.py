#!/usr/bin/env python3
# Asks Linux how it cuts packets to an MTU, and writes kernel_fragments.txt.
"""Writes kernel_fragments.txt: packets longer than an MTU, and the fragments Linux makes of them.

Usage, as root: kernel_fragments.py > kernel_fragments.txt

Three network namespaces in a row; the middle one forwards to a link with a smaller MTU. One line
a packet: the MTU, the packet as sent, the fragments as received; each is its IP header in
hexadecimal, a colon and how many bytes follow. What follows is the next piece of the data in
each fragment, which is checked here. IPv6 is only cut where it is sent: there the middle answers
long echo requests, and of the packet, which nobody sees whole, only the length is known.
"""

import atexit
import ctypes
import os
import random
import socket
import struct
import subprocess
import time

A, R, B = (f"wire-{name}{os.getpid()}" for name in "arb")
MACS = {"va": "02:00:00:00:00:0a", "ra": "02:00:00:00:00:1a",
        "rb": "02:00:00:00:00:1b", "vb": "02:00:00:00:00:0b"}
R_ADDRESS = socket.inet_pton(socket.AF_INET6, "fd08::2")
libc = ctypes.CDLL(None, use_errno=True)


def run(command, **more):
    return subprocess.run(command.split(), check=True, stdout=subprocess.DEVNULL, **more)


def enter(netns):
    with open(f"/run/netns/{netns}") as file:
        if libc.setns(file.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def set_up():
    for netns in (A, R, B):
        run(f"ip netns add {netns}")
    for left, right, (dev, peer) in ((A, R, ("va", "ra")), (R, B, ("rb", "vb"))):
        run(f"ip link add {dev} netns {left} address {MACS[dev]} type veth "
            f"peer name {peer} netns {right} address {MACS[peer]}")
        for netns, name in ((left, dev), (right, peer)):
            run(f"ip netns exec {netns} ethtool -K {name} rx off tx off tso off gso off gro off")
            run(f"ip -n {netns} link set {name} mtu 9000 up")
    run(f"ip -n {A} addr add 10.8.1.1/24 dev va")
    run(f"ip -n {R} addr add 10.8.1.2/24 dev ra")
    run(f"ip -n {R} addr add 10.8.2.2/24 dev rb")
    run(f"ip -n {R} neigh add 10.8.2.1 lladdr {MACS['vb']} dev rb nud permanent")
    run(f"ip -n {A} addr add fd08::1/64 dev va nodad")
    run(f"ip -n {R} addr add fd08::2/64 dev ra nodad")
    run(f"ip netns exec {R} sysctl -qw net.ipv4.ip_forward=1")


def tear_down():
    for netns in (A, R, B):
        subprocess.run(["ip", "netns", "del", netns])


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(payload, options, flags, ident):
    fields = [0x40 | 5 + len(options) // 4, 0x10, 20 + len(options) + len(payload), ident, flags,
              64, 17, 0, socket.inet_aton("10.8.1.1"), socket.inet_aton("10.8.2.1")]
    form = "!BBHHHBBH4s4s"
    fields[7] = checksum(struct.pack(form, *fields) + options)
    return struct.pack(form, *fields) + options + payload


def listen(netns, dev, kind):
    enter(netns)
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind))
    link.bind((dev, kind))
    link.setblocking(False)
    return link


def header_length(found):
    return 48 if found[0] >> 4 == 6 else (found[0] & 15) * 4


def text(found):
    cut = header_length(found)
    return f"{found[:cut].hex()}:{len(found) - cut}"


def drain(link):
    found = []
    while True:
        try:
            frame, sender = link.recvfrom(65535)
        except BlockingIOError:
            return found
        if sender[2] != socket.PACKET_OUTGOING:
            found.append(frame[14:])


# No operation and end; router alert; two unknown kinds, the first of which goes into each
# fragment; a full record route; a length that leads past the options is dropped before.
OPTIONS = [b"", b"\1\1\1\1", b"\x94\4\0\0", b"\x9f\4\xaa\xbb\x1f\4\xcc\xdd", b"\x1f\3\1\1",
           b"\7\7\x08\1\2\3\4\0", b"\x1f\x08" + b"\x55" * 6 + b"\x9f\x08" + b"\x66" * 6,
           b"\1\x1f\4\7\7\x9f\3\x08", b"\x1f\4\1\2\0\0\0\0", b"\1" * 40]


def ipv4(rng):
    out, back = listen(A, "va", 0x0800), listen(B, "vb", 0x0800)
    header = bytes.fromhex((MACS["ra"] + MACS["va"]).replace(":", "")) + b"\x08\0"
    for mtu in (68, 75, 76, 100, 296, 576, 1280, 1281, 1287, 1400, 1500):
        run(f"ip -n {R} link set rb mtu {mtu}")
        for options in OPTIONS:
            for size in {mtu - 20, mtu - 19, mtu, 2 * mtu - 40, 2 * mtu - 37, rng.randrange(2 * mtu)}:
                flags = rng.choice((0, 0, 0, 0x2000, 0x2003, 0x0010, 0x8000))
                if flags & 0x2000:
                    size &= ~7  # As a fragment with others behind it is.
                if 20 + len(options) + size <= mtu:
                    continue
                whole = packet(rng.randbytes(size), options, flags, rng.randrange(65536))
                drain(back)
                out.send(header + whole)
                fragments = drain(back)
                if not fragments:
                    raise RuntimeError(f"no answer: {mtu} {options} {size} {flags:x}")
                print(mtu, text(whole), *map(text, fragments))
                if whole[header_length(whole):] != b"".join(f[header_length(f):] for f in fragments):
                    raise RuntimeError(f"the data differs: {whole.hex()}")


def ipv6():
    back = listen(A, "va", 0x86DD)
    for mtu in (1280, 1285, 1400, 1500):
        # Both ends: veth drops what is longer than its receiver's MTU.
        run(f"ip -n {R} link set ra mtu {mtu}")
        run(f"ip -n {A} link set va mtu {mtu}")
        for size in (1232, 1233, 1500, 2464, 2465, 4000, 8000):
            if size + 48 <= mtu:
                continue
            drain(back)
            run(f"ip netns exec {A} ping -6 -c 1 -W 2 -M dont -s {size} fd08::2")
            fragments = [found for found in drain(back) if found[6] == 44]
            fragments = [found for found in fragments if found[8:24] == R_ADDRESS]
            print(mtu, f":{size + 8}", *map(text, fragments))


def main():
    atexit.register(tear_down)
    set_up()
    time.sleep(1)
    print("# Linux", os.uname().release.split("-")[0], "by kernel_fragments.py: MTU, packet, fragments.")
    ipv4(random.Random(20))
    ipv6()


main()
