"""The grammar: sentence patterns by hook type and scene role, and which phrase shapes each may take.

A pattern never states anything: every claim arrives in a slot from the brief. Slots of the phrase: {text} {title} {np}
{the} {yours} {bare} {num} (its number with its noun); of the brief: {brand} {short} {short_np} {short_title} {product}
{product_np} {product_title} {city} {audience} {offer} {offer_np} {offer_title} {offer_yours} {offer_head}.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agents.onboard.phrases import Shape
from geminivideo.vocabulary import CtaStyle, HookType, MusicMood, Pacing, Palette, SceneRole, Tone

Source = Literal["pain", "benefit", "proof", "number", "social", "offer", "none"]

NOUN: tuple[Shape, ...] = ("noun",)
THING: tuple[Shape, ...] = ("noun", "gerund")
TERSE: tuple[Shape, ...] = ("noun", "gerund", "no", "adjective", "participle", "fragment", "verb_s")
ANY: tuple[Shape, ...] = (*TERSE, "clause", "verb", "quote")


@dataclass(frozen=True)
class Pattern:
    """One way to say one thing: on-screen headline and support, and what the voice says."""

    id: str
    headline: str
    voice: str
    source: Source = "none"
    shapes: tuple[Shape, ...] = ANY
    support: str = ""
    weight: float = 1.0


def _p(
    key: str, headline: str, voice: str, source: Source = "none", shapes: tuple[Shape, ...] = ANY,
    *, support: str = "", weight: float = 1.0,
) -> Pattern:  # fmt: skip
    return Pattern(key, headline, voice, source, shapes, support, weight)


HOOKS: dict[HookType, tuple[Pattern, ...]] = {
    "question": (
        _p("want", "Want {np}?", "Want {np}?", "benefit", NOUN, weight=1.3),
        _p("want_to", "Want to {text}?", "Want to {text}?", "benefit", ("verb",), weight=1.3),
        _p(
            "what_if",
            "What if there was {text}?",
            "What if there was {text}?",
            "benefit",
            ("no",),
            weight=1.2,
        ),
        _p("what_is", "What’s {text}?", "What’s {text}?", "benefit", ("adjective",)),
        _p("looking", "Looking for {short_np}?", "Looking for {short_np}?", weight=0.9),
        _p("thinking", "Thinking about {short_np}?", "Thinking about {short_np}?", weight=0.7),
        _p("could_use", "Could {city} use {short_np}?", "Could {city} use {short_np}?", weight=0.5),
    ),
    "pain": (
        _p("pain_q", "{title}?", "{title}?", "pain", ("noun", "gerund", "adjective", "no"), weight=1.3),
        _p("pain_again", "{title}. Again.", "{title}. Again.", "pain", ("noun", "gerund", "clause")),
        _p("tired", "Tired of {the}?", "Tired of {the}?", "pain", THING),
        _p("enough", "Had enough of {the}?", "Had enough of {the}?", "pain", THING, weight=0.8),
        _p("pain_familiar", "{title}", "Sound familiar?", "pain", weight=0.6),
    ),
    "statistic": (
        _p("stat_full", "{title}", "{num}.", "number", weight=1.2),
        _p("stat_num", "{num}", "{num}.", "number", support="{title}"),
        _p("stat_read", "{title}", "Look at that number.", "number", weight=0.5),
    ),
    "testimonial": (
        _p("no_word", "Don’t take our word for it", "Don’t take our word for it.", "none", weight=1.2),
        _p("quote", "{title}", "Listen to this.", "social", ("quote",), support="{who}", weight=2.0),
        _p("ask_them", "Here’s what people say", "Here’s what people say.", "none"),
        _p("social_first", "{title}", "Here’s the word so far.", "social", weight=0.8),
    ),
    "before_after": (
        _p("before_pain", "Before: {text}", "Before: {np}.", "pain", THING, weight=1.3),
        _p(
            "before_clause",
            "Before: {text}",
            "Here’s the before.",
            "pain",
            ("clause", "fragment", "quote", "no"),
        ),
    ),
    "curiosity": (
        _p("ever_seen", "Ever seen {short_np}?", "Ever seen {short_np}?", weight=0.4),
        _p("behind", "What’s behind {num}?", "What’s behind {num}?", "social", weight=0.9),
        _p("guess", "Guess what’s {text}", "Guess what’s {text}.", "benefit", ("adjective",), weight=1.1),
        _p("imagine", "Imagine: {text}", "Imagine {np}.", "benefit", ("noun", "no"), weight=1.1),
        _p("city_look", "{city}, have you seen this?", "{city}, have you seen this?", weight=0.9),
        _p("one_look", "This is worth a look", "This is worth a look.", weight=0.4),
        _p("so_what", "So what is {brand}?", "So what is {brand}?", weight=0.6),
    ),
    "command": (
        _p("skip", "Skip {shunned}", "Skip {shunned}.", "pain", NOUN, weight=1.1),
        _p("stop", "Stop {text}", "Stop {text}.", "pain", ("gerund",), weight=1.3),
        _p("forget", "Forget {shunned}", "Forget {shunned}.", "pain", NOUN, weight=0.9),
        _p("imperative", "{title}", "{title}.", "benefit", ("verb",), weight=1.2),
        _p("get_np", "Get {np}", "Get {np}.", "benefit", NOUN, weight=0.7),
        _p("try_it", "Try {short_np}", "Try {short_np}.", weight=0.6),
        _p("see_for", "See {brand} for yourself", "See {brand} for yourself.", weight=0.5),
        _p(
            "take_offer",
            "Get {offer_head_np}",
            "Get {offer_head_np}.",
            "offer",
            NOUN,
            support="{offer_rest}",
            weight=0.8,
        ),
    ),
}
"""Openings by hook type. A hook is at most 2.5 seconds, so a longer voice is dropped by the search."""

SCENES: dict[SceneRole, tuple[Pattern, ...]] = {
    "problem": (
        _p("nobody_likes", "{title}", "Nobody likes {np}.", "pain", THING),
        _p("gets_old", "{title}", "{The} {gets} old fast.", "pain", THING),
        _p("too_short", "{title}?", "Life’s too short for {np}.", "pain", THING),
        _p("then_theres", "{title}", "And then {there_is} {the}.", "pain", NOUN, weight=0.9),
        _p("familiar", "{title}?", "{title}. Sound familiar?", "pain", ("noun", "gerund")),
        _p(
            "know_feeling",
            "{title}",
            "{title}. You know the feeling.",
            "pain",
            ("clause", "gerund", "fragment", "no", "adjective"),
        ),
        _p("who_needs", "{title}?", "Who needs {np}?", "pain", THING, weight=0.9),
        _p("not_again", "{title}.", "{title}. Not again.", "pain", ("clause", "noun")),
        _p("quoted", "{title}", "We’ve all heard that one.", "pain", ("quote",)),
    ),
    "solution": (
        _p("meet", "Meet {brand}", "Meet {brand}: {product_np}.", support="{product_title}"),
        _p("heres", "{short_title}", "Here’s {brand}: {product_np}.", support="by {brand}", weight=0.9),
        _p("is_what", "{brand}: {short}", "{brand} is {is_product}.", weight=1.1),
        _p("thats_where", "{brand}: {short}", "That’s where {brand} comes in, with {short_np}.", weight=0.8),
        _p("brings", "{short_title}, in {city}", "{brand} brings {short_np} to {city}.", weight=0.8),
        _p(
            "hello",
            "Say hello to {brand}",
            "Say hello to {brand}: {product_np}.",
            support="{product_title}",
            weight=0.8,
        ),
        _p("asked", "{short_title}? That’s {brand}.", "{short_title}? That’s {brand}.", weight=0.5),
        _p("meet_short", "Meet {brand}", "Meet {brand}: {short_np}.", support="{product_title}", weight=0.9),
        _p(
            "made_for",
            "{short_title}",
            "{brand}: {short_np}, made for {audience}.",
            support="for {audience}",
            weight=0.9,
        ),
    ),
    "demo": (
        _p("look_close", "{title}", "Take a closer look: {text}.", "benefit", TERSE),
        _p("how_looks", "{title}", "Here’s how that looks: {text}.", "benefit", TERSE, weight=0.8),
        _p("see_it", "See how it works", "See how it works. {Sent}", "benefit", support="{title}"),
        _p("watch_you", "{title}", "Watch: you can {text}.", "benefit", ("verb",)),
        _p("action", "{brand} in action", "Here’s {brand} in action.", weight=0.6),
        _p("a_look", "Take a closer look", "Take a closer look at what {brand} does.", weight=0.5),
        _p("judge", "Judge for yourself", "Have a good look, and judge for yourself.", weight=0.4),
    ),
    "benefit": (
        _p("you_get", "{title}", "You get {np}.", "benefit", NOUN, weight=1.1),
        _p("that_means", "{title}", "That means {np}.", "benefit", ("noun", "no", "gerund")),
        _p("there_is", "{title}", "There’s {text}.", "benefit", ("no",)),
        _p("plus", "{title}", "Plus, {np}.", "benefit", ("noun", "no")),
        _p("its", "{title}", "{It_is} {text}.", "benefit", ("adjective",), weight=1.2),
        _p("its_part", "{title}", "{It_is} {text}.", "benefit", ("participle",)),
        _p("you_can", "{title}", "You can {text}.", "benefit", ("verb",), weight=0.9),
        _p("do_it", "{title}", "{Sent}", "benefit", ("verb", "clause", "fragment", "quote")),
        _p("brand_does", "{title}", "{brand} {text}.", "benefit", ("verb_s",), weight=1.1),
        _p("short_sent", "{title}", "{Sent}", "benefit", ("noun", "no", "adjective"), weight=0.6),
        _p("how_about", "{title}", "And how about {np}?", "benefit", NOUN, weight=0.7),
    ),
    "proof": (
        _p("the_proof", "{title}", "The proof? {Sent}", "proof", (*TERSE, "clause")),
        _p("quoted_proof", "{title}", "{speaker} says: {Sent}", "proof", ("quote",), support="{who}", weight=1.4),
        _p("quoted_plain", "{title}", "{Sent}", "proof", ("quote",), support="{who}", weight=0.3),
        _p("ask_around", "{title}", "Ask around: {text}.", "proof", ("noun", "participle"), weight=0.9),
        _p("so_far", "{title}", "So far: {text}.", "proof", TERSE, weight=0.9),
        _p("says_a_lot", "{title}", "{title}. That says a lot.", "proof", ("noun", "participle"), weight=1.1),
        _p("track", "{title}", "Our track record: {text}.", "proof", TERSE, weight=0.9),
        _p(
            "for_itself",
            "{title}",
            "{title}. It speaks for itself.",
            "proof",
            ("noun", "participle"),
            weight=0.8,
        ),
        _p("plain_proof", "{title}", "{Sent}", "proof", (*TERSE, "clause", "verb"), weight=0.5),
    ),
    "offer": (
        _p(
            "start_with",
            "{offer_head_title}",
            "Start with {np}.",
            "offer",
            NOUN,
            support="{offer_rest}",
            weight=1.2,
        ),
        _p("get_offer", "{offer_head_title}", "Get {np}.", "offer", NOUN, support="{offer_rest}"),
        _p(
            "heres_deal",
            "{offer_head_title}",
            "Here’s the offer: {text}.",
            "offer",
            TERSE,
            support="{offer_rest}",
            weight=0.8,
        ),
        _p(
            "say_offer",
            "{offer_head_title}",
            "{Sent}",
            "offer",
            ("verb", "clause", "quote", "fragment", "gerund"),
            support="{offer_rest}",
        ),
        _p(
            "easy_start",
            "{offer_head_title}",
            "The first step is easy: {np}.",
            "offer",
            NOUN,
            support="{offer_rest}",
            weight=0.7,
        ),
    ),
}
"""Body scenes by role."""

AFTERS: tuple[Pattern, ...] = (
    _p(
        "after",
        "After: {text}",
        "After: {np}.",
        "benefit",
        ("noun", "no", "adjective", "participle", "gerund"),
    ),
    _p("after_you", "After: {text}", "After: you {text}.", "benefit", ("verb",)),
    _p("after_does", "After: {brand} {text}", "After: {brand} {text}.", "benefit", ("verb_s",)),
)
"""What a before-and-after opening owes at once."""

CTA_TEXTS: dict[CtaStyle, tuple[str, ...]] = {
    "shop": ("Shop now", "See the range", "Shop {brand}"),
    "book": ("Book now", "Pick your date", "Book yours today"),
    "learn": ("Learn more", "See how it works", "Take a look"),
    "sign_up": ("Sign up", "Sign up today", "Start today"),
    "get_offer": ("Get the offer", "Claim yours", "Get yours"),
    "subscribe": ("Subscribe", "Subscribe today", "Join today"),
    "contact": ("Get in touch", "Message us", "Talk to us"),
}
"""Buttons on the end card; the verb is the brief's own call to action."""

CTA_SPOKEN: dict[CtaStyle, tuple[str, ...]] = {
    "shop": ("Tap to shop.", "Shop at {brand} now.", "Have a look at {brand}."),
    "book": ("Tap to book.", "Book with {brand} today.", "Pick a date and book."),
    "learn": ("Tap to learn more.", "See how {brand} works.", "Have a look at {brand}."),
    "sign_up": ("Tap to sign up.", "Sign up with {brand} today.", "Get started today."),
    "get_offer": ("Tap to get the offer.", "Get yours at {brand}.", "Tap to claim yours."),
    "subscribe": ("Tap to subscribe.", "Subscribe to {brand} today.", "Join {brand} today."),
    "contact": ("Tap to get in touch.", "Talk to {brand} today.", "Send us a message."),
}
"""What the voice says at the end, by call to action."""

END_CARDS: tuple[Pattern, ...] = (
    _p(
        "end_offer",
        "{offer_head_title}",
        "{Offer_yours} is waiting. {cta_spoken}",
        "offer",
        NOUN,
        support="{offer_rest}",
        weight=1.2,
    ),
    _p(
        "end_offer_bare",
        "{offer_head_title}",
        "{offer_title}. {cta_spoken}",
        "offer",
        ANY,
        support="{offer_rest}",
    ),
    _p("end_brand", "{brand}", "{brand}. {cta_spoken}", support="{short_title}"),
    _p("end_reminder", "{brand}", "{brand}. {cta_spoken}", support="{offer_whole}", weight=1.2),
    _p("end_reminder_only", "{offer_head_title}", "{cta_spoken}", support="{offer_rest_or_brand}", weight=1.1),
    _p("end_short", "{short_title}", "{cta_spoken}", support="{brand}", weight=0.9),
    _p(
        "end_city",
        "{brand} in {city}",
        "{brand}, in {city}. {cta_spoken}",
        support="{short_title}",
        weight=0.9,
    ),
    _p("end_plain", "{brand}", "{cta_spoken}", weight=0.3),
)
"""Last scenes. The offer stands on them when there is one."""

STRUCTURE_PRIOR: dict[tuple[SceneRole, SceneRole], float] = {
    ("hook", "problem"): 0.55, ("hook", "solution"): 0.7, ("hook", "demo"): 0.35, ("hook", "benefit"): 0.5,
    ("hook", "proof"): 0.45, ("hook", "offer"): 0.35,
    ("problem", "solution"): 0.95, ("problem", "demo"): 0.4, ("problem", "benefit"): 0.4, ("problem", "proof"): 0.3,
    ("solution", "benefit"): 0.8, ("solution", "demo"): 0.55, ("solution", "proof"): 0.65, ("solution", "offer"): 0.6,
    ("demo", "benefit"): 0.7, ("demo", "proof"): 0.65, ("demo", "offer"): 0.6, ("demo", "solution"): 0.4,
    ("benefit", "benefit"): 0.6, ("benefit", "proof"): 0.7, ("benefit", "offer"): 0.75, ("benefit", "demo"): 0.3,
    ("benefit", "solution"): 0.45, ("proof", "solution"): 0.5, ("proof", "benefit"): 0.55, ("proof", "offer"): 0.8,
    ("proof", "demo"): 0.35, ("offer", "solution"): 0.45, ("offer", "proof"): 0.5, ("offer", "benefit"): 0.45,
    ("offer", "cta"): 0.85, ("proof", "cta"): 0.7, ("benefit", "cta"): 0.55, ("demo", "cta"): 0.4,
    ("solution", "cta"): 0.35,
}  # fmt: skip
"""How well one role follows another, 0 to 1, before any evidence. A pair that is missing is not written."""

HOOK_NEXT: dict[HookType, tuple[SceneRole, ...]] = {
    "question": ("solution", "demo", "benefit", "problem", "offer"),
    "pain": ("problem", "solution", "demo", "benefit"),
    "statistic": ("proof", "solution", "benefit", "demo"),
    "testimonial": ("proof",),
    "before_after": ("benefit",),
    "curiosity": ("solution", "demo", "benefit"),
    "command": ("offer", "solution", "benefit", "problem", "demo"),
}
"""What may follow an opening; a testimonial owes its proof at once."""

HOOK_PRIOR: dict[HookType, float] = {
    "question": 0.55, "pain": 0.6, "statistic": 0.55, "testimonial": 0.5, "before_after": 0.32, "curiosity": 0.45,
    "command": 0.5,
}  # fmt: skip

TONES: dict[Tone, tuple[Pacing, MusicMood, Palette]] = {
    "friendly": ("medium", "upbeat", "warm"),
    "bold": ("fast", "driving", "bright"),
    "calm": ("slow", "calm", "cool"),
    "premium": ("slow", "warm", "dark"),
    "playful": ("fast", "upbeat", "bright"),
    "expert": ("medium", "driving", "cool"),
}
"""Pacing, music and second palette that go with a tone."""

PACE: dict[Pacing, tuple[float, int]] = {"slow": (2.2, 450), "medium": (2.4, 300), "fast": (2.6, 180)}
"""Spoken words a second and the silence that a scene adds, in milliseconds."""
