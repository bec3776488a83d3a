#!/bin/sh
# apprise 2.3.0, a message to a robot of 钉钉, 企业微信 and 飞书 that the service refuses.
#
# These services answer 200 also where they refuse, and say so in the body: errcode (钉钉, 企业微信) or code (飞书), 0 for taken.
# One would guess: one library treats the three alike, and most likely reads that code for all, as the services document it.
# Seen: of 飞书 notify() is False, its code is read; of 钉钉 and 企业微信 it is True with errcode 310000 (sign not match): their
#       body is not read, only the status. Who asks whether an alarm arrived is told so although nobody has seen it.
. "$(dirname "$0")/_python.sh"
environment apprise==2.3.0
cat >"$work/seen.py" <<'EOF'
import http.server
import json
import sys
import threading

from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot

ANSWERS = {"errcode": 310000, "errmsg": "sign not match", "code": 19021, "msg": "sign match fail"}
got = []


class Service(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_POST(self):
        got.append(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps(ANSWERS).encode()
        self.send_response(self.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}/robot"
robots = [
    NotifyDingTalk(token="a" * 64),
    NotifyWeComBot(key="a" * 8),
    NotifyFeishu(token="a" * 36),
]
said = {}
for status in (200, 500):
    Service.status = status
    for robot in robots:
        robot.notify_url = robot.api_url = here
        robot.request_rate_per_sec = 0
        said[type(robot).__name__, status] = robot.notify(body="an alarm", title="qingyun")
print(said, len(got), "requests")
refused = [v for (_, status), v in said.items() if status == 200]
failed = [v for (_, status), v in said.items() if status == 500]
sys.exit(0 if refused == [True, True, False] and failed == [False] * 3 and len(got) == 6 else 1)
EOF
"$python" "$work/seen.py"
