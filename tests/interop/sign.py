"""Signs a body as senders do who use the published libraries, and writes the headers as JSON.

Reads {"secret": …, "body": …} from standard input. Knows nothing of quietus.
"""

import datetime
import json
import sys

from standardwebhooks.webhooks import Webhook as Standard
from svix.webhooks import Webhook as Svix

request = json.load(sys.stdin)
secret, body = request["secret"], request["body"]
now = datetime.datetime.now(tz=datetime.timezone.utc)


def headers(library, prefix, message, time):
    signature = library(secret).sign(message, time, body)
    names = [f"{prefix}-id", f"{prefix}-timestamp", f"{prefix}-signature"]
    signed = dict(zip(names, [message, str(int(time.timestamp())), signature]))
    # What the library itself takes is what we ask quietus to take.
    if time == now:
        library(secret).verify(body, signed)
    return signed


old = now - datetime.timedelta(hours=1)
json.dump(
    {
        "standardwebhooks": headers(Standard, "webhook", "msg_standard", now),
        "svix": headers(Svix, "svix", "msg_svix", now),
        "standardwebhooks, an hour ago": headers(Standard, "webhook", "msg_old", old),
        "svix, an hour ago": headers(Svix, "svix", "msg_old", old),
    },
    sys.stdout,
)
