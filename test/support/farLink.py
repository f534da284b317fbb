"""A long cable: python3 farLink.py DEVICE DEVICE SECONDS LOSS SEED

Makes two TUN devices and carries IP packets between them, each SECONDS later, and LOSS of them (0 to 1) not at all. It
says "ready" when the devices are there, to be put into the namespaces of both ends; they go with this process.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000


def device(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def main():
    near, far = device(sys.argv[1]), device(sys.argv[2])
    delay, loss = float(sys.argv[3]), float(sys.argv[4])
    # One for each direction, so that what is lost does not depend on which of two packets came first.
    dice = {near: random.Random(sys.argv[5] + "near"), far: random.Random(sys.argv[5] + "far")}
    print("ready", flush=True)
    waiting, count = [], 0
    while True:
        pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for fd in select.select([near, far], [], [], pause)[0]:
            packet = os.read(fd, 65536)
            if dice[fd].random() >= loss:
                count += 1
                heapq.heappush(waiting, (time.monotonic() + delay, count, far if fd == near else near, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, fd, packet = heapq.heappop(waiting)
            try:
                os.write(fd, packet)
            except OSError:
                pass  # That end is not up yet, or no longer.


main()
