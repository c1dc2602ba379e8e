#!/usr/bin/env python3
# Asks Linux what it drops before PREROUTING, and writes kernel_verdicts.txt.
"""Writes kernel_verdicts.txt: frames, and what Linux does with each before PREROUTING.

Usage, as root: kernel_verdicts.py > kernel_verdicts.txt

Two network namespaces with a veth pair between them; the receiver drops everything in
raw PREROUTING, so that its IP error counters speak of what comes before. One line a frame:
verdict (pass, header, truncated), the ICMPv6 parameter problem that it was answered with
(code/pointer, or -), and the frame in hexadecimal.
"""

import atexit
import ctypes
import os
import random
import socket
import struct
import subprocess
import sys
import time

A, B = f"wire-a{os.getpid()}", f"wire-b{os.getpid()}"
MAC_A, MAC_B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
libc = ctypes.CDLL(None, use_errno=True)


def run(command):
    subprocess.run(command.split(), check=True, stdout=subprocess.DEVNULL)


def enter(netns):
    with open(f"/run/netns/{netns}") as file:
        if libc.setns(file.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def set_up():
    run(f"ip netns add {A}")
    run(f"ip netns add {B}")
    run(f"ip link add va netns {A} address {MAC_A} type veth peer name vb netns {B} address {MAC_B}")
    for netns, dev in ((A, "va"), (B, "vb")):
        run(f"ip netns exec {netns} ethtool -K {dev} rx off tx off tso off gso off gro off")
        run(f"ip -n {netns} link set {dev} up")
    run(f"ip -n {B} addr add 10.9.0.2/24 dev vb")
    run(f"ip -n {B} addr add fd09::2/64 dev vb nodad")
    run(f"ip -n {B} -6 neigh add fd09::1 lladdr {MAC_A} dev vb nud permanent")
    run(f"ip netns exec {B} iptables-legacy -t raw -A PREROUTING -j DROP")
    run(f"ip netns exec {B} ip6tables-legacy -t raw -A PREROUTING -j DROP")
    run(f"ip netns exec {B} sysctl -qw net.ipv6.icmp.ratelimit=0")


def tear_down():
    subprocess.run(["ip", "netns", "del", A])
    subprocess.run(["ip", "netns", "del", B])


def counters():
    found = {}
    with open("/proc/thread-self/net/snmp") as file:
        names, values = [line.split() for line in file if line.startswith("Ip:")]
    found.update(("Ip" + n, int(v)) for n, v in zip(names[1:], values[1:]))
    with open("/proc/thread-self/net/netstat") as file:
        names, values = [line.split() for line in file if line.startswith("IpExt:")]
    found.update(("Ip" + n, int(v)) for n, v in zip(names[1:], values[1:]))
    with open("/proc/thread-self/net/snmp6") as file:
        found.update((n, int(v)) for n, v in (line.split() for line in file) if n.startswith("Ip6"))
    return found


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(kind, payload):
    macs = bytes.fromhex((MAC_B + MAC_A).replace(":", ""))
    return macs + struct.pack("!H", kind) + payload


def v4(payload=b"\0" * 8, options=b"", ihl=None, total=None, version=4, protocol=17, flags=0,
       src="10.9.0.1", dst="10.9.0.2", ttl=64, wrong=0):
    ihl = 5 + len(options) // 4 if ihl is None else ihl
    total = 20 + len(options) + len(payload) if total is None else total
    fields = [version << 4 | ihl, 0, total, 7, flags, ttl, protocol, 0,
              socket.inet_aton(src), socket.inet_aton(dst)]
    form = "!BBHHHBBH4s4s"
    header = struct.pack(form, *fields) + options
    # The sum that the receiver checks is over as many bytes as IHL says.
    summed = (header + payload)[: ihl * 4]
    fields[7] = checksum(summed) ^ wrong
    return ethernet(0x0800, struct.pack(form, *fields) + options + payload)


def v6(payload=b"\0" * 8, next_header=17, length=None, version=6, src="fd09::1", dst="fd09::2",
       hop_limit=64):
    length = len(payload) if length is None else length
    return ethernet(0x86DD, struct.pack("!IHBB", version << 28, length, next_header, hop_limit)
                    + socket.inet_pton(socket.AF_INET6, src)
                    + socket.inet_pton(socket.AF_INET6, dst) + payload)


def hop_by_hop(options, units=None, next_header=17, behind=b"\0" * 8):
    body = options + b"\0" * (-(len(options) + 2) % 8)
    units = (len(body) + 2) // 8 - 1 if units is None else units
    return bytes([next_header, units]) + body + behind


def v4_cases(rng):
    whole = v4()
    for cut in range(14, len(whole) + 1):
        yield whole[:cut]
    for version in range(16):
        yield v4(version=version)
    for ihl in range(16):
        yield v4(ihl=ihl)
        yield v4(ihl=ihl, payload=b"\0" * 60)
        yield v4(options=b"\1" * 40, ihl=ihl)
    for total in list(range(0, 50)) + [1500, 65535]:
        yield v4(total=total)
        yield v4(total=total, options=b"\1" * 8)
    for padding in (1, 18, 46):
        yield v4() + b"\xa5" * padding
    for protocol in (0, 1, 6, 17, 50, 58, 132, 255):
        for length in (0, 1, 7, 19):
            yield v4(payload=b"\0" * length, protocol=protocol)
    for flags in (0x2000, 0x4000, 0x8000, 0x1FFF, 0x3FFF, 1, 0x6001):
        yield v4(flags=flags)
    for src in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "10.9.0.2", "240.0.0.1"):
        yield v4(src=src)
        yield v4(dst=src)
    for ttl in (0, 1, 255):
        yield v4(ttl=ttl)
    for wrong in (1, 0x8000, 0xFFFF):
        yield v4(wrong=wrong)
    for options in (b"\0\0\0\0", b"\7\3\4\0", b"\7\1\0\0", b"\7\xff\4\0", b"\x83\7\4\1\2\3\4\0",
                    b"\x94\4\0\0", b"\x44\4\5\0"):
        yield v4(options=options)
    for _ in range(150):
        frame = bytearray(v4(options=b"\1" * rng.choice((0, 0, 4, 8)),
                             payload=rng.randbytes(rng.randrange(40))))
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(14, min(len(frame), 40))
            frame[at] ^= 1 << rng.randrange(8)
        if rng.random() < 0.5:  # Right the checksum, so that other checks are reached.
            header = frame[14:14 + max(20, (frame[14] & 15) * 4)]
            header[10:12] = b"\0\0"
            frame[24:26] = struct.pack("!H", checksum(bytes(header)))
        yield bytes(frame)


def v6_cases(rng):
    whole = v6()
    for cut in range(14, len(whole) + 1):
        yield whole[:cut]
    for version in range(16):
        yield v6(version=version)
    for length in list(range(0, 20)) + [1500, 65535]:
        yield v6(length=length)
        yield v6(length=length) + b"\xa5" * 10
    for hop_limit in (0, 1, 255):
        yield v6(hop_limit=hop_limit)
    for address in ("::", "::1", "::ffff:10.0.0.1", "::10.0.0.1", "ff00::1", "ff01::1", "ff02::1",
                    "ff05::1", "ff0e::1", "fe80::1", "fec0::1", "64:ff9b::1", "2001:db8::1"):
        yield v6(src=address)
        yield v6(dst=address)
    for next_header in (0, 43, 44, 50, 51, 59, 60, 135, 6, 58):
        for payload in (b"", b"\x11", b"\x11\0\0\0\0\0\0\0", b"\x11\5" + b"\0" * 14,
                        b"\x3c\0\0\0\0\0\0\0" * 5 + b"\x11\0" + b"\0" * 14):
            yield v6(payload=payload, next_header=next_header)
    yield from hop_by_hop_cases(rng)
    for _ in range(150):
        frame = bytearray(v6(payload=rng.randbytes(rng.randrange(40)),
                             next_header=rng.choice((17, 6, 58, 43, 44, 60))))
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(14, min(len(frame), 60))
            frame[at] ^= 1 << rng.randrange(8)
        yield bytes(frame)


def hop_by_hop_cases(rng):
    def case(options, units=None, dst="fd09::2", **more):
        return v6(payload=hop_by_hop(options, units), next_header=0, dst=dst, **more)

    for options in (
        b"\1\4\0\0\0\0", b"\1\4\0\0\0\1", b"\0" * 6, b"\0" * 14, b"\1\5\0\0\0\0\0\0" + b"\0" * 6,
        b"\1\6\0\0\0\0\0\0", b"\1\14" + b"\0" * 12, b"\5\2\0\0\1\0", b"\5\1\0\0\0\0", b"\5\3\0\0\0\0",
        b"\x1e\2\0\0\0\0", b"\x5e\2\0\0\0\0", b"\x9e\2\0\0\0\0", b"\xde\2\0\0\0\0",
        b"\x1e\4\0\0\0\0" * 2, b"\xc2\4\0\1\0\0", b"\xc2\4\0\0\xff\xff", b"\0\xc2\4\0\1\0\0",
        b"\xc2\3\0\0\0\0", b"\7\x08" + b"\0" * 8, b"\7\4\0\0\0\0", b"\x31\2\0\0\0\0",
        b"\0\0\x31\2\0\0", b"\0\x31\2\0\0\0", b"\1\xff\0\0\0\0", b"\x1e\xff\0\0\0\0", b"\x1e",
        b"\1" * 1, b"\x1e\0" * 8, b"\x1e\0" * 9, b"\x3e\0\0\0\0\0", b"\0\0\0\0\0\x9e",
    ):
        yield case(options)
        yield case(options, dst="ff02::1")
        yield case(options, dst="ff0e::1")
        yield case(options, length=0)
    for units in (0, 1, 2, 3, 200, 255):
        yield case(b"\1\4\0\0\0\0", units)
    for payload in (b"", b"\x11", b"\x11\0", b"\x11\0\1\4\0\0\0", b"\x11\0\1\4\0\0\0\0"):
        yield v6(payload=payload, next_header=0)
        yield v6(payload=payload, next_header=0) + b"\0" * 20
        yield v6(payload=payload, next_header=0, length=0)
    for _ in range(250):
        options = b""
        while len(options) < rng.choice((6, 14, 22)):
            kind = rng.choice((0, 0, 1, 1, 5, 7, 30, 49, 94, 158, 194, 222, rng.randrange(256)))
            if kind == 0:
                options += b"\0"
            else:
                size = rng.choice((0, 0, 1, 2, 2, 4, 4, 8))
                value = b"\0" * size if rng.random() < 0.8 else rng.randbytes(size)
                options += bytes([kind, size]) + value
        yield case(options, rng.choice((None, None, None, 0, 1)),
                   dst=rng.choice(("fd09::2", "fd09::2", "ff02::1")))


def judge(link, frame):
    before = counters()
    link.send(frame)
    name = {"Ip6": "Ip6InReceives", "Ip": "IpInReceives"}["Ip6" if frame[12] == 0x86 else "Ip"]
    deadline = time.monotonic() + 2
    while True:
        after = counters()
        if after[name] > before[name]:
            break
        if time.monotonic() > deadline:
            raise RuntimeError("not received: " + frame.hex())
    gone = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    family = name.removesuffix("InReceives")
    if gone.get(family + "InHdrErrors"):
        verdict = "header"
    elif gone.get(family + "InTruncatedPkts"):
        verdict = "truncated"
    elif gone.get(family + "InDiscards") or gone.get(family + "InAddrErrors"):
        raise RuntimeError(f"{gone} {frame.hex()}")
    else:
        verdict = "pass"
    return verdict, answer(link)


def answer(link):
    while True:
        try:
            frame = link.recv(2048)
        except BlockingIOError:
            return "-"
        # Type 4 behind an IPv6 header: code and pointer.
        if frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] == 4:
            return f"{frame[55]}/{struct.unpack('!I', frame[58:62])[0]}"


def main():
    atexit.register(tear_down)
    set_up()
    enter(A)
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    link.bind(("va", 0))
    link.setblocking(False)
    enter(B)
    time.sleep(2.5)  # Router solicitations and duplicate address detection of the link.
    rng = random.Random(20)
    seen, tally = set(), {}
    print("# Linux", os.uname().release.split("-")[0], "by kernel_verdicts.py: verdict, answer, frame.")
    for frame in list(v4_cases(rng)) + list(v6_cases(rng)):
        if frame in seen:
            continue
        seen.add(frame)
        verdict, problem = judge(link, frame)
        tally[verdict] = tally.get(verdict, 0) + 1
        print(verdict, problem, frame.hex())
    print(tally, file=sys.stderr)


main()
