"""What the grammar builds with: the brief's fields as phrases. The free notes are not among them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.onboard.phrases import Phrase, as_noun, first_part, make_phrase
from agents.wording import clean, spoken_words
from geminivideo.brief import Brief
from geminivideo.vocabulary import CtaStyle, OfferType

_SPEAKABLE = 18
"""A claim of more spoken words does not fit into one scene: it is left to the others."""
_PERSONAL = re.compile(
    r"\b(?:women|men|woman|man|girls?|boys?|aged?|year[- ]olds?|\d{2}\s?[-–+]\s?\d{0,2}|over \d+"
    r"|overweight|obese|disab\w+"
    r"|diabet\w+|pregnan\w+|gay|lesbian|trans|muslims?|christians?|jews?|debt|divorced|depress\w+|anxi\w+)\b",
    re.IGNORECASE,
)
"""Words that say who the viewer is; platforms forbid ads that address them."""
_OFFERS: tuple[tuple[OfferType, str], ...] = (
    ("guarantee", r"guarantee|money[- ]back|full refund|or it'?s free"),
    ("discount", r"\boff\b|discount|half[- ]price|\bsave\b|% |from [$€£]|for [$€£]\d|coupon"),
    ("free_trial", r"trial|first .{0,20}free|free .{0,24}(?:week|month|day|visit|class|lesson|session"
        r"|tasting|consult|demo|check)"),
    ("bundle", r"bundle|buy one|\bkit\b|2 for|two for|\bset of\b"),
    ("free_gift", r"\bfree\b|gift|on us"),
    ("urgency", r"until|ends|today|this week|limited|last chance|only \d+"),
)  # fmt: skip
_SOCIAL = re.compile(
    r"stars?\b|review|rated|rating|customer|client|loved|trusted|members|students|teams|used by|★|[\"“]", re.I
)
_NUMBER_FIRST_OR_LAST = re.compile(r"^[$€£]?\d[\d,.]*%?\s|\s[$€£]?\d[\d,.]*%?\s(?!am\b|pm\b)[a-z]+$", re.IGNORECASE)
_COUNT = re.compile(r"(?<![\d,.])(?!(?:19|20)\d\d(?![\d,.]))\d")
"""A number that is not a year."""
_OF_PLACE = ("united", "netherlands", "uk", "usa", "us", "uae", "philippines", "bay")


@dataclass(frozen=True)
class Material:
    """The brief as phrases. Empty tuples and None where it says nothing."""

    brand: str
    product: Phrase | None
    short: Phrase | None
    """The product without what follows `for`, `that` or `with`."""
    offer: Phrase | None
    offer_head: str
    offer_rest: str
    offer_type: OfferType
    benefits: tuple[Phrase, ...]
    pains: tuple[Phrase, ...]
    proof: tuple[Phrase, ...]
    city: str
    audience: str
    """Whom a sentence may address, in the plural; empty where that would name a personal trait."""
    cta: CtaStyle

    @property
    def numbers(self) -> tuple[Phrase, ...]:
        """Claims whose number is the point of them: it opens or ends the claim, or it is proof."""
        proof = (p for p in self.proof if _COUNT.search(p.text) and p.shape != "quote")
        return (*proof, *(p for p in self.benefits if _NUMBER_FIRST_OR_LAST.search(p.text)))

    @property
    def social(self) -> tuple[Phrase, ...]:
        """Proof that comes from other people."""
        return tuple(p for p in self.proof if _SOCIAL.search(p.text))


def make_material(brief: Brief) -> Material:
    """Sort a brief's fields into phrases."""
    brand = clean(brief.brand.name) or "This"
    city = _city(brief.place)
    names = frozenset(f"{brand} {brief.place}".lower().replace(",", " ").split())
    product = _product(brief.product, brand=brand, names=names)
    offer = make_phrase(re.sub(r"^first\b", "your first", clean(brief.offer), flags=re.IGNORECASE), names=names)
    offer = offer if offer and spoken_words(offer.text) <= _SPEAKABLE and len(offer.text) <= 110 else None
    head, rest = _offer_parts(offer)
    return Material(
        brand=brand,
        product=product,
        short=_short(product, names=names),
        offer=offer,
        offer_head=head,
        offer_rest=rest,
        offer_type=offer_type_of(brief.offer),
        benefits=_claims(brief.benefits, names=names),
        pains=_claims(brief.pains, names=names),
        proof=_claims(brief.proof, names=names),
        city=city,
        audience=_audience(brief.audience),
        cta=brief.call_to_action,
    )


def offer_type_of(text: str) -> OfferType:
    """What kind of offer a text makes, by its words."""
    lower = f"{text.lower()} "
    for kind, pattern in _OFFERS:
        if re.search(pattern, lower):
            return kind
    return "none"


def _claims(texts: tuple[str, ...], *, names: frozenset[str]) -> tuple[Phrase, ...]:
    made = [make_phrase(text, names=names) for text in texts]
    fit = [p for p in made if p is not None and spoken_words(p.text) <= _SPEAKABLE and len(p.text) <= 110]
    return tuple(dict.fromkeys(fit))


def _product(text: str, *, brand: str, names: frozenset[str]) -> Phrase | None:
    body = re.sub(rf"^{re.escape(brand)}(?:'s|’s)?\s*(?:[:,–—-]\s*|\bis\b\s*)?", "", clean(text), flags=re.IGNORECASE)
    # A brand that is called by its product ("Bakery") still has a product.
    phrase = as_noun(make_phrase(body or clean(text), names=names))
    if phrase is None or len(phrase.text) > 90 or phrase.size > 14:
        head = first_part(phrase, limit=9)[0] if phrase else ""
        phrase = as_noun(make_phrase(head, names=names)) if 0 < len(head) <= 90 else None
    return phrase


def _short(product: Phrase | None, *, names: frozenset[str]) -> Phrase | None:
    if product is None:
        return None
    cut = re.split(r",|\s(?:for|that|which|who|with|from|designed|made|built|where)\s", product.text)[0]
    cut = cut if len(cut.split()) > 1 or len(product.text.split()) > 6 else product.text
    return as_noun(make_phrase(cut, names=names)) if len(cut.split()) <= 6 else None


def _offer_parts(offer: Phrase | None) -> tuple[str, str]:
    """The offer for a headline and what belongs to it, so that no condition is lost between them."""
    if offer is None:
        return "", ""
    head, rest = first_part(offer, limit=7)
    shorter, tail = first_part(offer, limit=4)
    return (shorter, tail) if shorter and len(shorter.split()) > 2 and offer.size > 5 else (head, rest)


def _city(place: str) -> str:
    city = clean(place).split(",")[0].strip()
    first = city.lower().split(" ")[0] if city else ""
    if (
        not city
        or not city[0].isupper()
        or len(city.split()) > 3
        or first in ("online", "worldwide", "global", "within")
    ):
        return ""
    return f"the {city}" if first in _OF_PLACE else city


def _audience(text: str) -> str:
    body = re.split(r",|\s(?:at|in|who|with|aged|between|from|that|of|near|within|on|without)\s", clean(text))[
        0
    ].strip()
    known = body.lower() not in (
        "",
        "people who may need it",
        "people",
        "everyone",
        "anyone",
        "adults",
        "all",
    )
    plural = (
        body.split()[-1].lower().endswith("s") or body.lower().endswith(("people", "women", "men")) if body else False
    )
    if not (known and plural) or len(body.split()) > 4 or _PERSONAL.search(text):
        return ""
    first = body.split()[0]
    return body if any(c.isupper() for c in first[1:]) else first[0].lower() + body[1:]
