"""Has the published library verify a webhook: reads {"secret", "headers", "body"} and says its payload."""

import json
import sys

from standardwebhooks.webhooks import Webhook

request = json.load(sys.stdin)
payload = Webhook(request["secret"]).verify(request["body"], request["headers"])
json.dump(payload, sys.stdout)
