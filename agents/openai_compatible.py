"""Language models behind an OpenAI-compatible server (OpenAI, vLLM, Ollama and others), by the official SDK.

`create()` is used and the answer validated here: the SDK's own `parse()` loses a truncated answer and what it cost.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal

import openai
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam
from pydantic import BaseModel, ValidationError

from agents.chat_model import Check, Structured, T, Usage
from geminivideo.errors import ModelError
from prompts.loader import Rendered, load_prompt

_RETRIES = 2
_MAX_WAIT_S = 8.0
_KEYLIKE = re.compile(r"\b(?:sk|key|Bearer)[-_ ][\w*.-]{4,}", re.IGNORECASE)
_UNSUPPORTED = (
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "pattern",
    "default",
    "title",
)
"""Schema words that strict servers refuse; our own validation applies them afterwards."""
Mode = Literal["json_schema", "json_object"]


@dataclass
class _Reading(Generic[T]):
    """What one reply turned out to be."""

    value: T | None = None
    outcome: str = "ok"
    problems: list[str] = field(default_factory=list)
    text: str = ""


class OpenAiCompatible:
    """One model at one server. `sleep` is injected so that waiting can be tested without waiting."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        timeout_s: float = 60.0,
        max_tokens: int | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = model
        self._key = api_key
        self._max_tokens = max_tokens
        self._sleep = sleep
        self._mode: Mode = "json_schema"
        self._client = openai.AsyncOpenAI(
            base_url=base_url, api_key=api_key or "none", max_retries=0, timeout=timeout_s
        )

    async def aclose(self) -> None:
        """Close the connection pool."""
        await self._client.close()

    async def structured(self, prompt: Rendered, *, schema: type[T], check: Check[T] | None = None) -> Structured[T]:
        """Ask, validate, and once show the model what was wrong with its answer."""
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        usage, reading = Usage(), _Reading[T]()
        for attempt in (1, 2):
            completion, spent = await self._create(messages, schema=schema, usage=usage)
            usage = usage + spent
            reading = read_reply(completion, schema=schema, check=check)
            if reading.value is not None:
                return Structured(reading.value, usage, completion.model or self.name, attempt)
            if reading.outcome == "refusal":
                break
            messages = [*messages, *_repair(reading)]
        raise ModelError(
            f"{self.name} gave no usable answer ({reading.outcome}): {'; '.join(reading.problems)[:300]}",
            where="language model", fix="The on-board model can stand in; or try another model.",
            outcome=reading.outcome, tokens_in=usage.tokens_in, tokens_out=usage.tokens_out,
        )  # fmt: skip

    async def _create(
        self, messages: list[ChatCompletionMessageParam], *, schema: type[BaseModel], usage: Usage
    ) -> tuple[ChatCompletion, Usage]:
        """One answered request; passing faults are tried again, a server without schemas is asked for plain JSON."""
        requests = 0
        while True:
            requests += 1
            try:
                completion = await self._send(messages, schema=schema)
            except openai.BadRequestError as error:
                if self._mode == "json_object" or not _about_schema(error):
                    raise self._failure(error, outcome="bad_request", usage=usage) from None
                self._mode = "json_object"
            except (openai.RateLimitError, openai.InternalServerError, openai.APIConnectionError) as error:
                if requests > _RETRIES or _spent_quota(error):
                    raise self._failure(error, outcome=_outcome(error), usage=usage) from None
                await self._sleep(_wait(error, attempt=requests))
            except openai.APIError as error:
                raise self._failure(error, outcome=_outcome(error), usage=usage) from None
            else:
                return completion, _usage(completion, requests=requests)

    async def _send(self, messages: list[ChatCompletionMessageParam], *, schema: type[BaseModel]) -> ChatCompletion:
        plain = wire_schema(schema)
        options: dict[str, Any] = {"max_tokens": self._max_tokens} if self._max_tokens else {}
        if self._mode == "json_schema":
            options["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": schema.__name__, "schema": plain, "strict": True},
            }
        else:
            options["response_format"] = {"type": "json_object"}
            asked = f"Answer with one JSON object in this JSON schema:\n{json.dumps(plain)}"
            messages = [{"role": "system", "content": asked}, *messages]
        completion: ChatCompletion = await self._client.chat.completions.create(
            model=self.name, messages=messages, **options
        )
        return completion

    def _failure(self, error: openai.APIError, *, outcome: str, usage: Usage) -> ModelError:
        """Our error for theirs, without the key, whatever the server echoed."""
        said = str(error.message).replace(self._key, "[key]") if self._key else str(error.message)
        status = f" {error.status_code}" if isinstance(error, openai.APIStatusError) else ""
        fix = (
            "Check GEMINIVIDEO_MODEL_API_KEY."
            if outcome == "auth"
            else "Check GEMINIVIDEO_MODEL_BASE_URL and the server."
        )
        return ModelError(
            f"{self.name} did not answer ({outcome}{status}): {_KEYLIKE.sub('[key]', said)[:200]}",
            where="language model", fix=fix, outcome=outcome,
            tokens_in=usage.tokens_in, tokens_out=usage.tokens_out,
        )  # fmt: skip


def wire_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema in the subset that strict servers take: closed objects, everything required."""
    pruned: dict[str, Any] = _prune(schema.model_json_schema())
    return pruned


def _prune(node: Any) -> Any:
    if isinstance(node, list):
        return [_prune(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _prune(value) for key, value in node.items() if key not in _UNSUPPORTED or isinstance(value, dict)}
    if "properties" in kept:
        kept |= {"additionalProperties": False, "required": list(kept["properties"])}
    return kept


def read_reply(completion: ChatCompletion, *, schema: type[T], check: Check[T] | None) -> _Reading[T]:
    """Name what came back: a value, a refusal, nothing, a cut-off answer, or one that does not fit."""
    if not completion.choices:
        return _Reading(outcome="empty", problems=["There was no answer in it."])
    choice = completion.choices[0]
    text = choice.message.content or ""
    if choice.message.refusal or choice.finish_reason == "content_filter":
        return _Reading(
            outcome="refusal", problems=[(choice.message.refusal or "The server's filter stopped it.")[:200]]
        )
    if not text.strip():
        return _Reading(outcome="empty", problems=["The answer was empty."])
    try:
        value = schema.model_validate_json(_json_part(text))
    except ValidationError as error:
        cut = choice.finish_reason == "length"
        said = "It was cut off before its end; be briefer." if cut else _validation(error)
        return _Reading(outcome="truncated" if cut else "invalid", problems=[said], text=text)
    faults = list(check(value)) if check else []
    return _Reading(outcome="invalid", problems=faults, text=text) if faults else _Reading(value=value, text=text)


def _json_part(text: str) -> str:
    """The JSON object of an answer that some servers wrap in thoughts or a code fence."""
    bare = re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL).strip()
    fenced = re.match(r"```(?:json)?\s*\n(.*?)\n?```\s*$", bare, re.DOTALL)
    return fenced.group(1) if fenced else bare


def _validation(error: ValidationError) -> str:
    parts = [f"{'.'.join(str(p) for p in item['loc']) or 'answer'}: {item['msg']}" for item in error.errors()[:6]]
    return "; ".join(parts)


def _repair(reading: _Reading[T]) -> list[ChatCompletionMessageParam]:
    problems = "\n".join(f"- {problem}" for problem in reading.problems[:12])
    said = load_prompt("repair").render({"problems": problems}).user
    earlier: list[ChatCompletionMessageParam] = [{"role": "assistant", "content": reading.text}] if reading.text else []
    return [*earlier, {"role": "user", "content": said}]


def _usage(completion: ChatCompletion, *, requests: int) -> Usage:
    told = completion.usage
    return Usage(
        tokens_in=told.prompt_tokens if told else 0,
        tokens_out=told.completion_tokens if told else 0,
        requests=requests,
    )


def _about_schema(error: openai.BadRequestError) -> bool:
    return any(word in str(error.message).lower() for word in ("response_format", "json_schema", "schema", "guided"))


def _spent_quota(error: openai.APIError) -> bool:
    return getattr(error, "code", "") == "insufficient_quota"


def _outcome(error: openai.APIError) -> str:
    if isinstance(error, openai.APITimeoutError):
        return "timeout"
    if isinstance(error, openai.RateLimitError):
        return "throttled"
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return "auth"
    return "bad_request" if isinstance(error, openai.APIStatusError) and error.status_code < 500 else "unavailable"


def _wait(error: openai.APIError, *, attempt: int) -> float:
    told = error.response.headers.get("retry-after", "") if isinstance(error, openai.APIStatusError) else ""
    seconds = float(told) if re.fullmatch(r"\d+(\.\d+)?", told) else 0.5 * 2**attempt
    return min(seconds, _MAX_WAIT_S)
