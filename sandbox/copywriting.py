"""What the simulated advertiser wrote in the past, for Northbrew: cold brew on tap for offices in Austin.

Hook, offer and call to action of an ad live in its words alone, as on a real account.
"""

from __future__ import annotations

from geminivideo.vocabulary import CtaStyle, HookType, OfferType

ANGLES = (
    "taste", "slump", "runs", "waste", "perk", "local", "setup", "heat", "variety", "guests", "health",
    "focus",
)  # fmt: skip
"""What about the product an ad talks about."""

HOOKS: dict[HookType, dict[str, str]] = {
    "question": {
        "taste": "When did office coffee last taste like somebody cared about it?",
        "slump": "Does your team also fade at half past two?",
        "runs": "How many of your people are standing in a coffee shop line right now?",
        "waste": "Where do {n} plastic pods a month go after your kitchen?",
        "perk": "What would your team brag about to their friends?",
        "local": "Why drink coffee from a factory when {place} has a roaster?",
        "setup": "Could good coffee really take up less room than a printer?",
        "heat": "Who still wants a steaming mug when it is 101 outside in {place}?",
        "variety": "Nitro, oat, decaf or black: which tap would you pull first?",
        "guests": "What do clients get offered when they walk into your lobby?",
        "health": "Is the sugar in your office drinks doing anybody any good?",
        "focus": "What happens to deep work when the coffee runs out at ten?",
    },
    "statistic": {
        "taste": "18 hours. That is how long every batch steeps before it reaches your tap.",
        "slump": "68% of office workers say the afternoon is their slowest stretch.",
        "runs": "23 minutes: the average coffee run from a downtown {place} office.",
        "waste": "{n} pods a month end up in the trash of a forty-person office.",
        "perk": "7 in 10 people name good coffee among the perks they would miss.",
        "local": "11 miles is all it takes from our roastery to your kitchen in {place}.",
        "setup": "40 minutes from delivery to first glass, measured over 90 installs.",
        "heat": "There are 111 days above ninety degrees in a normal Texas year.",
        "variety": "4 taps, 9 recipes, 1 keg swap a week.",
        "guests": "82% of visitors say yes when a host offers cold brew.",
        "health": "0 grams of sugar and 5 calories a glass, straight from the tap.",
        "focus": "3 interruptions an hour is what a broken coffee machine costs a team.",
    },
    "pain": {
        "taste": "Burnt, bitter, brewed at seven and still on the hot plate at noon.",
        "slump": "The two o'clock wall hits and the whole floor goes quiet for the wrong reason.",
        "runs": "Another meeting starts late because half the team is waiting for lattes.",
        "waste": "Overflowing pod bins, sticky counters and a machine that blinks at everyone.",
        "perk": "A sad kitchen is the first thing every candidate sees on the office tour.",
        "local": "Freight coffee that sat in a warehouse for six months tastes exactly like it.",
        "setup": "Office managers lose whole mornings to descaling, filters and repair calls.",
        "heat": "Hot coffee in August leaves everyone in {place} sweating through stand-up.",
        "variety": "One bland roast for fifty people pleases nobody at all.",
        "guests": "Handing an important client a paper cup of instant hurts every time.",
        "health": "Energy drinks pile up by the desks and the crash follows an hour later.",
        "focus": "Nothing breaks a good hour of work like hunting for a drinkable coffee.",
    },
    "testimonial": {
        "taste": '"I gave up my daily coffee shop. This is better." Dana, designer in {place}',
        "slump": '"Our afternoons feel like mornings again." Marcus, head of support',
        "runs": '"We got two hours a week back, just from skipped coffee runs." Priya, COO',
        "waste": '"I have not emptied a pod bin since March." Leah, office manager',
        "perk": '"Candidates ask about the tap before the salary." Tom, recruiter in {place}',
        "local": '"Knowing who roasted it makes our team proud to pour it." Rosa, studio owner',
        "setup": '"They came at nine, we were pouring by ten." Kevin, facilities lead',
        "heat": '"Best thing in the building from May to October." Andre, architect',
        "variety": '"Even our tea drinkers found a favourite tap." Mei, people lead',
        "guests": '"Clients now arrive early for a glass." Sofia, partner at a {place} law firm',
        "health": '"I cut out soda without trying." Jordan, developer',
        "focus": '"The kitchen queue vanished and so did the excuses." Helen, engineering manager',
    },
    "before_after": {
        "taste": "Before: hot plate sludge. After: a smooth glass that needs no sugar.",
        "slump": "Last year: yawns at three. This year: a second wind on tap.",
        "runs": "Then: fifteen people in line across the street. Now: everyone back in two minutes.",
        "waste": "From {n} pods a month to none at all, in one keg delivery.",
        "perk": "Before Northbrew the kitchen was a corridor. Now it is where the team meets.",
        "local": "We went from an anonymous bulk bag to a roast made eleven miles away.",
        "setup": "Before: a broken machine and a service contract. After: a tap that just pours.",
        "heat": "Before: lukewarm water coolers. After: frosty glasses all summer in {place}.",
        "variety": "Once there was one stale pot. Now four taps and a favourite for everyone.",
        "guests": "Then: instant in a paper cup. Now: nitro in a real glass for every visitor.",
        "health": "Before: shelves of energy drinks. After: five calories and a clear head.",
        "focus": "From twelve kitchen trips a day to one good glass and a quiet hour.",
    },
    "curiosity": {
        "taste": "There is a reason why cold water makes the sweeter coffee.",
        "slump": "The secret of teams that never fade after lunch is hiding in a keg.",
        "runs": "Nobody tells office managers what a coffee run really costs.",
        "waste": "Here is what happens to a pod after your office has forgotten it.",
        "perk": "The cheapest perk in {place} is not the one that you think.",
        "local": "Behind an unmarked door in {place}, somebody steeps coffee all night.",
        "setup": "What fits under a counter and replaces three machines? Look inside.",
        "heat": "The trick that keeps a {place} warehouse cool-headed in August.",
        "variety": "One of our nine recipes was never meant to leave the roastery.",
        "guests": "This small thing in the lobby is what clients remember about a visit.",
        "health": "Most people never learn why cold brew is gentler on the stomach.",
        "focus": "The quietest corner of the best offices has a tap in it.",
    },
    "command": {
        "taste": "Taste what eighteen hours of patience does to a bean.",
        "slump": "Stop losing the afternoon.",
        "runs": "Keep your people in the building.",
        "waste": "Throw out the pod machine.",
        "perk": "Give the team something to talk about.",
        "local": "Pour something that was roasted in {place}.",
        "setup": "Swap the repair calls for a tap.",
        "heat": "Cool the whole office down.",
        "variety": "Pick four taps and stop arguing about coffee.",
        "guests": "Welcome clients with a glass worth holding.",
        "health": "Trade the energy drinks for something cleaner.",
        "focus": "Protect the best two hours of the day.",
    },
}

BODIES: dict[str, tuple[str, str, str]] = {
    "taste": (
        "Slow-steeped arabica, chocolate first, orange after, never bitter.",
        "Small batches from the roastery, kegged cold and poured smooth.",
        "A glass so round that the milk stays in the fridge.",
    ),
    "slump": (
        "Cold brew on tap lifts the room gently and lets it down slowly.",
        "Steady caffeine without the spike, right where people already meet.",
        "A fresh pour at three keeps the last two hours as good as the first.",
    ),
    "runs": (
        "Barista-grade cold brew ten steps from every desk.",
        "The line, the walk and the wait are gone; the good coffee stays.",
        "One tap in the kitchen pays for itself in minutes saved.",
    ),
    "waste": (
        "Kegs go back, get washed and come again: no pods, no cups, no bin.",
        "Reusable steel, one delivery a week and a counter that stays clean.",
        "Nothing to empty and nothing to feel bad about.",
    ),
    "perk": (
        "A tap in the kitchen says more than another pizza Friday.",
        "People stay where they are looked after, glass by glass.",
        "It is a small line in the budget and a big one in exit interviews.",
    ),
    "local": (
        "Roasted on the east side, driven over by the person who brewed it.",
        "We know the growers, the batch and the name on the delivery note.",
        "Fresh every week because the trip is only a few miles.",
    ),
    "setup": (
        "We bring the tap, connect it and keep it clean; nothing for facilities to do.",
        "No plumbing and no contract for service: one plug and it pours.",
        "Under-counter, whisper-quiet, swapped by us every week.",
    ),
    "heat": (
        "Served at thirty-six degrees with a creamy nitro head.",
        "Ice-cold, no ice needed, ready from the first pull.",
        "The coldest glass in the building from spring to November.",
    ),
    "variety": (
        "Classic, nitro, oat latte, decaf and a rotating guest recipe.",
        "Swap a flavour any week; the whole floor can vote.",
        "Something for purists, sweet tooths and tea drinkers alike.",
    ),
    "guests": (
        "Reception pours, the glass sparkles and the meeting starts well.",
        "Branded tap handles turn a lobby into a welcome.",
        "It makes a first impression before anyone opens a laptop.",
    ),
    "health": (
        "Low acid, no sugar, nothing you cannot pronounce.",
        "Just coffee and filtered water, steeped cold and slow.",
        "Gentle on the stomach and honest on the label.",
    ),
    "focus": (
        "One pull, back to the desk, train of thought intact.",
        "Steady energy for the work that needs quiet.",
        "Good coffee within reach, so nobody has to break the flow.",
    ),
}

PROOFS = (
    "Trusted by over {firms} offices in {place}.",
    "Rated 4.9 out of 5 by office managers.",
    "Loved by teams from five desks to five hundred.",
    "{firms} companies pour it every week.",
)

OFFERS: dict[OfferType, tuple[str, ...]] = {
    "discount": (
        "Save 20% on the first three months.",
        "Now 15% off for teams of thirty and more.",
        "$100 off the first keg delivery.",
    ),
    "free_trial": (
        "Try it free for a week, tap included.",
        "Book a free tasting week for the whole floor.",
        "The first week is a free trial, no card needed.",
    ),
    "free_gift": (
        "Free gift with the first order: a set of engraved glasses.",
        "Get a free growler for every new office.",
        "A bag of whole beans comes free with the install.",
    ),
    "guarantee": (
        "Not happier in thirty days? Money back, guaranteed.",
        "Covered by our full satisfaction guarantee.",
        "Risk-free: we take it away and refund every cent.",
    ),
    "bundle": (
        "Two taps and oat milk in one bundle.",
        "Bundle cold brew with kombucha and pay for one delivery.",
        "The kitchen pack: tap, glasses and four kegs together.",
    ),
    "urgency": (
        "Only {left} installs left this month.",
        "Offer ends Friday.",
        "Last chance to pour before summer, spots close soon.",
    ),
    "none": ("",),
}

CALLS: dict[CtaStyle, tuple[str, ...]] = {
    "shop": ("Shop kegs and taps.", "Order the starter keg today.", "Buy your first keg online."),
    "book": ("Book your tasting.", "Reserve a tasting slot.", "Schedule a visit with a tap on wheels."),
    "learn": ("See how it works.", "Learn more about the tap.", "Read what is in the keg."),
    "sign_up": ("Sign up in two minutes.", "Register your office.", "Create your office account."),
    "get_offer": ("Claim the offer.", "Get this deal for the team.", "Redeem it online."),
    "subscribe": ("Subscribe to the weekly keg.", "Start a subscription.", "Join the weekly delivery plan."),
    "contact": ("Talk to us.", "Send us a message.", "Call the roastery."),
}

HEADLINES: dict[str, tuple[str, str]] = {
    "taste": ("Cold brew worth the wait", "Smooth from the first glass"),
    "slump": ("Win the afternoon back", "A second wind on tap"),
    "runs": ("Skip the coffee run", "Coffee ten steps away"),
    "waste": ("No pods. No bin. Just coffee", "The clean way to brew"),
    "perk": ("The perk people keep", "Make the kitchen the best room"),
    "local": ("Roasted in {place}", "From our roastery to your tap"),
    "setup": ("Pouring by ten o'clock", "One plug, four flavours"),
    "heat": ("Cold, creamy, on tap", "Beat the {place} heat"),
    "variety": ("Four taps, no arguments", "Pick your pour"),
    "guests": ("A better welcome", "Impress before the meeting"),
    "health": ("Zero sugar, all coffee", "Just beans and water"),
    "focus": ("Keep the flow", "Good work starts here"),
}

PLACES = ("Austin", "South Congress", "the Domain", "East Austin", "downtown Austin", "Round Rock", "Mueller")

META_CTA: dict[CtaStyle, str] = {
    "shop": "SHOP_NOW",
    "book": "BOOK_NOW",
    "learn": "LEARN_MORE",
    "sign_up": "SIGN_UP",
    "get_offer": "GET_OFFER",
    "subscribe": "SUBSCRIBE",
    "contact": "CONTACT_US",
}
"""Call-to-action buttons in Meta's words."""
