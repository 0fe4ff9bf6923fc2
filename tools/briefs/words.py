"""The word lists of the free-text grammar: what people write for a platform, a tone, a kind of business."""

from __future__ import annotations

from geminivideo.vocabulary import CtaStyle, Platform, Tone, Vertical

PLATFORMS: dict[Platform, str] = {
    "meta": r"meta|facebook|instagram|fb|insta|ig|reels|stories",
    "google": r"google|youtube|yt|demand gen|shorts",
    "tiktok": r"tik\s?tok",
}

TONES: dict[Tone, str] = {
    "premium": r"premium|luxur\w+|elegant|upscale|high-end|classy|sophisticated",
    "playful": r"playful|fun|funny|humou?rous|cheeky|witty|quirky",
    "bold": r"bold|edgy|energetic|loud|punchy|confident|aggressive|high-energy",
    "calm": r"calm|gentle|soothing|relaxed|relaxing|quiet|serene",
    "expert": r"expert|professional|serious|authoritative|clinical|informative",
    "friendly": r"friendly|warm|casual|approachable|welcoming",
}

CALLS: dict[CtaStyle, str] = {
    "book": r"book(?:ing)?s?|schedule|make an appointment|appointments?|reserve|reservations?",
    "subscribe": r"subscribe|subscriptions?",
    "sign_up": r"sign[ -]?ups?|register|registrations?|join(?: us)?|start (?:a|the|your) (?:free )?trial",
    "shop": r"shop now|shop online|buy(?: now)?|order(?: now| online)?|purchase",
    "contact": r"call us|contact us|get in touch|message us|request a quote|get a quote|whatsapp us",
    "get_offer": r"claim|redeem|get (?:the|your|this) (?:offer|deal|discount)|grab",
    "learn": r"learn more|find out more|read more",
}

VERTICALS: dict[Vertical, str] = {
    "local_services": (
        r"clinics?|dentists?|dental|salons?|spas?|gyms?|studios?|restaurants?|caf[eé]s?|coffee shop|barbers?\w*|"
        r"plumb\w+|electricians?|roof\w+|cleaners?|cleaning|law firms?|lawyers?|attorneys?|real estate|realtors?|"
        r"landscap\w+|"
        r"vets?|veterinary|daycare|physio\w*|chiropract\w+|massage|tattoo|garage|mechanics?|movers?|hvac|bakery|"
        r"bar|pub|hotel|photograph\w+|offices?|cater\w+|tutors?|yoga"
    ),
    "saas": r"saas|software|apps?|platform|crm|dashboard|tool for teams|api|plugin|chatbot|automation",
    "info_products": r"courses?|e-?books?|coach\w*|webinars?|workshops?|newsletters?|masterclass\w*|lessons",
    "ecommerce": (
        r"shops?|stores?|shoes?|sneakers?|cloth\w+|jewel\w+|cosmetics?|skincare|candles?|furniture|supplements?|snacks?|"
        r"toys?|bags?|watches|bottles?|mugs?|t-?shirts?|apparel|mattress\w*|pet food|tea|wine"
    ),
}

CALL_OF_VERTICAL: dict[Vertical, CtaStyle] = {
    "local_services": "book", "saas": "sign_up", "info_products": "learn", "ecommerce": "shop",
}  # fmt: skip

PLACES = (
    "new york|los angeles|chicago|houston|phoenix|philadelphia|san antonio|san diego|dallas|austin|san jose|"
    "san francisco|seattle|denver|boston|portland|las vegas|miami|atlanta|nashville|detroit|minneapolis|tampa|"
    "orlando|brooklyn|manhattan|queens|texas|california|florida|oregon|colorado|arizona|nevada|ohio|georgia|"
    "illinois|london|manchester|birmingham|leeds|glasgow|edinburgh|bristol|liverpool|dublin|belfast|paris|lyon|"
    "berlin|munich|hamburg|cologne|frankfurt|vienna|zurich|geneva|madrid|barcelona|lisbon|rome|milan|amsterdam|"
    "brussels|copenhagen|stockholm|oslo|helsinki|prague|warsaw|budapest|athens|istanbul|dubai|singapore|"
    "hong kong|tokyo|sydney|melbourne|brisbane|perth|auckland|toronto|vancouver|montreal|calgary|mexico city|"
    "the us|the usa|the uk|usa|uk|canada|australia|germany|france|spain|italy|ireland|england|scotland|india"
)
"""Places that are recognised without a capital letter."""

NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fourteen": 14, "thirty": 30,
}  # fmt: skip

ORDERS = (
    r"\b(?:ignore|disregard|forget|override|bypass|skip|circumvent)\b.{0,40}\b(?:rules?|instructions?|prompts?|limits?|"
    r"caps?|guidelines?|policy|policies|approvals?|safety|everything|above|previous|prior)\b",
    r"\b(?:system prompt|developer mode|admin mode|jailbreak|new instructions?)\b",
    r"\byou are (?:now|no longer)\b|\bact as\b|\bpretend (?:to|that|you)\b|\bfrom now on\b",
    r"\bwithout (?:asking|approval|permission|confirmation|review)\b",
    r"\b(?:auto-?)?approve (?:it|this|that|all|every\w*|the (?:spend|budget|changes?|ads?|run)|your\w*|on my behalf)\b",
    r"\b(?:raise|increase|lift|remove|disable|double|triple|max(?:imi[sz]e)?)\b.{0,30}\b(?:budgets?|caps?|limits?|spend)\b",
    r"\bdo(?:n't| not) (?:tell|inform|ask|show|mention)\b",
    r"^\s*(?:system|assistant|developer|admin)\s*[:>]|<\|?(?:system|im_start|assistant)|\[/?inst\]",
    r"\b(?:transfer|wire|send)\b.{0,30}\b(?:money|funds|tokens?|keys?|credentials?|passwords?)\b",
    r"\b(?:reveal|print|show|leak)\b.{0,30}\b(?:prompt|keys?|tokens?|passwords?|secrets?|credentials?)\b",
)
"""What orders to a machine look like. Such a sentence is reported and gives no field."""
