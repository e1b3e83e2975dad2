"""A stand-in for `shoal worker`, `shoal gateway` and `shoal simulate`: alive, and ready at once.

Run with the word `up`, it is the real `shoal up` over these stand-ins. So the running of processes is tested by itself.
With FAKE_DIES=worker, the worker ends at once and nothing is ever ready; with FAKE_HANGS=worker, it ignores SIGTERM.
"""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if "FAKE_DIES" in os.environ else 200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def main(word: str) -> None:
    if os.environ.get("FAKE_DIES") == word:
        sys.exit(3)
    if os.environ.get("FAKE_HANGS") == word:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if word == "gateway":
        HTTPServer((os.environ["SHOAL_HOST"], int(os.environ["SHOAL_PORT"])), Ready).serve_forever()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    if sys.argv[1] == "up":
        from cli import children, reach
        from cli.main import main as shoal

        reach.PATIENCE = 2.0
        children._shoal = lambda: (sys.executable, __file__)
        shoal(sys.argv[1:])
    main(sys.argv[1])
