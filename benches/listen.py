"""Signed events a second that `roundup listen` takes while an ingest writes to the same lake, and how long each waits.

    python3 benches/listen.py target/release/roundup [--rate 1000] [--seconds 20] [--interviews 50000]

Events are sent when they are due, whether or not earlier ones were answered, over kept connections; a latency counts from
when an event was due, so that a receiver which stalls is not spared what it should have been asked meanwhile. The ingest
reads from a sandbox without a limit, again and again with `--refetch`, for as long as events are sent. Ends with 1 if the
99th percentile is 50 ms or more, an event was not answered 200, the rate was not reached, or the inbox lacks an event.
"""
import argparse
import asyncio
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("roundup", type=pathlib.Path)
arguments.add_argument("--rate", type=int, default=1000)
arguments.add_argument("--seconds", type=int, default=20)
arguments.add_argument("--interviews", type=int, default=50_000)
arguments.add_argument("--connections", type=int, default=64)
options = arguments.parse_args()
roundup = options.roundup.resolve()
KEY, SECRET = "rz_live_" + "0" * 60, "whsec_" + "0" * 32


def request(number):
    """An event of the vendor's shape, some 900 bytes with its head."""
    body = json.dumps({
        "id": f"evt_{number:032x}", "type": "interview_ended", "created": int(time.time()),
        "data": {
            "interview": {"id": f"bench-{number}", "token": "t" * 40, "status": "completed",
                          "estimated_duration_seconds": 1800, "estimated_credits": 3,
                          "started_at": "2026-05-01T10:00:00Z", "completed_at": "2026-05-01T10:30:00Z",
                          "expires_at": "2026-05-08T10:00:00Z", "created_at": "2026-04-30T10:00:00Z"},
            "job": {"id": "job-1", "title": "Backend Developer", "department": "Engineering", "location": None},
            "candidate": {"id": f"candidate-{number}", "name": "A Candidate", "email": "a@candidate.example",
                          "title": None},
        },
    }).encode()
    now = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), now.encode() + b"." + body, hashlib.sha256).hexdigest()
    return (f"POST /webhooks/round0 HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            f"x-webhook-signature: t={now},v1={signature}\r\ncontent-length: {len(body)}\r\n\r\n").encode() + body


async def connection(address, queue, latencies, wrong):
    reader, writer = await asyncio.open_connection(*address)
    while (due := await queue.get()) is not None:
        moment, payload = due
        writer.write(payload)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(length)
        latencies.append(time.monotonic() - moment)
        if not head.startswith(b"HTTP/1.1 200"):
            wrong.append(head.split(b"\r\n")[0])
    writer.close()


async def send(address, count):
    payloads = [request(number) for number in range(count)]
    queue, latencies, wrong = asyncio.Queue(), [], []
    workers = [asyncio.create_task(connection(address, queue, latencies, wrong)) for _ in range(options.connections)]
    await asyncio.sleep(0.2)
    began = time.monotonic()
    for number, payload in enumerate(payloads):
        moment = began + number / options.rate
        if (wait := moment - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        queue.put_nowait((moment, payload))
    for _ in workers:
        queue.put_nowait(None)
    await asyncio.gather(*workers)
    return time.monotonic() - began, latencies, wrong


def started(command, environment):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    return process, process.stdout.readline().split()[-1]


with tempfile.TemporaryDirectory() as folder:
    environment = os.environ | {"ROUNDZERO_API_KEY": KEY, "XDG_STATE_HOME": f"{folder}/state", "HOOK_SECRET": SECRET}
    sandbox, api = started([roundup, "sandbox", "--interviews", str(options.interviews), "--requests-per-minute",
                            "unlimited", "--key", KEY, "--ids-out", f"{folder}/ids.txt"], environment)
    listener, hook = started([roundup, "listen", "--lake", f"{folder}/lake", "--addr", "127.0.0.1:0",
                              "--secret-env", "HOOK_SECRET"], environment)
    ingest = ["sh", "-c", 'while "$0" "$@"; do :; done', roundup, "-q", "ingest", "--lake", f"{folder}/lake", "--api",
              f"{api}/api/v1", "--requests-per-minute", "100000000", "--questions", "none", "--refetch",
              f"{folder}/ids.txt"]
    ingest = subprocess.Popen(ingest, env=environment, start_new_session=True)
    time.sleep(1)
    host, port = hook.removeprefix("http://").split(":")
    count = options.rate * options.seconds
    took, latencies, wrong = asyncio.run(send((host, int(port)), count))
    was_busy = ingest.poll() is None
    os.killpg(ingest.pid, 9)
    ingest.wait()
    status = json.loads(subprocess.check_output([roundup, "status", "--lake", f"{folder}/lake", "--format", "json"],
                                                env=environment))
    for process in (listener, sandbox):
        process.terminate()
        process.wait()

latencies.sort()
at = lambda share: latencies[min(len(latencies) - 1, int(share * len(latencies)))] * 1000
kept = status["inbox_events_waiting"]
print(f"{len(latencies) / took:8.0f} events/s  median {at(0.5):6.1f} ms  p99 {at(0.99):6.1f} ms  largest {latencies[-1] * 1000:6.1f} ms"
      f"  {len(wrong)} not answered 200  {kept} of {count} in the inbox  an ingest beside it: {was_busy}")
sys.exit(at(0.99) >= 50 or bool(wrong) or kept != count or len(latencies) / took < options.rate * 0.98 or not was_busy)
