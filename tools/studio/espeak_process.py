"""The on-board voice's own program: eSpeak NG behind a pipe.

eSpeak NG is GPL-3. It is loaded here and nowhere else, in a process of its own that the studio starts, so this
file stays small and knows nothing of the rest: standard library and the loader only, no import of ours.

Protocol: one JSON object on stdin, `{"voice", "rate", "pitch", "range", "gap", "lines": [text, …]}`. On stdout one
JSON line, `{"sample_rate", "lines": [{"samples", "words": [[first character, sample], …]}, …]}`, then the lines'
16-bit mono PCM, one after the other. Characters are counted from 0.
"""

from __future__ import annotations

import ctypes
import json
import sys
from typing import Any

import espeakng_loader  # type: ignore[import-untyped]

# Constants of speak_lib.h: output handed to us, UTF-8 text, word events without phoneme events, parameters.
_RETRIEVAL, _UTF8, _WORD, _NO_PHONEMES = 1, 1, 1, 0
_RATE, _PITCH, _RANGE, _WORDGAP = 1, 3, 4, 7


class _Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", ctypes.c_char * 8),
    )  # fmt: skip


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def main() -> int:
    """Answer the one request on stdin; 1 with a message on stderr if the voice cannot be used."""
    request = json.load(sys.stdin)
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path().encode()
    sample_rate = library.espeak_Initialize(_RETRIEVAL, 0, data, _NO_PHONEMES)
    if sample_rate <= 0 or library.espeak_SetVoiceByName(request["voice"].encode()) != 0:
        sys.stderr.write(f"eSpeak NG has no voice {request['voice']!r}\n")
        return 1
    for parameter, name in ((_RATE, "rate"), (_PITCH, "pitch"), (_RANGE, "range"), (_WORDGAP, "gap")):
        library.espeak_SetParameter(parameter, int(request[name]), 0)
    spoken = [_speak(library, text) for text in request["lines"]]
    head = {"sample_rate": sample_rate, "lines": [{"samples": len(p) // 2, "words": w} for p, w in spoken]}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + b"".join(pcm for pcm, _ in spoken))
    return 0


def _speak(library: Any, text: str) -> tuple[bytes, list[list[int]]]:
    pcm = bytearray()
    words: list[list[int]] = []

    def receive(wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            pcm.extend(ctypes.string_at(wave, 2 * count))
        index = 0
        while events[index].type:
            if events[index].type == _WORD:
                words.append([events[index].text_position - 1, events[index].sample])
            index += 1
        return 0

    callback = _CALLBACK(receive)
    library.espeak_SetSynthCallback(callback)
    raw = text.encode()
    library.espeak_ng_SetRandSeed(ctypes.c_long(1))  # its breath noise is seeded with the clock otherwise
    library.espeak_Synth(ctypes.c_char_p(raw), ctypes.c_size_t(len(raw) + 1), 0, 1, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    return bytes(pcm), words


if __name__ == "__main__":
    sys.exit(main())
