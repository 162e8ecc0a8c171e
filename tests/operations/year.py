"""A year of nights, each a `roundup run` at its own virtual date: how many false alarms there are, and whether each planted
fault is found in its first night.

    python3 tests/operations/year.py target/release/roundup FOLDER [--company 0] [--seed 1] [--keep]

The interviews are those of `roundup sandbox`, dated anew and served from here, so that each night has those of its day:
fewer on weekends and holidays, more from month to month, and in batches where invitations went out together. Some transcripts
are late or never come, and are asked for again. Events go to a `roundup listen` of that evening. `faketime` tells both what
time it is. Of some workdays the lake is copied, and the night is run with a fault in each copy.

FOLDER should be in memory (/dev/shm), as a run waits for the disk a dozen times. What is made there is deleted, unless --keep is
given. Ends with 1 if there is a false alarm a month, a fault is not found, a run does not end with 0, or a run counted other
interviews than were served.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import datetime
import hashlib
import hmac
import http.client
import http.server
import json
import math
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

UTC = datetime.timezone.utc
# A Monday that is ahead of any disk's clock, so that files are as old to a run as they would be a night later.
BEGIN = datetime.datetime(2040, 1, 2, 0, 30, tzinfo=UTC)
# As many nights as a run learns from, and a year.
LEARNT, NIGHTS = 56, 56 + 365
HOLIDAYS = {30, 94, 97, 121, 135, 146, 156, 227, 276, 304, *range(358, 367)}
# Nights for which an interview without a transcript is asked for again.
ASKED_AGAIN = 5
SENDERS = 8
KEY, SECRET = "rz_live_" + "0" * 60, "whsec_" + "0" * 32
# What is planted, and the expectation that has to notice it.
FAULTS = {
    "half of the transcripts gone": "without-transcript",
    "the largest job silent": "jobs",
    "durations doubled": "duration",
    "events stopped": "events",
}

# Completed interviews of the largest job on a workday; jobs; volume at the end of the year for one at its beginning; share of
# a workday that a quiet night has; variance of counts for one of their means; share of the jobs that invite in batches; share
# of the interviews that events tell of.
Company = collections.namedtuple("Company", "largest jobs growth weekend dispersion batched by_event")
COMPANIES = [
    Company(30, 10, 2.0, 0.15, 1.5, 0.5, 0.95),
    Company(25, 6, 1.3, 0.3, 2.0, 0.35, 0.0),
    Company(40, 8, 1.0, 0.0, 3.0, 0.3, 0.6),
]


def is_quiet(night):
    return night % 7 >= 5 or night % 365 in HOLIDAYS


def count(draws, mean, dispersion):
    """A count with this mean, and a variance that is `dispersion` times as large."""
    if mean <= 0:
        return 0
    if dispersion > 1:
        mean = draws.gammavariate(mean / (dispersion - 1), dispersion - 1)
    events, left = 0, draws.expovariate(1)
    while left < mean:
        events, left = events + 1, left + draws.expovariate(1)
    return events


def volumes(company, draws):
    """For each night and job, how many interviews were completed and how many expired."""
    nights = [[[0, 0] for _ in range(company.jobs)] for _ in range(NIGHTS)]
    for job in range(company.jobs):
        mean = company.largest * 0.1 ** (job / max(company.jobs, 2))
        is_batched = job > 0 and draws.random() < company.batched
        for night in range(NIGHTS):
            grown = mean * company.growth ** (night / 365)
            if not is_batched:
                nights[night][job][0] += count(draws, grown * (company.weekend if is_quiet(night) else 1), company.dispersion)
                nights[night][job][1] += count(draws, 0.3 * grown, company.dispersion)
            elif not is_quiet(night) and draws.random() < 1 / 15:
                # Two thirds answer within eight days, most of them at once. The others expire together.
                for _ in range(count(draws, grown * 15, 2)):
                    at, is_completed = night + 14, draws.random() < 2 / 3
                    if is_completed:
                        at = night + 1 + int(draws.expovariate(1 / 2))
                        while is_quiet(at) and draws.random() >= company.weekend:
                            at += 1
                    if at < NIGHTS:
                        nights[at][job][not is_completed] += 1
    return nights


class Vendor:
    """The vendor's API: the interviews of the last nights."""

    def __init__(self, sample):
        self.sample = sample
        self.night = 0
        # By id: the night it is of, and the body of that night and of later ones.
        self.interviews = {}
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body leave together, or each answer waits for the client's acknowledgement.
            wbufsize = -1

            def handle(self):
                # A run ends without closing what it has kept open.
                with contextlib.suppress(ConnectionError):
                    super().handle()

            def do_GET(self):
                known = vendor.interviews.get(self.path.rsplit("/", 1)[-1])
                if self.headers["authorization"] != f"Bearer {KEY}":
                    status, body = 401, b"{}"
                elif known is None:
                    status, body = 404, b'{"error":{"type":"resource_not_found","message":"Interview not found"}}'
                else:
                    of_night, first, later = known
                    status, body = 200, first if of_night == vendor.night else later
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def api(self):
        return f"http://127.0.0.1:{self.server.server_port}/api/v1"

    def begin(self, night):
        self.night = night
        self.interviews = {id: one for id, one in self.interviews.items() if one[0] > night - ASKED_AGAIN}

    def add(self, id, job, is_completed, fault, draws):
        """Makes an interview that settled on the day before tonight."""
        title, bodies = self.sample[job % len(self.sample)]
        body = json.loads(draws.choice(bodies["completed" if is_completed else "expired"] or bodies["completed"]))
        body |= {"id": id, "status": "completed" if is_completed else "expired"}
        body["job"] = {"id": f"job-{job}", "title": f"{title} {job}", "department": "Everything"}
        body["candidate"] |= {"id": f"candidate-{id}", "email": f"{id}@candidate.example"}
        settled = BEGIN + datetime.timedelta(days=self.night - 1, minutes=draws.randrange(6 * 60, 23 * 60))
        field = "completed_at" if is_completed else "expires_at"
        moved = settled - (time_of(body.get(field)) or settled)
        for part in [body, *body.get("responses", [])]:
            for name in ["created_at", "started_at", "completed_at", "expires_at", "answered_at"]:
                if at := time_of(part.get(name)):
                    part[name] = (at + moved).isoformat().replace("+00:00", "Z")
        body[field] = settled.isoformat().replace("+00:00", "Z")
        late = {}
        if is_completed:
            self.answer(body, job, fault, draws)
            # A transcription that fails mostly loses the whole interview. Half of what is lost comes later.
            is_lost = draws.random() < (0.5 if fault == "half of the transcripts gone" else 0.02)
            for place, response in enumerate(body["responses"]):
                if is_lost or draws.random() < 0.01:
                    if draws.random() < 0.5:
                        late[place] = response["transcript"]
                    response["transcript"] = None
        else:
            for name in ["responses", "completed_at"]:
                body.pop(name, None)
        first = later = json.dumps(body).encode()
        if late:
            for place, transcript in late.items():
                body["responses"][place]["transcript"] = transcript
            later = json.dumps(body).encode()
        self.interviews[id] = (self.night, first, later)
        return body

    def answer(self, body, job, fault, draws):
        """Gives the answers durations as they are usual of this job and person."""
        factor = (1 + job % 5 * 0.25) * math.exp(0.3 * draws.gauss(0, 1)) * (2 if fault == "durations doubled" else 1)
        for response in body.setdefault("responses", []):
            if response.get("duration_seconds"):
                response["duration_seconds"] = round(response["duration_seconds"] * factor, 1)
            if draws.random() < 0.01:
                response["duration_seconds"] = None


def time_of(text):
    try:
        return datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


class House:
    """Where a pipeline and its lake are."""

    def __init__(self, roundup, folder, preload, vendor):
        self.roundup, self.folder, self.preload, self.vendor = roundup, folder, preload, vendor

    def environment(self, now):
        return os.environ | {
            "LD_PRELOAD": self.preload, "FAKETIME": f"@{now:%Y-%m-%d %H:%M:%S}", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1", "TZ": "UTC", "XDG_STATE_HOME": f"{self.folder}/state",
            "ROUNDZERO_API_KEY": KEY, "HOOK_SECRET": SECRET,
        }

    def listen(self, interviews):
        """Sends the events of these interviews to a receiver of the evening before."""
        evening = BEGIN + datetime.timedelta(days=self.vendor.night, hours=-1)
        command = [self.roundup, "--quiet", "listen", "--lake", "lake", "--addr", "127.0.0.1:0", "--secret-env", "HOOK_SECRET"]
        receiver = subprocess.Popen(command, cwd=self.folder, env=self.environment(evening), stdout=subprocess.PIPE, text=True)
        address = receiver.stdout.readline().split("//")[-1].strip()
        # Each event waits until it is on the disk, so several are on their way.
        shares = [interviews[first::SENDERS] for first in range(SENDERS)]
        with concurrent.futures.ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(lambda share: self.send(address, int(evening.timestamp()), share), shares))
        receiver.terminate()
        assert receiver.wait() == 0

    def send(self, address, at, interviews):
        connection = http.client.HTTPConnection(address)
        for body in interviews:
            word = hashlib.md5(body["id"].encode()).hexdigest()
            event = {"id": f"evt_{word}", "type": "interview_ended", "created": at}
            event["data"] = {"interview": {"id": body["id"], "token": f"tok_{word}", "status": "completed"},
                             "job": body["job"], "candidate": body["candidate"]}
            event = json.dumps(event).encode()
            signature = hmac.new(SECRET.encode(), b"%d." % at + event, hashlib.sha256).hexdigest()
            headers = {"content-type": "application/json", "x-webhook-signature": f"t={at},v1={signature}"}
            connection.request("POST", "/webhooks/round0", event, headers)
            answer = connection.getresponse()
            assert answer.read() is not None and answer.status == 200, answer.status
        connection.close()

    def night(self, company, volume, fault, draws):
        """Runs a night, and returns what was not as expected."""
        vendor, listed, told = self.vendor, [], []
        completed = 0
        mark = fault.split()[-1] if fault else "usual"
        for job, counts in enumerate(volume):
            for is_completed in (True, False):
                silent = fault == "the largest job silent" and job == 0 and is_completed
                for number in range(0 if silent else counts[not is_completed]):
                    id = f"{vendor.night:03}-{mark}-{job}-{int(is_completed)}-{number}"
                    body = vendor.add(id, job, is_completed, fault, draws)
                    completed += is_completed
                    has_event = is_completed and fault != "events stopped" and draws.random() < company.by_event
                    (told if has_event else listed).append(body)
        (self.folder / "ids.txt").write_text("".join(body["id"] + "\n" for body in listed))
        if told:
            self.listen(told)
        now = BEGIN + datetime.timedelta(days=vendor.night, seconds=draws.randrange(300))
        run = subprocess.run([self.roundup, "--quiet", "run", "nightly.toml"], cwd=self.folder, env=self.environment(now),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        last = json.loads((self.folder / "lake/_roundup/last-run.json").read_text())
        found = (run.returncode, last["started_at"][:10], last["complete"], last["night"]["completed"], last["night"]["by_event"])
        expected = (0, f"{now:%Y-%m-%d}", True, completed, len(told))
        if found != expected:
            sys.exit(f"night {vendor.night} ({fault}): {found}, not {expected}\n{run.stdout}")
        return [(one["expectation"], one["text"]) for one in last["expect"]["unmet"]]

    def copied(self):
        """A copy beside it, for one night."""
        beside = self.folder.parent / "fault"
        shutil.rmtree(beside, ignore_errors=True)
        # Not shutil: the links of the Delta tables are links there, too.
        subprocess.run(["cp", "-a", self.folder, beside], check=True)
        return House(self.roundup, beside, self.preload, self.vendor)


def bodies_of_sandbox(roundup, folder, seed):
    """The settled interviews of a sandbox by job and status."""
    command = [roundup, "sandbox", "--interviews", "600", "--seed", str(seed), "--requests-per-minute", "unlimited", "--key", KEY,
               "--ids-out", folder / "sandbox.txt"]
    sandbox = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    connection = http.client.HTTPConnection(sandbox.stdout.readline().split("//")[-1].strip())
    jobs = collections.defaultdict(lambda: {"completed": [], "expired": []})
    for id in (folder / "sandbox.txt").read_text().split():
        connection.request("GET", f"/api/v1/interviews/{id}", headers={"authorization": f"Bearer {KEY}"})
        body = json.loads(connection.getresponse().read())
        if body["status"] in ("completed", "expired") and body.get("candidate") and body.get("responses", True):
            jobs[body["job"]["title"]][body["status"]].append(json.dumps(body))
    sandbox.terminate()
    sandbox.wait()
    return sorted(jobs.items())


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("roundup", type=pathlib.Path)
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--company", type=int, default=0, choices=range(len(COMPANIES)))
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--keep", action="store_true")
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="year", dir=options.folder))
    try:
        return judged(options, folder)
    finally:
        if not options.keep:
            shutil.rmtree(folder)


def judged(options, folder):
    began = time.monotonic()
    roundup, company = options.roundup.resolve(), COMPANIES[options.company]
    home = folder / "usual"
    home.mkdir()
    preload = subprocess.check_output(["faketime", "-m", "-f", "@2040-01-01 00:00:00", "printenv", "LD_PRELOAD"], text=True)
    vendor = Vendor(bodies_of_sandbox(roundup, folder, options.seed))
    (home / "nightly.toml").write_text(
        f'[source]\napi = "{vendor.api}"\ninterviews = ["ids.txt"{", " + chr(34) + "inbox" + chr(34) if company.by_event else ""}]\n'
        '[lake]\npath = "lake"\n[ingest]\nrequests-per-minute = 600000\nquestions = "none"\n[expect]\n')
    house = House(roundup, home, preload.strip(), vendor)
    draws, planted = random.Random(options.seed), random.Random(-options.seed)
    of_night = volumes(company, draws)
    faults = [fault for fault in FAULTS if company.by_event or fault != "events stopped"]
    days = {night for night in range(LEARNT + 8, NIGHTS, 27) if not is_quiet(night)}
    alarms, missed, interviews = [], [], 0
    for night in range(NIGHTS):
        vendor.begin(night)
        for fault in faults if night in days else []:
            unmet = house.copied().night(company, of_night[night], fault, planted)
            if FAULTS[fault] not in [expectation for expectation, _ in unmet]:
                missed.append((night, fault, unmet))
        unmet = house.night(company, of_night[night], None, draws)
        interviews += sum(map(sum, of_night[night]))
        if night >= LEARNT:
            alarms += [(night, *one) for one in unmet]
        elif unmet:
            print(f"night {night}, before the year that counts: {unmet}")
    for night, expectation, text in alarms:
        print(f"false alarm in night {night}: {text}")
    for night, fault, unmet in missed:
        print(f"not found in night {night}: {fault}; {unmet}")
    print(f"{company}, seed {options.seed}: {NIGHTS} nights with {interviews} interviews in {time.monotonic() - began:.0f} s; "
          f"{len(alarms) / 12:.2f} false alarms a month; {len(days) * len(faults) - len(missed)} of {len(days) * len(faults)} "
          "planted faults found in their first night")
    return len(alarms) >= 12 or bool(missed)


sys.exit(main())
