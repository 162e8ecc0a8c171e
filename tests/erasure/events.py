"""Sends signed events of interviews to a receiver, as the vendor does: that each was completed.

    events.py URL SECRET IDS.txt ADDRESS
"""

import hashlib
import hmac
import json
import sys
import time
import urllib.request
from pathlib import Path

url, secret, ids, address = sys.argv[1:]
for number, interview in enumerate(Path(ids).read_text().split()):
    data = {"interview": {"id": interview, "status": "completed"}, "candidate": {"email": address}}
    event = {"id": f"evt_{time.time_ns()}_{number}", "type": "interview_ended", "data": data}
    body, now = json.dumps(event).encode(), str(int(time.time()))
    signature = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Webhook-Signature": f"t={now},v1={signature}"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
        assert answer.status == 200, answer.status
