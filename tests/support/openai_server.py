"""A small server with the wire format of OpenAI's chat completions, on loopback, for recording cassettes.

The model's name chooses its behaviour: `steady` answers well; `chatty` wraps the answer in thoughts and a code fence;
`plain` refuses JSON schemas (400) but takes JSON objects; `sloppy` breaks a rule and mends it when told; `stubborn` never
mends it; `short` is cut off at its token limit; `shy` refuses; `mute` answers nothing; `busy` is rate-limited once, then
answers; `broken` fails with 500 every time; any model with a key other than `sk-test-key-0123456789` gets 401.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

KEY = "sk-test-key-0123456789"
PORT = 8399


def _scene(role: str, headline: str, voice: str, support: str = "") -> dict[str, str]:
    return {"role": role, "headline": headline, "support": support, "voice_over": voice}


_OFFER = _scene(
    "offer", "A free tasting week", "Start with a free tasting week for your whole office.", "for your whole office"
)
BLUEPRINTS: list[dict[str, Any]] = [
    {
        "title": "The line is the problem", "hook_type": "pain", "palette": "warm", "pacing": "medium", "music": "upbeat",
        "cta_text": "Book now", "primary_text": "Line at the coffee machine? Northbrew puts cold brew on tap in your office.",
        "scenes": [
            _scene("hook", "That line again", "That line again?"),
            _scene("problem", "Cold stale pot by 10 am", "By 10 am the pot is cold and stale."),
            _scene("solution", "Cold brew on tap", "Northbrew puts cold brew on tap, right in your office."),
            _OFFER,
            _scene("cta", "Northbrew", "Book yours today."),
        ],
        "cites": [{"ad_id": "ad_w0", "took": "opens on the queue"}, {"ad_id": "ad_unknown", "took": "made up"}],
    },
    {
        "title": "Five seconds", "hook_type": "statistic", "palette": "brand", "pacing": "medium", "music": "driving",
        "cta_text": "Pick your week", "primary_text": "Ready in 5 seconds. Rated 4.9 stars by 312 offices.",
        "scenes": [
            _scene("hook", "5 seconds", "Just 5 seconds."),
            _scene("benefit", "Poured that fast", "That is how quickly a glass is ready."),
            _scene("proof", "4.9 stars from 312 offices", "312 Austin offices gave us 4.9 stars."),
            _scene("solution", "Northbrew on tap", "A fresh keg comes every Monday, and there is no machine to clean."),
            _scene("cta", "Taste it for a week", "Pick your week and taste it."),
        ],
        "cites": [],
    },
]  # fmt: skip
SCORE: dict[str, Any] = {
    "overall": 71,
    "criteria": [{"name": "stops the thumb", "points": 68}, {"name": "one clear idea", "points": 77}],
    "reasons": ["The opening is one that office managers know.", "The offer is easy to grasp."],
    "defects": ["vague: Scene 3 could name the Monday keg; say it."],
}


def _revision(request: str) -> dict[str, Any]:
    blueprint = json.loads(json.dumps(BLUEPRINTS[0]))
    blueprint["scenes"][2]["voice_over"] = "Northbrew brings a fresh keg every Monday."
    return {"blueprint": blueprint, "changes": ["Scene 3 now names the Monday keg (vague)."]}


def _answer(model: str, body: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(body["messages"])
    if "WireScore" in json.dumps(body.get("response_format", {})) or "one judge of a council" in text:
        return SCORE
    if "Mend every defect" in text:
        return _revision(text)
    made = json.loads(json.dumps(BLUEPRINTS))
    mended = "could not be used" in text
    if model == "stubborn" or (model == "sloppy" and not mended):
        made[0]["scenes"][3]["voice_over"] = "Save 70% today, guaranteed."
    return {"blueprints": made}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    calls: ClassVar[dict[str, int]] = {}

    def log_message(self, format: str, *args: Any) -> None:
        """Keep test output clean."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = body["model"]
        self.calls[model] = self.calls.get(model, 0) + 1
        status, payload, headers = self._reply(model, body)
        raw = json.dumps(payload).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "x-request-id": f"req_{model}", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _reply(self, model: str, body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if given != KEY:
            return 401, _error(f"Incorrect API key provided: {given}.", "invalid_request_error", "invalid_api_key"), {}
        if model == "plain" and body["response_format"]["type"] == "json_schema":
            said = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
            return 400, _error(said, "invalid_request_error", None), {}
        if model == "busy" and self.calls[model] == 1:
            return (
                429,
                _error("Rate limit reached for requests", "requests", "rate_limit_exceeded"),
                {"retry-after": "2"},
            )
        if model == "broken":
            return 500, _error("The server had an error while processing your request.", "server_error", None), {}
        return 200, _completion(model, body), {"openai-processing-ms": "412"}


def _completion(model: str, body: dict[str, Any]) -> dict[str, Any]:
    content: str | None = json.dumps(_answer(model, body))
    finish, refusal = "stop", None
    if model == "chatty":
        content = f"<think>They want JSON.</think>\n```json\n{content}\n```"
    elif model == "short":
        content, finish = (content or "")[:180], "length"
    elif model == "shy":
        content, refusal = None, "I can't help with that."
    elif model == "mute":
        content = ""
    message = {"role": "assistant", "content": content, "refusal": refusal, "annotations": []}
    sent = len(json.dumps(body["messages"])) // 4
    made = len(content or "") // 4
    return {
        "id": "chatcmpl-C9x2kQ7", "object": "chat.completion", "created": 1793000000, "model": f"{model}-2026-09",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {"prompt_tokens": sent, "completion_tokens": made, "total_tokens": sent + made},
        "system_fingerprint": "fp_44709d6fcb", "service_tier": "default",
    }  # fmt: skip


def _error(message: str, kind: str, code: str | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


@contextmanager
def serve(port: int = PORT) -> Iterator[str]:
    """Run the server; gives its base URL."""
    _Handler.calls = {}
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
